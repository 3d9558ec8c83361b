"""Attributes from traits: what an identifier reported, and what a customer's attributes become. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from graph.identity.policy import IdentityPolicy
from graph.repositories.apply import AttributesRow, ObservationRow, StoredObservation
from rules.consent import MAX_CONSENTS, is_reserved, is_restriction
from workers.applier.batch import Placed
from workers.identity.observations import Newest
from workers.live.state import CustomerState, StoredAttribute

# What the list of customers is searched by, first found of each group.
_NAME_PARTS = (("name", "fullName", "full_name"), ("firstName", "first_name"), ("lastName", "last_name"), ("nickname",))
# What a customer shows and rules read: the first of them by name, so that the order of calls plays no part. The others
# stay as observations.
MAX_ATTRIBUTES = 1_000
# A full-text entry longer than this is no name.
MAX_SEARCH_NAME = 200

_encode = msgspec.json.Encoder().encode


def encode_document(document: Mapping[str, object]) -> str:
    """A JSON object as stored."""
    return _encode(document).decode()


def observation_rows(calls: Iterable[Placed]) -> list[ObservationRow]:
    """One row an identifier, source and attribute: the newest in these calls, ties by value. Sorted by uid and key."""
    newest = Newest()
    for placed in calls:
        call = placed.prepared.call
        if call.reported:
            newest.add(placed.uid, call.source, call.at_ms, call.reported)
    return newest.rows()


def observe(state: CustomerState, row: ObservationRow | StoredObservation, policy: IdentityPolicy) -> bool:
    """Let a better observation replace an attribute of a state in place: of a source that is trusted more, then a newer
    one, then by source, then by value.

    Returns:
        Whether any attribute changed.
    """
    name, attributes = row["name"], state.attributes
    known = attributes.get(name)
    if is_reserved(name):
        return _observe_consent(state, row, known)
    if known is not None:
        offered = (policy.trust(name, row["source"]), row["at"], row["source"], row["value"])
        if offered <= (policy.trust(name, known.s), known.at, known.s, _encode(known.v).decode()):
            return False
    state.set_attribute(name, StoredAttribute(msgspec.json.decode(row["value"]), row["at"], row["source"]))
    if len(attributes) <= MAX_ATTRIBUTES:
        return True
    return _evict(state, MAX_ATTRIBUTES, name, reserved=False)


def _observe_consent(
    state: CustomerState, row: ObservationRow | StoredObservation, known: StoredAttribute | None
) -> bool:
    """Consents are the newest whoever tells of them; at one instant the more careful, which is the greater text."""
    if known is not None:
        offered = (row["at"], row["value"], row["source"])
        if offered <= (known.at, _encode(known.v).decode(), known.s):
            return False
    state.set_attribute(row["name"], StoredAttribute(msgspec.json.decode(row["value"]), row["at"], row["source"]))
    return len(state.attributes) <= MAX_CONSENTS or _evict(state, MAX_CONSENTS, row["name"], reserved=True)


def _evict(state: CustomerState, most: int, added: str, *, reserved: bool) -> bool:
    """Forget the last by name of what is beyond a limit; whether what was added is still there.

    Attributes and consents have a limit each: none can be pushed out by the others. Restrictions, one an identifier at
    most, always stay.
    """
    names = [name for name in state.attributes if is_reserved(name) == reserved and not is_restriction(name)]
    if len(names) <= most:
        return True
    last = max(names)
    state.remove_attribute(last)
    return last != added


def attributes_row(customer: str, attributes: Mapping[str, StoredAttribute]) -> AttributesRow:
    """The stored form, names sorted, so that equal attributes are equal text."""
    document = _encode({name: attributes[name] for name in sorted(attributes)}).decode()
    return AttributesRow(id=customer, attributes=document, search_name=search_name(attributes))


def search_name(attributes: Mapping[str, StoredAttribute]) -> str | None:
    """The names of a person as one text; None when no name is known."""
    parts: list[str] = []
    for names in _NAME_PARTS:
        for name in names:
            found = attributes.get(name)
            if found is not None and isinstance(found.v, str) and found.v.strip():
                parts.append(found.v.strip())
                break
    return " ".join(dict.fromkeys(parts))[:MAX_SEARCH_NAME] or None
