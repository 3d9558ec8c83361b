"""An ingest worker in the benchmark's own process, on a service's servers: what it applies is timed to the commit."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from base import clock, process
from base.keys import Keyring
from base.settings import Settings
from base.valkey import connect
from bench.service import BenchService
from delivery.publisher import ChangePublisher
from graph.client import GraphClient, Transaction
from graph.queries import Query, parse
from workers.applier.apply import Applied, Applier
from workers.applier.batch import Preparer
from workers.applier.identify import Identify, identify
from workers.applier.worker import MAX_UNCHECKED_CALLS
from workers.decisions.upkeep import Upkeep
from workers.live.context import LiveContext

_CYPHER = Path(__file__).parent / "cypher"


def load_statement(name: str) -> Query:
    """A statement of the benchmark's own."""
    return parse(f"bench/{name}", (_CYPHER / f"{name}.cypher").read_text(encoding="utf-8"))


@dataclass(slots=True)
class Worker:
    """Applies batches one after the other, with the rules and the cache of a worker."""

    graph: GraphClient
    keyring: Keyring
    applier: Applier
    preparer: Preparer
    live: LiveContext

    @classmethod
    def of(cls, graph: GraphClient, settings: Settings, keyring: Keyring, identify: Identify = identify) -> Worker:
        """A worker; with keys of its own it has people of its own in the same graph."""
        live = LiveContext(keyring, ZoneInfo(settings.time_zone))
        preparer = Preparer(keyring)
        return cls(graph, keyring, Applier(live, preparer, identify), preparer, live)

    async def apply(self, calls: Sequence[Mapping[str, object]], source: str) -> float:
        """Apply calls in one transaction; the seconds from the decoded call to the commit."""
        body = json.dumps({"batch": calls}).encode()
        decoded = self.preparer.decode(body, "batch", clock.now_ms(), source, "bench", self.live.last_policy)

        look_up = len(decoded.calls) > MAX_UNCHECKED_CALLS

        async def work(tx: Transaction) -> Applied:
            nonlocal look_up
            look_up_now, look_up = look_up, True
            return await self.applier.apply(tx, decoded.calls, [], look_up=look_up_now)

        started_s = time.perf_counter()
        self.applier.remember(await self.graph.write("bench_apply", work))
        return time.perf_counter() - started_s


@asynccontextmanager
async def opened(service: BenchService) -> AsyncIterator[tuple[GraphClient, Upkeep]]:
    """The graph of a service, and what brings it up to date; this process collects garbage as a worker does."""
    process.tune_garbage_collection()
    settings = service.settings
    graph = GraphClient.of(settings)
    redis = connect(settings.redis_url)
    live = LiveContext(Keyring(settings.secret_key), ZoneInfo(settings.time_zone))
    try:
        yield graph, Upkeep(graph, ChangePublisher(redis, graph), live)
    finally:
        await redis.aclose()
        await graph.close()
