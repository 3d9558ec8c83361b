"""What identifiers reported: the newest value of each attribute and source, derived from the calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b

import msgspec

from graph.client import Transaction
from graph.repositories import apply as apply_repository
from graph.repositories import call as call_repository
from graph.repositories.apply import ObservationRow
from rules.values import as_time_ms

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, object]).decode


class Newest:
    """Gathers traits; of each identifier, source and attribute the newest stays, ties by value."""

    def __init__(self) -> None:
        self._rows: dict[str, ObservationRow] = {}

    def add(self, uid: str, source: str, at_ms: int, traits: Mapping[str, object]) -> None:
        """Add the traits of one call."""
        for name, value in traits.items():
            key = _key(uid, source, name)
            document = _encode(value).decode()
            row = self._rows.get(key)
            if row is not None and (row["at"], row["value"]) >= (at_ms, document):
                continue
            self._rows[key] = ObservationRow(
                key=key,
                uid=uid,
                name=name,
                value=document,
                at=at_ms,
                source=source,
                instant=as_time_ms(value) if isinstance(value, str) else None,
            )

    def rows(self) -> list[ObservationRow]:
        """Sorted by uid and key."""
        return sorted(self._rows.values(), key=lambda row: (row["uid"], row["key"]))


async def rebuild(tx: Transaction, uids: Iterable[str]) -> frozenset[str]:
    """Derive what identifiers reported from their calls of now: calls were hung over, taken back or restored.

    Returns:
        The identifiers. The groups that they are in are others now too, and are locked after all customers: see
        `Identified.rehung`.
    """
    ordered = sorted(set(uids))
    if not ordered:
        return frozenset()
    newest = Newest()
    for call in await call_repository.get_called(tx, ordered):
        newest.add(call.uid, call.source, call.at_ms, _decode(call.traits))
    await call_repository.delete_observations(tx, ordered)
    await apply_repository.merge_observations(tx, newest.rows())
    return frozenset(ordered)


def _key(uid: str, source: str, name: str) -> str:
    return blake2b(f"{uid}\x00{source}\x00{name}".encode(), digest_size=15).hexdigest()
