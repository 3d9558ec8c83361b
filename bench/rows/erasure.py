"""A person of 10,000 events is erased through the API, until every place says that nothing is left there."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

from base.keys import Keyring
from bench.rows.identity_merge import EVENTS, fill
from bench.stage import Result, Stage, Value
from bench.worker import Worker, opened

ROW = "erasure of a person of 10,000 events"
AT_MOST_S = 10.0
# Statements are planned by the first, and Java compiles what it runs often.
WARM_ERASURES = 15
WARM_EVENTS = 200
ERASURES = 3
# The columnar store is to have them before they are to leave it.
SETTLE_S = 3.0
LONGEST_S = 300.0
POLL_S = 0.05
WHO = 'query ($value: String!) { customer(identifier: { namespace: "email", value: $value }) { id } }'
ERASE = """mutation ($id: ID!) { eraseCustomer(id: $id, reason: "measured") {
  ... on IdentityEffect { decisionId callCount } } }"""
REPORT = """query ($id: ID!) { erasureReport(decision: $id) { state doneAt requestedAt
  places { place removed doneAt } } }"""


async def measure(stage: Stage) -> Result:
    gone_s: list[float] = []
    traces_s: list[float] = []
    places: list[Any] = []
    for number in range(WARM_ERASURES + ERASURES):
        is_warm = number >= WARM_ERASURES
        events = EVENTS if is_warm else WARM_EVENTS
        email = f"{time.time_ns():x}-{number}@example.org"
        async with opened(stage.service) as (graph, _):
            settings = stage.service.settings
            await fill(Worker.of(graph, settings, Keyring(settings.secret_key)), email, events)
        await asyncio.sleep(SETTLE_S if is_warm else 0)
        id = (await stage.client.graphql(WHO, {"value": email}))["customer"]["id"]
        started_s = time.perf_counter()
        erased = (await stage.client.graphql(ERASE, {"id": id}))["eraseCustomer"]
        gone_s.append(time.perf_counter() - started_s)
        if erased["callCount"] != events:
            raise RuntimeError(f"{erased['callCount']} calls were erased of {events}")
        places.append(await _reported(stage, erased["decisionId"]))
        traces_s.append(time.perf_counter() - started_s)
    return Result(
        ROW,
        [
            Value("gone for every reader after, median", statistics.median(gone_s[WARM_ERASURES:]), "s", None, "lower"),
            Value("to the last trace, the slowest", max(traces_s[WARM_ERASURES:]), "s", AT_MOST_S, "lower"),
        ],
        {"gone_s": gone_s, "traces_s": traces_s, "events": EVENTS, "places": places[WARM_ERASURES:]},
    )


async def _reported(stage: Stage, decision: str) -> Any:
    """The report once every place is done."""
    async with asyncio.timeout(LONGEST_S):
        while True:
            found = (await stage.client.graphql(REPORT, {"id": decision}))["erasureReport"]
            if found["state"] == "DONE" and all(one["doneAt"] for one in found["places"]):
                return found
            await asyncio.sleep(POLL_S)
