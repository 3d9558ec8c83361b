"""What a person agreed to, now and before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from base.clock import iso
from graph.client import GraphClient
from graph.repositories.consent import Attribute, CalledRow, ConsentRepository
from graph.repositories.customer import StoredAttribute
from rules.consent import Known, Said, is_reserved, known_consents, restrictions, said_of

PAGE_CALLS: Final = 5_000

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def said_row(said: Said) -> dict[str, Any]:
    """A consent as it was said."""
    return {
        "purpose": said.purpose,
        "channel": said.channel,
        "state": said.state,
        "version": said.version,
        "proof": said.proof,
        "expiresAt": None if said.expires_ms is None else iso(said.expires_ms),
    }


def said_now(attributes: Mapping[str, StoredAttribute], now_ms: int) -> list[dict[str, Any]]:
    """What counts at an instant, by purpose and channel."""
    return [
        said_row(one.said) | {"state": one.said.state_at(now_ms), "at": iso(one.at_ms), "source": one.source}
        for one in known_consents(_observed(attributes))
    ]


def restrictions_now(attributes: Mapping[str, StoredAttribute]) -> list[dict[str, Any]]:
    """Restrictions of processing that stand, the oldest first: one for each decision."""
    since = {one.decision: one.at_ms for one in restrictions(_observed(attributes))}
    return [{"decision": id, "since": iso(at_ms)} for id, at_ms in sorted(since.items(), key=lambda item: item[1])]


def _observed(attributes: Mapping[str, StoredAttribute]) -> dict[str, Attribute]:
    return {
        name: Attribute(msgspec.json.decode(one.v), one.at, one.s)
        for name, one in attributes.items()
        if is_reserved(name)
    }


async def consent_changes(graph: GraphClient, customer: str, until_ms: int) -> AsyncIterator[Sequence[dict[str, Any]]]:
    """Each change of what a person said, newest first; what only repeats the one before is left out."""
    changes: list[Known] = []
    # What was said of each purpose and channel after the calls that are read now, as of its earliest call.
    later: dict[tuple[str, str], Known] = {}
    async for row in _calls(graph, customer, until_ms):
        for name, value in sorted(_decode(row.traits).items()):
            said = said_of(name, msgspec.json.decode(value)) if is_reserved(name) else None
            if said is None:
                continue
            newer = later.get(said[:2])
            if newer is not None and newer.said != said:
                changes.append(newer)
            later[said[:2]] = Known(said, row.at_ms, row.source)
    changes += later.values()
    changes.sort(key=lambda one: (-one.at_ms, one.said.purpose, one.said.channel))
    yield [said_row(one.said) | {"at": iso(one.at_ms), "source": one.source} for one in changes]


async def _calls(graph: GraphClient, customer: str, until_ms: int) -> AsyncIterator[CalledRow]:
    """Calls that say something, newest first. A page begins at the instant at which the one before ends."""
    repository = ConsentRepository(graph)
    seen: set[CalledRow] = set()
    while True:
        page = await repository.list_history(customer, until_ms, PAGE_CALLS)
        for row in page:
            if row not in seen:
                yield row
        if len(page) < PAGE_CALLS:
            return
        last_ms = page[-1].at_ms
        seen = {row for row in page if row.at_ms == last_ms}
        # More calls of one instant than a page has say the same.
        until_ms = last_ms if last_ms < until_ms else last_ms - 1
