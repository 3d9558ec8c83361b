"""Another policy for a million identifiers while calls go on, until the graph has followed. On a service of its own."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from base.keys import Keyring
from bench.data import probe_segments
from bench.histogram import Histogram
from bench.people_graph import fill_people
from bench.probes import Probes, at_rate, warm_up
from bench.stage import Result, Stage, Value
from graph.client import GraphClient

ROW = "another policy for everybody"
AT_MOST_S = 120.0
# A hundred thousand persons have about as many; the time is scaled to it.
TARGET_IDENTIFIERS = 1_000_000
LIVE_PER_S = 20.0
LIVE_SECONDS = 5.0
WAIT_S = 1_800.0
UPDATE = """mutation ($limit: Int!, $look: Boolean!) {
  updateIdentityPolicy(input: {namespaces: [{name: "phone", limit: $limit}]}, reason: "a measurement", dryRun: $look) {
    ... on IdentityPolicy { id } ... on ValidationError { message } } }"""
STATE = "query ($id: ID!) { identityPolicy(id: $id) { state error effect { customerCount } } }"


async def measure(stage: Stage) -> Result:
    """One phone a customer instead of two: tried, put into force beside live calls, and taken back."""
    settings = stage.service.settings
    # Before everybody: a build of an empty graph takes no time.
    await stage.client.create_segments(probe_segments())
    graph = GraphClient.of(settings)
    try:
        count = await fill_people(graph, Keyring(settings.secret_key), stage.sizes.customers, stage.service.data_dir)
    finally:
        await graph.close()
    await warm_up(stage.client, stage.population, min(stage.sizes.warm_s, 20.0))
    tried = await _followed(stage, await _update(stage, 1, look=True), time.perf_counter())
    live = Histogram()
    started_s = time.perf_counter()
    following = asyncio.create_task(_followed(stage, await _update(stage, 1), started_s))
    # A customer gives one probe: a graph that was kept goes on where the last run ended.
    probed = stage.service.data_dir / "probed"
    missing, first = 0, int(probed.read_text(encoding="ascii")) if probed.is_file() else 0
    if stage.population.customers - first < LIVE_PER_S * AT_MOST_S:
        raise RuntimeError(f"the probes of {stage.service.data_dir} are used up: remove it")
    while not following.done():
        timed = await at_rate(stage.client, Probes(stage.client, stage.population, first), LIVE_PER_S, LIVE_SECONDS)
        first += int(LIVE_PER_S * LIVE_SECONDS) + 1
        live.merge(timed.from_call)
        missing += timed.missing
        probed.write_text(str(first), encoding="ascii")
    done = await following
    back = await _followed(stage, await _update(stage, 2), time.perf_counter())
    per_million = done["seconds"] * TARGET_IDENTIFIERS / count
    return Result(
        ROW,
        [
            Value("1,000,000 identifiers followed in", per_million, "s", AT_MOST_S, "lower"),
            Value("customers changed", done["customers"], ""),
            Value("p95 of live calls meanwhile", live.percentile_ms(95), "ms"),
        ],
        {"identifiers": count, "tried": tried, "done": done, "back": back, "live_missing": missing},
    )


async def _update(stage: Stage, limit: int, *, look: bool = False) -> str:
    answer = await stage.client.graphql(UPDATE, {"limit": limit, "look": look})
    found: dict[str, Any] = answer["updateIdentityPolicy"]
    if "id" not in found:
        raise RuntimeError(str(found))
    return str(found["id"])


async def _followed(stage: Stage, policy: str, started_s: float) -> dict[str, float]:
    """How long it took until the graph had followed, and how many customers changed."""
    async with asyncio.timeout(WAIT_S):
        while True:
            found = (await stage.client.graphql(STATE, {"id": policy}))["identityPolicy"]
            if found["state"] != "PENDING":
                break
            await asyncio.sleep(0.2)
    if found["state"] != "DONE":
        raise RuntimeError(str(found))
    return {"seconds": time.perf_counter() - started_s, "customers": found["effect"]["customerCount"]}
