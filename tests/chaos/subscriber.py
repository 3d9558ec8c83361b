"""A subscriber over server-sent events that always comes back with its last cursor."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

QUERY = """subscription ($after: String) { segmentUpdates(after: $after) {
  cursor id kind segment { key } segmentVersion customerId sequence occurredAt cause { kind eventId } } }"""
OLDEST = "0"
# Also without a fault a client changes its connection now and then.
STAYS_S = (5.0, 25.0)
PAUSE_S = 0.3
# The server says something at least this often, else the connection is dead (a frozen process keeps it open).
SILENCE_S = 40.0
# What a subscriber may be told at any time, and answers by coming back.
PASSING = frozenset({"UNAVAILABLE", "RATE_LIMITED"})

Update = Mapping[str, Any]


@dataclass
class Heard:
    """Everything that arrived, in order, over all connections."""

    updates: list[Update] = field(default_factory=list)
    connections: int = 0
    codes: list[str] = field(default_factory=list)


class Subscriber:
    """Listens until it is cancelled."""

    def __init__(self, url: str, admin_token: str, seed: int):
        self.heard = Heard()
        self.broken: str | None = None
        self._url = url
        self._token = admin_token
        self._cursor = OLDEST
        self._dice = random.Random(seed)

    async def run(self) -> None:
        """Listen for ever; `broken` says why it cannot go on."""
        timeout = httpx.Timeout(10.0, read=SILENCE_S)
        headers = {"authorization": f"Bearer {self._token}", "accept": "text/event-stream"}
        async with httpx.AsyncClient(base_url=self._url, headers=headers, timeout=timeout, trust_env=False) as http:
            while self.broken is None:
                try:
                    async with asyncio.timeout(self._dice.uniform(*STAYS_S)):
                        await self._listen(http)
                except (httpx.HTTPError, TimeoutError):
                    pass
                await asyncio.sleep(PAUSE_S)

    async def _listen(self, http: httpx.AsyncClient) -> None:
        request = {"query": QUERY, "variables": {"after": self._cursor}}
        async with http.stream("POST", "/graphql", json=request) as stream:
            if stream.status_code != httpx.codes.OK:
                await stream.aread()
                self._take_status(stream)
                return
            self.heard.connections += 1
            async for line in stream.aiter_lines():
                # Comments keep the connection alive; the last event has no data.
                if not line.removeprefix("data:").strip() or not line.startswith("data:"):
                    continue
                answer = json.loads(line.removeprefix("data:"))
                if answer.get("errors"):
                    self._take_fault(answer["errors"][0])
                    return
                update = answer["data"]["segmentUpdates"]
                self.heard.updates.append(update)
                self._cursor = update["cursor"]

    def _take_status(self, answer: httpx.Response) -> None:
        if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
            self.broken = f"{answer.status_code}: {answer.text}"

    def _take_fault(self, fault: Mapping[str, Any]) -> None:
        code = fault["extensions"]["code"]
        self.heard.codes.append(code)
        if code not in PASSING:
            self.broken = json.dumps(fault)
