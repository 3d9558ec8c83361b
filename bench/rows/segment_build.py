"""A segment whose new rule has everybody: until it counts them, and until all memberships are in the graph."""

from __future__ import annotations

import asyncio
import time

from bench.stage import Result, Stage, Value

ROW = "a changed rule that everybody joins"
AT_MOST_S = 30.0
KEY = "joined"
# A first build, of a tenth: Neo4j is warm then.
FIRST: dict[str, object] = {"attribute": {"name": "age", "op": "LT", "values": [24]}}
UPDATE = """mutation ($key: String!, $input: UpdateSegmentInput!) {
  updateSegment(key: $key, input: $input) { __typename }
}"""
STATE = "query ($key: String!) { segment(key: $key) { status count } }"
POLL_S = 0.05
LONGEST_S = 600.0


async def measure(stage: Stage) -> Result:
    await stage.client.create_segments({KEY: FIRST})
    # A second run on the same graph starts where the first did.
    await _change(stage, FIRST)
    counted_s, written_s = await _change(stage, {"everyone": True})
    return Result(
        ROW,
        [
            Value("counted after", counted_s, "s", None, "lower"),
            Value("all in the graph after", written_s, "s", AT_MOST_S, "lower"),
        ],
        {"customers": stage.population.customers},
    )


async def _change(stage: Stage, rule: dict[str, object]) -> tuple[float, float]:
    """Seconds until the count is the new one, and until the segment is live."""
    before = (await stage.client.graphql(STATE, {"key": KEY}))["segment"]["count"]
    started_s = time.perf_counter()
    await stage.client.graphql(UPDATE, {"key": KEY, "input": {"rule": rule}})
    counted_s = 0.0
    async with asyncio.timeout(LONGEST_S):
        while True:
            found = (await stage.client.graphql(STATE, {"key": KEY}))["segment"]
            elapsed_s = time.perf_counter() - started_s
            if not counted_s and found["count"] != before:
                counted_s = elapsed_s
            if found["status"] == "LIVE":
                return counted_s or elapsed_s, elapsed_s
            await asyncio.sleep(POLL_S)
