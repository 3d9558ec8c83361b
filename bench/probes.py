"""Probes: events of known customers, each of which makes its customer enter a segment; timed until somebody knows."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from base.ids import call_id
from bench.client import Client
from bench.data import PROBE_EVENT, Population
from bench.histogram import Histogram
from bench.load import Connection, Load, run_closed, run_open
from ingest.sources import DEFAULT_SOURCE

CONNECTIONS = 16
ARRIVAL_TIMEOUT_S = 20.0


@dataclass(slots=True)
class Timed:
    """From the call's sending, and from its acknowledgement, until the subscriber held the update."""

    from_call: Histogram = field(default_factory=Histogram)
    from_ack: Histogram = field(default_factory=Histogram)
    load: Load = field(default_factory=Load)
    missing: int = 0


class Probes:
    """Makes probes: a customer gives one probe of a kind only, so each enters; repeated runs take other customers."""

    def __init__(self, client: Client, population: Population, first: int, event: str = PROBE_EVENT):
        self._client = client
        self._population = population
        self._first = first
        self._event = event
        self._run = f"{time.time_ns():x}"

    def event_id(self, number: int) -> str:
        """The id of the event that the number-th probe becomes."""
        return call_id(DEFAULT_SOURCE, f"{self._run}-{number}")

    def requests(self) -> Iterator[bytes]:
        """Calls of `/v1/track`, one a customer."""
        for number in range(self._population.customers - self._first):
            call = {
                "userId": self._population.user_id(self._first + number),
                "event": self._event,
                "messageId": f"{self._run}-{number}",
                "properties": {"amount": number},
            }
            yield self._client.track_request("/v1/track", json.dumps(call).encode())


async def one_at_a_time(client: Client, probes: Probes, count: int) -> Timed:
    """Send a probe, wait until the subscriber holds its update, send the next."""
    timed = Timed()
    requests = probes.requests()
    answered: asyncio.Event = asyncio.Event()
    acknowledged_ms = 0.0

    def on_answer(_connection: Connection, status: int, _body: bytes) -> None:
        nonlocal acknowledged_ms
        acknowledged_ms = time.time_ns() / 1e6
        timed.load.statuses[status] += 1
        answered.set()

    loop = asyncio.get_running_loop()
    host, port = client.service.host, client.service.port
    _, connection = await loop.create_connection(lambda: Connection(on_answer), host, port)
    async with client.updates(["probe-1"]) as updates:
        for number, request in zip(range(count), requests, strict=False):
            answered.clear()
            sent_ms = time.time_ns() / 1e6
            connection.send(request)
            await answered.wait()
            try:
                arrived_ms = await asyncio.wait_for(_arrival(updates, probes.event_id(number)), ARRIVAL_TIMEOUT_S)
            except TimeoutError:
                timed.missing += 1
                continue
            timed.from_call.add((arrived_ms - sent_ms) / 1000)
            timed.from_ack.add(max(arrived_ms - acknowledged_ms, 0.0) / 1000)
            # The system is idle again.
            await asyncio.sleep(0.02)
    connection.close()
    return timed


async def at_rate(client: Client, probes: Probes, per_second: float, seconds: float) -> Timed:
    """Send probes on a schedule; times count from when each was due."""
    timed = Timed()
    due_ms: dict[str, float] = {}

    def on_send(number: int) -> None:
        due_ms[probes.event_id(number)] = time.time_ns() / 1e6

    async with client.updates(["probe-1"]) as updates:

        async def receive() -> None:
            while True:
                arrived_ms, update = await updates.get()
                sent_ms = due_ms.pop(update["cause"]["eventId"], None)
                if sent_ms is not None:
                    timed.from_call.add((arrived_ms - sent_ms) / 1000)

        receiving = asyncio.create_task(receive())
        timed.load = await run_open(
            client.service.host,
            client.service.port,
            probes.requests(),
            connections=CONNECTIONS,
            duration_s=seconds,
            per_second=per_second,
            on_send=on_send,
        )
        for _ in range(int(ARRIVAL_TIMEOUT_S * 10)):
            if not due_ms:
                break
            await asyncio.sleep(0.1)
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)
    timed.missing = len(due_ms)
    return timed


async def warm_up(client: Client, population: Population, seconds: float) -> None:
    """Let the service see ordinary single events before the first is timed."""
    calls = (
        client.track_request(
            "/v1/track",
            json.dumps({"userId": population.user_id(number), "event": "Product Viewed", "properties": {}}).encode(),
        )
        for number in range(population.customers)
    )
    await run_closed(client.service.host, client.service.port, calls, connections=2, duration_s=seconds)
    await client.settled()


async def _arrival(updates: asyncio.Queue[tuple[float, dict[str, Any]]], event_id: str) -> float:
    while True:
        arrived_ms, update = await updates.get()
        if update["cause"]["eventId"] == event_id:
            return arrived_ms
