"""Whatever people decide and undo, in whatever order: the graph is as if it had never been."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from base import clock
from base.errors import BadInput, NotFound
from base.ids import call_id
from base.keys import Keyring
from graph.client import GraphClient
from tests.property.graph.comparing import differences, fresh
from tests.property.graph.streams import NOW_MS, Call, random_calls
from tests.support.line import SOURCE, Line, assert_sequences, query
from workers.decisions import imports
from workers.decisions.desk import Desk, NamedIdentifier
from workers.decisions.effect import Effect
from workers.decisions.execution import Said

SAID = Said("ann", "by chance")
CALLS = 40
_IDENTIFIERS = query(
    "MATCH (i:Identifier) RETURN i.uid AS uid, i.namespace AS namespace, i.cipher AS cipher ORDER BY uid"
)
_CUSTOMERS = query(
    """
    MATCH (c:Customer) WHERE NOT c:Retired
    RETURN c.id AS id, COLLECT { MATCH (c)-[h:HAS WHERE h.to IS NULL]->(i:Identifier) RETURN i.uid } AS uids ORDER BY id
    """
)


@pytest.fixture(autouse=True)
def _one_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memberships are compared as of one instant, so no time passes."""
    monkeypatch.setattr(clock, "now_ms", lambda: NOW_MS)


async def decide(line: Line, desk: Desk, calls: Sequence[Call], chance: random.Random) -> Effect | None:
    """One decision at random; None when it makes no sense."""
    people = await line.graph.read(_CUSTOMERS)
    try:
        match chance.randrange(4):
            case 0:
                one, other = chance.sample(people, 2)
                return await desk.merge(one["id"], other["id"], SAID)
            case 1:
                person = chance.choice([each for each in people if len(each["uids"]) > 1])
                uids = sorted(person["uids"])
                return await desk.split(person["id"], chance.sample(uids, chance.randrange(1, len(uids))), SAID)
            case 2:
                row = chance.choice(await line.graph.read(_IDENTIFIERS))
                return await desk.block(NamedIdentifier(row["uid"], row["namespace"], row["cipher"]), SAID)
            case _:
                call = chance.choice(calls)
                return await desk.revoke_call(call_id(SOURCE, str(call["messageId"])), SAID)
    except (BadInput, NotFound):
        return None


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
        rows = await line.graph.read(_IDENTIFIERS)
        if first:
            blocked = chance.choice([row for row in rows if row["namespace"] in ("email", "anonymous_id")])
        await line.desk().block(NamedIdentifier(blocked["uid"], blocked["namespace"], blocked["cipher"]), SAID)
        for call in calls[half:]:
            await line.apply(call)
        pictures.append(await line.picture())
    assert differences(*pictures) == {}
