"""Devices that known people hand to one another: read off their own evidence, the same as resolved in full."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from base import clock
from base.clock import iso
from base.keys import Keyring
from graph.client import GraphClient
from tests.property.graph.comparing import differences, fresh
from tests.property.graph.streams import NOW_MS, Call, batches, random_calls
from tests.support.line import Line, query
from workers.applier import identify
from workers.applier.batch import PreparedCall
from workers.identity.check import IdentityCheck

CALLS = 40
DAY_MS = 86_400_000
# Something is handed over in each of the first.
SURE = 6
SEEDS = range(int(os.environ.get("KITH_TEST_HANDOVERS", SURE)))
# The log of what the resolver did. Of several identifiers that move from one customer to another it names any.
_LINES = query(
    "MATCH (d:Decision) WITH d, d.kind = 'REJECT' AS cut "
    "RETURN d.kind AS kind, d.reason AS reason, CASE WHEN cut THEN [d.a, d.b] END AS ends"
)


@pytest.fixture(autouse=True)
def _one_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memberships are compared as of one instant, so no time passes."""
    monkeypatch.setattr(clock, "now_ms", lambda: NOW_MS)


def year_and_again(seed: int) -> list[list[Call]]:
    """People appear; then the same sets of identifiers are seen again, mostly in another order, in batches."""
    chance = random.Random(seed)
    calls = random_calls(900 + seed, CALLS)
    first = [{**call, "timestamp": iso(NOW_MS - 30 * DAY_MS + number)} for number, call in enumerate(calls)]
    parts = batches(first, chance)
    for lap in range(3):
        again = chance.sample(calls, len(calls))
        start_ms = NOW_MS - (20 - 5 * lap) * DAY_MS
        parts += batches(
            [
                {**call, "messageId": f"{call['messageId']}-{lap}", "timestamp": iso(start_ms + 1000 * number)}
                for number, call in enumerate(again)
            ],
            chance,
        )
    return parts


async def applied(line: Line, parts: Sequence[Sequence[Call]]) -> tuple[dict[str, object], Counter[str]]:
    for part in parts:
        await line.apply(*part)
    lines = Counter(str(row) for row in await line.graph.read(_LINES))
    return await line.picture(), lines


@pytest.mark.parametrize("seed", SEEDS)
async def test_handing_over_is_as_resolving(
    seed: int, graph: GraphClient, redis: Redis, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = year_and_again(seed)
    handed, hand_over = 0, identify.hand_over

    async def counting(tx: object, handing: Sequence[PreparedCall], *rest: object) -> list[PreparedCall]:
        nonlocal handed
        left = await hand_over(tx, handing, *rest)  # type: ignore[arg-type]
        handed += len(handing) - len(left)
        return left

    monkeypatch.setattr(identify, "hand_over", counting)
    line = await fresh(graph, redis, keyring)
    got, got_lines = await applied(line, parts)
    report = await IdentityCheck(graph, line.upkeep().replay).run(repair=False)
    assert not report.faults, report.named
    assert handed or seed >= SURE, "nothing was handed over"

    monkeypatch.setattr(identify, "part_handovers", lambda unsettled, *rest: (list(unsettled), []))
    wanted, wanted_lines = await applied(await fresh(graph, redis, keyring), parts)
    assert differences(got, wanted) == {}
    # Two devices that move from one to another in one batch may be two lines.
    assert got_lines.keys() == wanted_lines.keys()
    assert all(count == wanted_lines[line] for line, count in got_lines.items() if "REJECT" in line)
