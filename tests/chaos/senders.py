"""Steady load through the tracking API, by clients that behave as SDKs do: they retry, and some give up."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from tests.chaos.calls import Call, CallMaker, encode_batch

SENDERS = 6
# 6 senders, 10 calls, 5 times a second: 300 calls a second while nothing is broken.
BATCH_CALLS = 10
PAUSE_S = 0.2
# While the service catches up: a machine that is busy with other things may manage 300 calls a second and no more.
TRICKLE = 0.1
# Shares of all requests, resp. of calls in them.
SINGLE_CALLS = 0.2
REPEATS = 0.1
GIVE_UP = 0.1
MOST_TRIES = 60
LONGEST_PAUSE_S = 2.0
# Longer than the service's own time-outs: an answer is better than none.
TIMEOUT_S = 20.0
# The one answer to a call that cannot be made durable. Any other refusal is a defect.
NOT_NOW = "503"


@dataclass
class Told:
    """What was sent, and what the service answered 200 to."""

    sent: dict[str, Call] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)


class Senders:
    """The load of one run; `run` lasts until it is told to stop. `pace` is the share of the full load."""

    def __init__(self, url: str, write_key: str, seed: int):
        self.told = Told()
        self.pace = 1.0
        self.finished = False
        self._url = url
        self._write_key = write_key
        self._dice = random.Random(seed)
        self._maker = CallMaker(self._dice)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Let each sender finish what it has, until it is acknowledged or given up."""
        self._stopping.set()

    async def run(self) -> None:
        """Send until stopped."""
        async with asyncio.TaskGroup() as senders:
            for _ in range(SENDERS):
                senders.create_task(self._send_forever())
        self.finished = True

    async def _send_forever(self) -> None:
        async with httpx.AsyncClient(
            base_url=self._url, auth=(self._write_key, ""), timeout=TIMEOUT_S, trust_env=False
        ) as http:
            while not self._stopping.is_set():
                await self._send(http, self._next())
                await asyncio.sleep(PAUSE_S / self.pace * self._dice.uniform(0.5, 1.5))

    def _next(self) -> list[Call]:
        size = 1 if self._dice.random() < SINGLE_CALLS else BATCH_CALLS
        calls = [self._maker.make() for _ in range(size)]
        if self._dice.random() < REPEATS and self.told.sent:
            # Not only from the near past: what was applied long ago must be known, too.
            calls.append(self.told.sent[self._dice.choice(list(self.told.sent))])
        return calls

    async def _send(self, http: httpx.AsyncClient, calls: Sequence[Call]) -> None:
        ids = [call["messageId"] for call in calls]
        self.told.sent.update(zip(ids, calls, strict=True))
        path = f"/v1/{calls[0]['type']}" if len(calls) == 1 else "/v1/batch"
        body = json.dumps(calls[0]).encode() if len(calls) == 1 else encode_batch(calls)
        patient = self._dice.random() >= GIVE_UP
        for attempt in range(MOST_TRIES):
            outcome = await self._post(http, path, body)
            self.told.answers[outcome] += 1
            if outcome == "200":
                self.told.acknowledged.update(ids)
                return
            if outcome.isdigit() and outcome != NOT_NOW:
                self.told.refused.append(outcome)
                return
            if not patient:
                return
            await asyncio.sleep(min(0.1 * 2**attempt, LONGEST_PAUSE_S))

    @staticmethod
    async def _post(http: httpx.AsyncClient, path: str, body: bytes) -> str:
        try:
            answer = await http.post(path, content=body, headers={"content-type": "application/json"})
        except httpx.HTTPError as fault:
            return type(fault).__name__
        return str(answer.status_code)
