"""Groups are what the calls that count say of them, whatever was taken back, hung over or came late."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping

import pytest
from redis.asyncio import Redis

from base.ids import call_id
from base.keys import Keyring
from graph.client import GraphClient, Transaction
from graph.repositories import group as repository
from graph.repositories.call import OrderRow
from tests.support.line import SOURCE, Line, query
from tests.support.sightings import T0_MS, sighting
from tests.support.stores import wipe
from workers.decisions.desk import Desk, NamedIdentifier
from workers.decisions.execution import Said

SAID = Said("ann", "a mistake")
FILE = "import:shop"
PHONE = "+8613912345678"
WRITERS = 4
_WAITS = query("SHOW TRANSACTIONS YIELD status WHERE status STARTS WITH 'Blocked' RETURN status AS status")


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


@pytest.fixture
def desk(line: Line) -> Desk:
    return line.desk()


def same(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    different = {key: (one[key], other[key]) for key in one if one[key] != other[key]}
    assert different == {}
    return True


async def members(line: Line) -> list[tuple[str, str, int]]:
    """Namespace of an identifier, group, and the second since when it is in it."""
    found = (await line.picture())["memberships"]
    return sorted((uid.partition("|")[0], key, (at - T0_MS) // 1000) for uid, key, at in found)


async def traits(line: Line) -> dict[str, object]:
    """Group → its traits."""
    return {key: json.loads(document) for key, _, document in (await line.picture())["groups"]}


async def revoke(desk: Desk, number: int, source: str = SOURCE) -> str:
    return str((await desk.revoke_call(call_id(source, f"m{number}"), SAID)).decision)


async def test_a_call_that_is_taken_back_leaves_no_membership_and_no_group(line: Line, desk: Desk) -> None:
    await line.apply(sighting(1, member="M"))
    before = await line.picture()
    await line.apply(sighting(2, member="M", group="acme", traits={"size": 3}))
    named = await line.picture()
    assert await members(line) == [("user_id", "acme", 2)]

    decision = await revoke(desk, 2)
    assert same(before, await line.picture())
    await desk.undo(decision, SAID)
    assert same(named, await line.picture())


async def test_a_group_without_its_newest_call_is_what_the_one_before_says(line: Line, desk: Desk) -> None:
    await line.apply(sighting(1, member="M", group="acme", traits={"size": 1}))
    await line.apply(sighting(2, member="N", group="acme", traits={"size": 2}))
    await line.apply(sighting(3, member="M", group="acme", traits={"size": 3}))
    first = await revoke(desk, 3)
    assert await traits(line) == {"acme": {"size": 2}}
    assert await members(line) == [("user_id", "acme", 1), ("user_id", "acme", 2)]
    await revoke(desk, 2)
    assert await traits(line) == {"acme": {"size": 1}}
    assert await members(line) == [("user_id", "acme", 1)]
    await desk.undo(first, SAID)
    assert await traits(line) == {"acme": {"size": 3}}


async def test_of_calls_at_one_instant_the_greatest_traits_stay(line: Line, desk: Desk) -> None:
    for number, size in enumerate((1, 2, 1, 3)):
        await line.apply(sighting(number, at=9, member=f"M{number}", group="acme", traits={"size": size}))
    assert await traits(line) == {"acme": {"size": 3}}
    await revoke(desk, 3)
    assert await traits(line) == {"acme": {"size": 2}}


async def test_a_member_without_its_earliest_call_is_one_since_the_next(line: Line, desk: Desk) -> None:
    await line.apply(sighting(1, member="M", group="acme"), sighting(5, member="M", group="acme"))
    decision = await revoke(desk, 1)
    assert await members(line) == [("user_id", "acme", 5)]
    await desk.undo(decision, SAID)
    assert await members(line) == [("user_id", "acme", 1)]


async def test_an_import_that_is_taken_back_takes_its_groups_along(line: Line, desk: Desk) -> None:
    await line.apply(sighting(1, member="M", group="acme", traits={"size": 1}))
    before = await line.picture()
    for number in range(2, 6):
        row = sighting(number, member=f"N{number}", group="acme" if number % 2 else "file", traits={"size": number})
        await line.apply(row, source=FILE)
    with_file = await line.picture()

    done = await desk.revoke_import(FILE, SAID)
    assert same(before, await line.picture())
    await desk.undo(str(done.decision), SAID)
    assert same(with_file, await line.picture())


async def test_a_dry_run_leaves_groups_alone(line: Line, desk: Desk) -> None:
    await line.apply(sighting(1, member="M", group="acme"))
    before = await line.picture()
    await desk.revoke_call(call_id(SOURCE, "m1"), Said("ann", "to see", dry_run=True))
    assert same(before, await line.picture())


async def test_a_membership_follows_a_call_from_a_blocked_identifier_and_back(line: Line, desk: Desk) -> None:
    await line.apply(sighting(1, phone=PHONE, cookie="c", group="acme"))
    before = await line.picture()
    assert await members(line) == [("phone", "acme", 1)]
    uid = line.uid("phone", PHONE)
    phone = NamedIdentifier(uid, "phone", line.keyring.seal_display(PHONE, uid))

    blocked = await desk.block(phone, SAID)
    assert await members(line) == [("anonymous_id", "acme", 1)]
    await desk.undo(str(blocked.decision), SAID)
    assert same(before, await line.picture())


async def test_a_membership_follows_a_call_from_a_shared_identifier(
    line: Line, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    """Whether the group call came before it was shared, after, or with the call that made it so."""
    named = [sighting(9, phone=PHONE, cookie="c", group="acme", traits={"size": 9})]
    logins = [sighting(number, member=f"M{number}", phone=PHONE) for number in range(3)]
    for batches in ([named, *([one] for one in logins)], [logins, named], [logins[:2], [logins[2], *named]]):
        await wipe(graph, redis)
        for batch in batches:
            await line.apply(*batch)
        assert await members(line) == [("anonymous_id", "acme", 9)]
        assert await traits(line) == {"acme": {"size": 9}}


async def test_calls_in_a_batch_that_moves_memberships_count_too(line: Line) -> None:
    """An identifier becomes shared, and other identifiers are put into the same group and another by that batch."""
    await line.apply(sighting(1, phone=PHONE, cookie="c", group="acme", traits={"size": 1}))
    await line.apply(*(sighting(number, member=f"M{number}", phone=PHONE) for number in (2, 3)))
    await line.apply(
        sighting(4, member="M4", phone=PHONE),
        sighting(6, member="N", group="acme", traits={"size": 6}),
        sighting(5, member="N", group="zeta", traits={"size": 5}),
    )
    assert await members(line) == [("anonymous_id", "acme", 1), ("user_id", "acme", 6), ("user_id", "zeta", 5)]
    assert await traits(line) == {"acme": {"size": 6}, "zeta": {"size": 5}}


async def test_a_membership_follows_a_call_into_another_order(line: Line) -> None:
    await line.apply(sighting(1, phone=PHONE, email="e@x.org", group="acme"))
    assert await members(line) == [("phone", "acme", 1)]
    evidence = (await line.picture())["evidence"][0][0]
    order = [line.uid("email", "e@x.org"), line.uid("phone", PHONE)]

    await line.upkeep().reorder([OrderRow(key=evidence, order=order)], 1)
    assert await members(line) == [("email", "acme", 1)]


async def test_order_of_arrival_repeats_and_batches_play_no_part(
    line: Line, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    calls = [
        sighting(1, member="M", group="acme", traits={"size": 1}),
        sighting(2, at=7, member="M", group="acme", traits={"size": 2}),
        sighting(3, at=7, member="N", group="acme", traits={"size": 3}),
    ]
    await line.apply(*calls)
    expected = await line.picture()
    assert await traits(line) == {"acme": {"size": 3}}
    assert await members(line) == [("user_id", "acme", 1), ("user_id", "acme", 7)]
    for order in itertools.permutations(calls):
        await wipe(graph, redis)
        for call in (*order, order[0]):
            await line.apply(call)
        assert same(expected, await line.picture())


async def test_a_groups_traits_are_no_attributes_of_its_members(line: Line, desk: Desk) -> None:
    await line.apply(sighting(1, member="M", traits={"city": "Bern"}))
    await line.apply(sighting(2, member="M", group="acme", traits={"industry": "steel"}))
    await revoke(desk, 1)
    picture = await line.picture()
    assert picture["observations"] == []
    assert "industry" not in str(picture["customers"])


@pytest.mark.parametrize("back", [False, True], ids=["by a new call", "by an undo"])
async def test_a_group_that_is_named_while_it_goes_is_there_again(line: Line, desk: Desk, back: bool) -> None:
    """Whoever names it has found it, and waits for its lock when it is deleted."""
    await line.apply(sighting(1, member="M", group="acme", traits={"size": 1}))
    taken_back = await revoke(desk, 1)
    await line.apply(sighting(2, member="N"))
    locked = asyncio.Event()

    async def delete(tx: Transaction) -> None:
        await repository.lock_many(tx, ["acme"])
        locked.set()
        waiting = False
        while not waiting:
            await asyncio.sleep(0.01)
            waiting = bool(await line.graph.read(_WAITS))
        await repository.derive_traits(tx, ["acme"])

    async def name() -> None:
        await locked.wait()
        await (desk.undo(taken_back, SAID) if back else line.apply(sighting(3, member="N", group="acme")))

    # It is there, and no call names it any more.
    await line.graph.write("test", lambda tx: repository.lock_many(tx, ["acme"]))
    await asyncio.gather(line.graph.write("test", delete), name())
    assert await members(line) == [("user_id", "acme", 1 if back else 3)]
    assert await traits(line) == {"acme": {"size": 1} if back else {}}


async def test_writers_that_name_and_take_back_leave_nothing(
    graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    lines = [Line.of(graph, redis, keyring) for _ in range(WRITERS)]

    async def come_and_go(line: Line, writer: int) -> None:
        for turn in range(3):
            number = 100 * writer + turn
            for group in ("acme", "zeta"):
                await line.apply(sighting(number, at=turn, member=f"M{writer}", group=group, traits={"by": writer}))
                await revoke(line.desk(), number)
                number += 10

    await asyncio.gather(*(come_and_go(line, writer) for writer, line in enumerate(lines)))
    picture = await lines[0].picture()
    assert (picture["groups"], picture["memberships"]) == ([], [])
