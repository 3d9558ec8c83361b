"""Workers that die and workers side by side."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from base.valkey import INGEST_GROUP, INGEST_STREAM
from local.directory import free_port
from tests.support.applied import assert_alternating, changes_of, effects, wait_until_drained
from tests.support.client import CREATE_SEGMENT, SEGMENT, Client
from tests.support.metrics import read_counts
from tests.support.service import ROOT, START_TIMEOUT_S, Service, Stores

BATCH_CALLS = 250
# A consumer that reads was heard of within the length of a blocking read.
RECENT_MS = 3_000


class Extra:
    """One more ingest worker."""

    def __init__(self, process: subprocess.Popen[bytes], metrics_port: int):
        self.process = process
        self._metrics_port = metrics_port

    def applied(self) -> int:
        """Calls that it applied since its start; 0 while it starts."""
        try:
            return read_counts(self._metrics_port, "kith_applied_total", "outcome")["applied"]
        except httpx.HTTPError:
            return 0


@contextmanager
def second_worker(service: Service, log: Path) -> Iterator[Extra]:
    """`kith role ingest` as instance 2, beside the one of the run."""
    port = free_port()
    environment = service.environment | {"KITH_INSTANCE": "2", "KITH_METRICS_PORT": str(port), "KITH_MODE": "local"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "role", "ingest"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        yield Extra(process, port)
    finally:
        process.kill()
        process.wait()


@pytest.mark.timeout(400)
async def test_two_ingest_workers_lose_and_double_nothing(
    client: Client, service: Service, behind: Stores, tmp_path: Path
) -> None:
    await client.create_segments({"pair-often": {"event": {"name": "Paired", "op": "GTE", "values": [5]}}})
    users, rounds = 200, 24
    ids: list[str] = []

    async def send(number: int) -> None:
        calls: list[dict[str, object]] = []
        for place in range(BATCH_CALLS):
            # The same people in all batches, so that the two meet at their locks; some of them become one.
            user, id = f"pair-{(number * BATCH_CALLS + place) * 7 % users}", f"pair-{number}-{place}"
            call: dict[str, object] = {"messageId": id, "userId": user, "anonymousId": f"pair-visitor-{user}"}
            kind = {"type": "identify", "traits": {"round": number}} if place % 7 == 0 else {"type": "track"}
            calls.append(call | kind | ({"event": "Paired"} if kind["type"] == "track" else {}))
            ids.append(id)
        await client.track(*calls)
        if number % 4 == 0:
            await client.track(*calls)

    # Makes the stream that the second is waited for at.
    await client.track({"type": "track", "userId": "pair-0", "event": "Nothing", "messageId": "pair-first"})
    await client.wait_until_applied(["pair-first"])
    with second_worker(service, tmp_path / "second.log") as second:
        await _until_it_reads(behind, tmp_path / "second.log")
        for number in range(0, rounds, 4):
            await asyncio.gather(*(send(number + one) for one in range(4)))
        await wait_until_drained(behind)
        applied = second.applied()
        # Killed with entries in its hands: after a minute the other takes them over.
        for number in range(rounds, rounds + 4):
            await send(number)
        second.process.send_signal(signal.SIGKILL)
        second.process.wait()
        await wait_until_drained(behind)

    times = await effects(behind.graph, ids)
    changes = await changes_of(behind.graph, "pair-often")
    assert Counter(times.values()) == {1: len(ids)}
    assert 0 < applied < len(ids), "both worked"
    assert_alternating(changes)
    assert Counter(change.kind for change in changes) == {"ENTERED": users}
    assert (await client.ask(SEGMENT, key="pair-often"))["count"] == users


@pytest.mark.timeout(400)
async def test_a_build_survives_the_death_of_its_worker(client: Client, service: Service, behind: Stores) -> None:
    customers = 3_000
    for start in range(0, customers, BATCH_CALLS):
        numbers = range(start, start + BATCH_CALLS)
        await client.track(
            *({"type": "identify", "userId": f"built-{one}", "traits": {"shard": one % 3}} for one in numbers)
        )
    await wait_until_drained(behind)

    for attempt in range(10):
        key = f"built-{attempt}"
        rule = {"attribute": {"name": "shard", "op": "EQ", "values": [1]}}
        made = await client.ask(CREATE_SEGMENT, input={"key": key, "name": key, "rule": rule})
        assert made["__typename"] == "Segment", made
        await asyncio.sleep(0.1 * attempt)
        killed = await asyncio.to_thread(service.kill, "worker")
        status = (await client.ask(SEGMENT, key=key))["status"]
        found = await client.wait_until_live(key)
        changes = await changes_of(behind.graph, key)
        assert (found["count"], found["lastError"], found["version"]) == (customers // 3, None, 1)
        assert Counter((change.kind, change.sequence) for change in changes) == {("ENTERED", 1): customers // 3}
        assert not _exists(killed)
        if status == "BUILDING":
            return
    pytest.fail("no build took long enough to be cut off")


async def _until_it_reads(behind: Stores, log: Path) -> None:
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while True:
        consumers = await behind.redis.xinfo_consumers(INGEST_STREAM, INGEST_GROUP)
        if any(consumer["name"] == b"ingest-2" and consumer["idle"] < RECENT_MS for consumer in consumers):
            return
        assert time.monotonic() < deadline_s, f"see {log}"
        await asyncio.sleep(0.2)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
