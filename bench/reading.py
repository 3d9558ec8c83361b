"""Many readers of profiles: the queries, and the load."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from bench.load import Load, run_closed
from bench.stage import Stage

CONNECTIONS = 16
# The path of a read is short, and soon compiled.
WARM_PART = 0.15

PROFILE = """query ($identifier: IdentifierInput!) {
  customer(identifier: $identifier) {
    id
    identifiers { namespace value firstSeen lastSeen }
    attributes { name value observedAt source }
    events(first: 20) { edges { node { id name at receivedAt source properties } } }
    tags { since }
    segments { segment { key name } since segmentVersion }
  }
}"""
SMALL_VIEW = """query ($identifier: IdentifierInput!) {
  customer(identifier: $identifier) { attributes { name value } segments { segment { key } } }
}"""


async def read_many(stage: Stage, query: str, port: int) -> Load:
    """Read profiles of random customers by `user_id`, after a warm-up.

    Raises:
        RuntimeError: an answer is not a customer.
    """
    await _run(stage, query, port, max(1.0, WARM_PART * stage.sizes.warm_s))
    return await _run(stage, query, port, stage.sizes.readers_s)


async def _run(stage: Stage, query: str, port: int, seconds: float) -> Load:
    rng = random.Random(stage.population.seed + 2)

    def requests() -> Iterator[bytes]:
        while True:
            user = stage.population.user_id(rng.randrange(stage.population.customers))
            variables = {"identifier": {"namespace": "user_id", "value": user}}
            yield stage.client.graphql_request(query, variables)

    def check(status: int, body: bytes) -> None:
        if status != 200 or b'"customer":{' not in body.replace(b" ", b""):
            raise RuntimeError(f"{status}: {json.dumps(body[:300].decode())}")

    return await run_closed(
        stage.service.host, port, requests(), connections=CONNECTIONS, duration_s=seconds, on_answer=check
    )
