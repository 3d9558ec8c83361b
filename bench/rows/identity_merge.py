"""A call that makes two customers of 50 identifiers and 10,000 events each one, in the worker; and no event written."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from base.clock import iso, now_ms
from base.keys import Keyring
from bench.data import EVENT_NAMES
from bench.stage import Result, Stage, Value
from bench.worker import Worker, load_statement, opened
from graph.client import GraphClient

ROW = "two customers of 50 identifiers and 10,000 events become one"
SOURCE = "bench"
EVENTS = 10_000
COOKIES = 49
BATCH_CALLS = 1_000
# Java compiles what it runs often: the first merges after Neo4j's start take three times as long as later ones.
WARM_MERGES = 60
WARM_EVENTS = 200
MERGES = 9
AT_MOST_MS = 50
_GET_DID = load_statement("get_did")


async def measure(stage: Stage) -> Result:
    # Smaller sizes show that it works.
    events = min(EVENTS, max(stage.population.events // 10, COOKIES))
    took_ms: list[float] = []
    rewritten = 0
    async with opened(stage.service) as (graph, _):
        settings = stage.service.settings
        worker = Worker.of(graph, settings, Keyring(settings.secret_key))
        for number in range(WARM_MERGES + MERGES):
            mark = f"{time.time_ns():x}"
            both = [f"{mark}{side}@example.org" for side in "ab"]
            for email in both:
                await fill(worker, email, events if number >= WARM_MERGES else min(events, WARM_EVENTS))
            await worker.apply([joining(both[0], mark, 0)], SOURCE)
            before = [await stored(graph, worker, email) for email in both]
            took_s = await worker.apply([joining(both[1], mark, 1)], SOURCE)
            after = [await stored(graph, worker, email) for email in both]
            if before[0][0] == before[1][0] or after[0][0] != after[1][0]:
                raise RuntimeError("the two customers did not become one")
            # The events that a survivor shows are those that the two had: the same nodes, the same relationships.
            rewritten += len((before[0][1] | before[1][1]) ^ after[0][1])
            if number >= WARM_MERGES:
                took_ms.append(1_000 * took_s)
    return Result(
        ROW,
        [
            Value("in the worker, median", statistics.median(took_ms), "ms", AT_MOST_MS, "lower"),
            Value("events written again", rewritten, "", digits=0),
        ],
        {"took_ms": took_ms, "events": events, "identifiers": COOKIES + 1},
    )


async def fill(worker: Worker, email: str, events: int) -> None:
    """A customer of one e-mail and 49 cookies."""
    calls = list(_calls(email, events))
    for start in range(0, len(calls), BATCH_CALLS):
        await worker.apply(calls[start : start + BATCH_CALLS], SOURCE)


def joining(email: str, mark: str, number: int) -> dict[str, object]:
    """A call that shows an e-mail with the union id that both have."""
    external = [{"type": "email", "id": email}, {"type": "wx_unionid", "id": f"u{mark}"}]
    return {
        "type": "identify",
        "messageId": f"{mark}-{number}",
        # A call needs one of its own kind; a placeholder is no identifier.
        "anonymousId": "undefined",
        "context": {"externalIds": external},
    }


async def stored(graph: GraphClient, worker: Worker, email: str) -> tuple[str, set[tuple[object, ...]]]:
    """Who has an e-mail, and every event that it shows, as stored."""
    (row,) = await graph.read(_GET_DID, uid=worker.keyring.uid("email", email))
    return row["id"], {tuple(event) for event in row["events"]}


def _calls(email: str, events: int) -> Iterator[dict[str, object]]:
    until_ms = now_ms()
    for number in range(events):
        yield {
            "type": "track",
            "event": EVENT_NAMES[number % len(EVENT_NAMES)],
            "messageId": f"{email}-{number}",
            "timestamp": iso(until_ms - (events - number) * 1_000),
            "anonymousId": f"{email}-{number % COOKIES}",
            "properties": {"amount": number % 200},
            "context": {"externalIds": [{"type": "email", "id": email}]},
        }
