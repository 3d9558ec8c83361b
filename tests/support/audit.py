"""The operation log under test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from audit.entry import Entry, Stored
from audit.log import AuditLog
from audit.search import NEWEST, AuditSearch, Wanted
from audit.verify import Report, Verifier
from audit.writer import ChainWriter
from base.keys import Keyring
from graph.client import GraphClient, Transaction
from tests.support.line import query


def entry(action: str = "customer", **more: Any) -> Entry:
    """An entry of somebody."""
    values = {"at_ms": 1_700_000_000_000, "module": "customer", "user": "u1", "user_name": "Ann", **more}
    return Entry(action=action, **values)


class Audit:
    """The log, its writer and its readers on one pair of servers."""

    def __init__(self, graph: GraphClient, redis: Redis, keyring: Keyring):
        self.graph, self.redis, self.keyring = graph, redis, keyring
        self.log = AuditLog(graph, redis, keyring)
        self.writer = ChainWriter(graph, redis, keyring)
        self.search = AuditSearch(graph, keyring)

    async def write(self, actions: Sequence[str]) -> None:
        """Put an entry for each action into the chain."""
        for action in actions:
            await self.log.write(entry(action))
        await self.writer.turn()

    async def turns(self) -> None:
        """Put everything that waits into the chain."""
        while await self.writer.turn():
            pass

    async def verify(self, expected: dict[int, bytes] | None = None) -> Report:
        """What a pass over the chain finds."""
        return await Verifier(self.graph, self.redis, self.keyring).run(expected)

    async def all(self, **wanted: Any) -> list[Stored]:
        """Entries, the oldest first."""
        found = await self.search.page(Wanted(**wanted), NEWEST, 10_000)
        assert found.read_on is None
        return found.entries[::-1]

    async def actions(self) -> list[str]:
        """Actions of all entries, the oldest first."""
        return [one.entry.action for one in await self.all()]

    async def run(self, text: str, **parameters: Any) -> list[Any]:
        """Do something to the store that no part of Kith would do."""

        async def work(tx: Transaction) -> list[Any]:
            return list(await tx.run(query(text, "WRITE"), **parameters))

        return await self.graph.write("tests/audit", work)
