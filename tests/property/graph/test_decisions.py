"""Whatever people decide and undo, in whatever order: the graph is as if it had never been."""

from __future__ import annotations

import random

import pytest
from redis.asyncio import Redis

from base import clock
from base.ids import call_id
from base.keys import Keyring
from graph.client import GraphClient
from tests.property.graph.comparing import differences, fresh
from tests.property.graph.deciding import IDENTIFIERS, SAID, decide
from tests.property.graph.streams import NOW_MS, Call, random_calls
from tests.support.line import SOURCE, assert_sequences
from workers.decisions import imports
from workers.decisions.desk import NamedIdentifier

CALLS = 40


@pytest.fixture(autouse=True)
def _one_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memberships are compared as of one instant, so no time passes."""
    monkeypatch.setattr(clock, "now_ms", lambda: NOW_MS)


@pytest.mark.parametrize("seed", range(6))
async def test_undone_is_as_if_it_had_never_been(seed: int, graph: GraphClient, redis: Redis, keyring: Keyring) -> None:
    calls, chance = random_calls(100 + seed, CALLS), random.Random(seed)
    line = await fresh(graph, redis, keyring)
    for call in calls:
        await line.apply(call)
    expected = await line.picture()

    line = await fresh(graph, redis, keyring)
    desk = line.desk()
    made: list[str] = []
    for number, call in enumerate(calls):
        await line.apply(call)
        if number % 6 == 5 and (effect := await decide(line, desk, calls[: number + 1], chance)):
            made.append(str(effect.decision))
            if len(made) > 2 and chance.random() < 0.5:
                await desk.undo(made.pop(chance.randrange(len(made))), SAID)
    chance.shuffle(made)
    assert made
    for decision in made:
        await desk.undo(decision, SAID)
    assert differences(expected, await line.picture()) == {}
    assert_sequences(await line.changes())


@pytest.mark.parametrize("seed", range(4))
async def test_calls_taken_back_are_as_if_never_made(
    seed: int, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    calls, chance = random_calls(200 + seed, CALLS), random.Random(seed)
    unmade = {str(call["messageId"]) for call in chance.sample(calls, 8)}
    line = await fresh(graph, redis, keyring)
    for call in calls:
        if call["messageId"] not in unmade:
            await line.apply(call)
    expected = await line.picture()

    line = await fresh(graph, redis, keyring)
    for call in calls:
        await line.apply(call)
    for message_id in chance.sample(sorted(unmade), len(unmade)):
        await line.desk().revoke_call(call_id(SOURCE, message_id), SAID)
    assert differences(expected, await line.picture()) == {}


@pytest.mark.parametrize("seed", range(4))
async def test_an_import_taken_back_beside_live_traffic_is_as_if_never_made(
    seed: int, graph: GraphClient, redis: Redis, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page at a time, with calls of every source between the pages; undone, too, half way or at the end."""
    monkeypatch.setattr(imports, "MAX_AT_ONCE_CALLS", 0)
    monkeypatch.setattr(imports, "PAGE_CALLS", 3)
    monkeypatch.setattr(imports, "PAGE_IDENTIFIERS", 4)
    calls, chance = random_calls(400 + seed, CALLS), random.Random(seed)
    rows = {str(call["messageId"]): chance.random() < 0.4 for call in calls}
    before, after = calls[: CALLS // 2], calls[CALLS // 2 :]

    def source(call: Call) -> str:
        return "import:file" if rows[str(call["messageId"])] else SOURCE

    expected = []
    for kept in ([*(call for call in before if source(call) == SOURCE), *after], calls):
        line = await fresh(graph, redis, keyring)
        for call in kept:
            await line.apply(call, source=source(call))
        expected.append(await line.picture())

    line = await fresh(graph, redis, keyring)
    for call in before:
        await line.apply(call, source=source(call))
    desk = line.desk()
    decision = str((await desk.revoke_import("import:file", SAID)).decision)
    # What comes now is received later.
    monkeypatch.setattr(clock, "now_ms", lambda: NOW_MS + 1)
    waiting = list(after)
    undone = "" if seed % 2 else str((await desk.undo(decision, SAID)).decision)
    while await desk.carry_on(decision, NOW_MS) or waiting:
        if waiting:
            call = waiting.pop()
            await line.apply(call, source=source(call))
        if undone and len(waiting) == CALLS // 4:
            await desk.undo(undone, SAID)
            undone = ""
    assert differences(expected[0], await line.picture()) == {}
    await desk.undo(decision, SAID)
    while await desk.carry_on(decision, NOW_MS):
        pass
    assert differences(expected[1], await line.picture()) == {}
    assert_sequences(await line.changes())


@pytest.mark.parametrize("seed", range(3))
async def test_decisions_mean_the_same_before_and_after(
    seed: int, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    """A value that is blocked, and members that are joined or kept apart, at the beginning or at the end."""
    calls, chance = random_calls(300 + seed, CALLS), random.Random(seed)
    pictures = []
    for first in (True, False):
        line = await fresh(graph, redis, keyring)
        half = len(calls) // 2 if first else len(calls)
        for call in calls[:half]:
            await line.apply(call)
        rows = await line.graph.read(IDENTIFIERS)
        if first:
            blocked = chance.choice([row for row in rows if row["namespace"] in ("email", "anonymous_id")])
        await line.desk().block(NamedIdentifier(blocked["uid"], blocked["namespace"], blocked["cipher"]), SAID)
        for call in calls[half:]:
            await line.apply(call)
        pictures.append(await line.picture())
    assert differences(*pictures) == {}
