"""Loads customers' states from the graph: attributes, memberships and the events that live rules read."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

import msgspec

from base.keys import Keyring
from graph.client import Transaction
from graph.repositories import live as repository
from graph.repositories.live import SealedIdentifier, StoredEvents, StoredFacts
from rules.facts import EventHistory, Given
from workers.live.catalogue import Catalogue
from workers.live.state import CustomerState, Mark, Membership, StoredAttribute, Tagged

# How far back loaded facts reach beyond what is asked for: so that states stay of use while time goes on, and the
# instants that are asked for are few.
REACH_STEP_MS = 600_000

SHARED_PROPERTIES = 50_000

_decode_attributes = msgspec.json.Decoder(dict[str, StoredAttribute]).decode
_decode_properties = msgspec.json.Decoder(dict[str, object]).decode
_decode_value = msgspec.json.Decoder(str | int | float | bool | list[str | int | float | bool]).decode
_decode_marks = msgspec.json.Decoder(tuple[Mark, ...]).decode
_NOTHING: Mapping[str, object] = {}


def decode_attributes(document: str) -> dict[str, StoredAttribute]:
    """The attributes document of a customer node."""
    return _decode_attributes(document)


def decode_marks(document: str | None) -> tuple[Mark, ...]:
    """The labels behind a stored value; None for a value that was computed."""
    return () if document is None else _decode_marks(document)


def pick_properties(document: str | bytes, names: frozenset[str]) -> Mapping[str, object]:
    """The properties that rules read of a stored event."""
    return keep_properties(_decode_properties(document), names)


def keep_properties(properties: Mapping[str, object], names: frozenset[str]) -> Mapping[str, object]:
    """Those of the properties that rules read, so that the cache stays small; not to be changed."""
    kept = [(name, value.__class__, value) for name in names if (value := properties.get(name)) is not None]
    if not kept:
        return _NOTHING
    try:
        return _shared(tuple(kept))
    except TypeError:
        # A list or an object inside.
        return {name: value for name, _, value in kept}


@lru_cache(SHARED_PROPERTIES)
def _shared(kept: tuple[tuple[str, type, object], ...]) -> Mapping[str, object]:
    """One object for equal properties of many events: a mapping of its own is more than half of what an event takes."""
    return {name: value for name, _, value in kept}


async def load_states(
    tx: Transaction,
    ids: Sequence[str],
    catalogue: Catalogue,
    keyring: Keyring,
    from_ms: int,
    asked: Collection[str] | None = None,
    *,
    with_event_ids: bool = False,
) -> dict[str, CustomerState]:
    """States of customers as this transaction sees them; unknown ids are left out. One statement.

    Args:
        from_ms: rules are asked for their answers at this instant or later; older events than these see are left out.
        asked: keys of the rules that are asked; None for all that may be touched. A part must not be kept.
        with_event_ids: so that an explanation can name events.
    """
    reach_ms = reach(from_ms)
    since = catalogue.since(reach_ms, asked)
    all_of = list(since) if with_event_ids else [name for name in since if name in catalogue.with_properties]
    stored = await repository.get_facts(
        tx,
        ids,
        since,
        all_of,
        with_lists=bool(catalogue.lists),
        with_given=bool(catalogue.imported),
        with_tags=catalogue.has_tags,
    )
    return {facts.id: _state(facts, catalogue, keyring, reach_ms, with_event_ids) for facts in stored}


def reach(from_ms: int) -> int:
    """The instant (ms) from which facts are loaded that are wanted from `from_ms` on."""
    return (from_ms // REACH_STEP_MS - 1) * REACH_STEP_MS


def _state(
    stored: StoredFacts, catalogue: Catalogue, keyring: Keyring, reach_ms: int, with_event_ids: bool
) -> CustomerState:
    state = CustomerState(stored.id, stored.version, catalogue.version, reach_ms, decode_attributes(stored.attributes))
    state.values.update((name, attribute.v) for name, attribute in state.attributes.items())
    if catalogue.reads_identifiers:
        state.values.update(readable_identifiers(stored.sealed, keyring))
    state.lists.update(stored.lists)
    for given in stored.given:
        state.give(given.tag, Given(given.round, given.row, _decode_value(given.value)))
    for membership in stored.memberships:
        state.memberships[membership.segment] = Membership(
            membership.inside, membership.at, membership.version, membership.sequence
        )
        if membership.inside:
            state.segments.add(membership.segment)
    for tag in stored.tags:
        value = None if tag.value is None else _decode_value(tag.value)
        state.set_tag(tag.key, Tagged(value, tag.at, tag.version, decode_marks(tag.marks)))
    for name, events in stored.events.items():
        with_ids = with_event_ids or name in catalogue.with_ids
        history = state.events[name] = _history(events, catalogue.with_properties.get(name), with_ids)
        state.event_count += len(history)
    return state


def _history(events: StoredEvents, names: frozenset[str] | None, with_ids: bool) -> EventHistory:
    """Args:
    names: of the properties that rules read; None for none.
    """
    if not events.whole:
        return EventHistory(array("q", sorted(events.times)), None, [_NOTHING] * len(events.times))
    ordered = sorted(events.whole)
    return EventHistory(
        array("q", [event.at for event in ordered]),
        [event.id for event in ordered] if with_ids else None,
        [_NOTHING if names is None else pick_properties(event.properties, names) for event in ordered],
    )


def readable_identifiers(sealed: Sequence[SealedIdentifier], keyring: Keyring) -> dict[str, object]:
    """`email` and `phone` as attributes: the newest identifier of each, ties by uid."""
    newest: dict[str, SealedIdentifier] = {}
    for identifier in sealed:
        known = newest.get(identifier.namespace)
        if known is None or (identifier.last_seen, identifier.uid) > (known.last_seen, known.uid):
            newest[identifier.namespace] = identifier
    return {name: keyring.open_display(found.cipher, found.uid) for name, found in newest.items()}
