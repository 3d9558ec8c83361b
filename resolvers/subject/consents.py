"""What a person agreed to, now and before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec

from base.clock import iso
from graph.client import GraphClient
from graph.repositories.consent import Attribute, ConsentRepository
from graph.repositories.customer import StoredAttribute
from resolvers.consent.history import changes
from rules.consent import Said, is_reserved, known_consents, restrictions


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
    found, _ = await changes(ConsentRepository(graph), customer, until_ms)
    yield [said_row(one.said) | {"at": iso(one.at_ms), "source": one.source} for one in found]
