"""What people decided, and the resolver did, about a person: without anybody else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Final

from base.clock import MAX_MS, iso
from base.keys import Keyring
from graph.client import GraphClient
from graph.repositories.decision import DecisionRecord, DecisionRepository
from graph.repositories.subject import Hold

PAGE_ROWS: Final = 200
RESOLVER: Final = "resolver"
# After every id.
_LAST_ID: Final = "\U0010ffff"


async def decisions_of(
    graph: GraphClient, keyring: Keyring, ids: Sequence[str], holds: Iterable[Hold]
) -> AsyncIterator[Sequence[dict[str, Any]]]:
    """Decisions about a person, under each of their ids, newest first."""
    repository = DecisionRepository(graph)
    # Of an identifier that somebody else has too, what is decided may be about them.
    theirs = {hold.uid for hold in holds}
    for id in ids:
        before_ms, before_id = MAX_MS, _LAST_ID
        while page := await repository.list_of_customer(id, before_ms, before_id, PAGE_ROWS):
            before_ms, before_id = page[-1].at_ms, page[-1].id
            yield [_row(record, theirs, keyring) for record in page]


def _row(record: DecisionRecord, theirs: set[str], keyring: Keyring) -> dict[str, Any]:
    return {
        "id": record.id,
        "kind": record.kind,
        "at": iso(record.at_ms),
        # Who of the staff it was is about somebody else; the operation log knows.
        "by": RESOLVER if record.author == RESOLVER else "staff",
        "reason": record.reason,
        "stands": record.active is not False,
        "identifiers": [
            {"namespace": namespace, "value": None if cipher is None else keyring.open_display(cipher, uid)}
            for uid, namespace, cipher in record.identifiers
            if uid in theirs
        ],
    }
