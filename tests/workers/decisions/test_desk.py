"""Decisions of people, on the real graph: what they do, and that taking them back leaves nothing behind."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from base.errors import BadInput, NotFound
from base.ids import call_id
from base.keys import Keyring
from graph.client import GraphClient
from tests.support.line import SOURCE, Line, assert_sequences, query
from tests.support.sightings import sighting
from tests.support.stores import wipe
from workers.decisions.desk import Desk, NamedIdentifier
from workers.decisions.effect import CustomerFate
from workers.decisions.execution import Said

SAID = Said("ann", "a mistake")
LOOK = Said("ann", "to see", dry_run=True)
_RETIRED = query("MATCH (c:Customer:Retired) RETURN c.id AS id")
_OPEN = query("MATCH (d:Decision {active: true}) RETURN d.kind AS kind ORDER BY kind")


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


@pytest.fixture
def desk(line: Line) -> Desk:
    return line.desk()


def named(line: Line, namespace: str, value: str) -> NamedIdentifier:
    uid = line.uid(namespace, value)
    return NamedIdentifier(uid, namespace, line.keyring.seal_display(value, uid))


async def groups(line: Line, *names: tuple[str, str]) -> list[int]:
    """Which of the identifiers are one customer: equal numbers for equal customers, 0 for nobody's."""
    numbers: dict[str, int] = {}
    found: list[int] = []
    for namespace, value in names:
        customer = await line.customer(namespace, value)
        found.append(0 if customer is None else numbers.setdefault(customer, len(numbers) + 1))
    return found


def same(one: dict[str, object], other: dict[str, object]) -> bool:
    different = {key: (one[key], other[key]) for key in one if one[key] != other[key]}
    assert different == {}
    return True


M, E, C = ("user_id", "M"), ("email", "e@x.org"), ("anonymous_id", "c")


async def test_joined_by_decision_and_parted_by_undo(line: Line, desk: Desk) -> None:
    await line.segment("buyers", {"event": {"name": "Seen"}})
    await line.apply(sighting(1, kind="track", member="M"), sighting(2, email="e@x.org", cookie="c"))
    before = await line.picture()
    first, second = await line.customer(*M), await line.customer(*E)
    assert first
    assert second

    looked = await desk.merge(first, second, LOOK)
    assert looked.decision is None
    assert [(one.id, one.fate, one.merged_into) for one in looked.customers] == sorted(
        [(first, CustomerFate.KEPT, None), (second, CustomerFate.RETIRED, first)]
    )
    assert same(before, await line.picture())

    done = await desk.merge(first, second, SAID)
    assert await groups(line, M, E, C) == [1, 1, 1]
    assert await line.customer(*E) == first
    assert done.customers == looked.customers

    await desk.undo(str(done.decision), SAID)
    assert same(before, await line.picture())
    assert await line.customer(*E) == second
    assert_sequences(await line.changes())


async def test_two_members_may_be_one_person(line: Line, desk: Desk) -> None:
    await line.apply(sighting(1, member="M1", cookie="c1"), sighting(2, member="M2", cookie="c2"))
    ids = [await line.customer("user_id", name) for name in ("M1", "M2")]
    await desk.merge(str(ids[0]), str(ids[1]), SAID)
    await line.apply(sighting(3, member="M1", cookie="c3"), sighting(4, member="M2", cookie="c4"))
    assert len(await line.partition()) == 1


async def test_a_split_holds_against_new_evidence(line: Line, desk: Desk) -> None:
    await line.apply(sighting(1, member="M", email="e@x.org", cookie="c"))
    customer = await line.customer(*M)
    effect = await desk.split(str(customer), [line.uid(*E)], SAID)
    assert sorted(one.fate for one in effect.customers) == [CustomerFate.CREATED, CustomerFate.KEPT]
    assert await line.customer(*M) == customer
    await line.apply(sighting(2, member="M", email="e@x.org", cookie="c"))
    assert await groups(line, M, C, E) == [1, 1, 2]
    await desk.undo(str(effect.decision), SAID)
    assert await groups(line, M, C, E) == [1, 1, 1]


async def test_three_members_joined_through_an_email_that_is_blocked_then(line: Line, desk: Desk) -> None:
    names = [("crm:a", "1"), ("crm:b", "2"), ("crm:c", "3")]
    for number, (namespace, value) in enumerate(names):
        await line.apply(sighting(number, cookie=f"c{number}", **{namespace.replace(":", "__"): value}))
    olds = [await line.customer(*name) for name in names]
    for number, (namespace, value) in enumerate(names):
        await line.apply(sighting(10 + number, email="x@x.org", **{namespace.replace(":", "__"): value}))
    assert await groups(line, *names) == [1, 1, 1]
    joined = await line.picture()

    effect = await desk.block(named(line, "email", "x@x.org"), SAID)
    assert [await line.customer(*name) for name in names] == olds
    assert await line.customer("email", "x@x.org") is None
    assert not await line.graph.read(_RETIRED)
    await line.apply(sighting(20, member="other", email="x@x.org"))
    assert await groups(line, ("user_id", "other"), *names) == [1, 2, 3, 4]

    await desk.revoke_call(call_id(SOURCE, "m20"), SAID)
    await desk.undo(str(effect.decision), SAID)
    assert same(joined, await line.picture())


@pytest.mark.parametrize("later", [0, 1, 30])
@pytest.mark.parametrize(
    "other",
    [
        pytest.param(("phone", "+8613912345678"), id="whose id survives"),
        pytest.param(("wx_openid:A", "o"), id="whose id is retired"),
    ],
)
async def test_a_call_that_joined_two_is_taken_back(line: Line, desk: Desk, other: tuple[str, str], later: int) -> None:
    await line.segment("loud", {"event": {"name": "Seen", "values": [2]}})
    theirs = {other[0].replace(":", "__"): other[1]}
    before = [sighting(1, email="e@x.org", cookie="c1"), sighting(2, kind="track", cookie="c2", **theirs)]
    joining = sighting(3, email="e@x.org", **theirs)
    after = [
        sighting(10 + number, kind="track" if number % 3 else "identify", member="M", cookie=f"k{number % 5}", **theirs)
        for number in range(later)
    ]
    for call in before:
        await line.apply(call)
    olds = [await line.customer(*E), await line.customer(*other)]
    for call in [joining, *after]:
        await line.apply(call)
    assert len(await line.partition()) == 1
    effect = await desk.revoke_call(call_id(SOURCE, "m3"), SAID)
    assert [await line.customer(*E), await line.customer(*other)] == olds
    taken_back = await line.picture()

    await desk.undo(str(effect.decision), SAID)
    again = await line.picture()
    assert again != taken_back
    await line.apply(joining)
    assert same(again, await line.picture()), "a message id takes effect once, also after it was taken back"


async def test_what_a_call_told_is_forgotten_with_it(line: Line, desk: Desk) -> None:
    await line.apply(sighting(1, member="M", traits={"city": "Bern", "age": 3}))
    before = await line.picture()
    await line.apply(sighting(2, member="M", traits={"city": "Basel", "colour": "red"}))
    effect = await desk.revoke_call(call_id(SOURCE, "m2"), SAID)
    assert same(before, await line.picture())
    await desk.undo(str(effect.decision), SAID)
    assert "Basel" in str(await line.picture())


async def test_what_is_seen_again_has_no_times_of_calls_that_were_taken_back(
    line: Line, desk: Desk, graph: GraphClient, redis: Redis
) -> None:
    again = sighting(2, at=5, member="M", cookie="c")
    await line.apply(again)
    never = await line.picture()
    for at in (1, 9):
        await wipe(graph, redis)
        await line.apply(sighting(1, at=at, member="M", cookie="c"))
        await desk.revoke_call(call_id(SOURCE, "m1"), SAID)
        await line.apply(again)
        assert same(never, await line.picture())


async def test_somebody_whose_only_call_is_taken_back_is_nobody(line: Line, desk: Desk) -> None:
    await line.segment("all", {"everyone": True})
    empty = await line.picture()
    await line.apply(sighting(1, kind="track", member="M", cookie="c"))
    customer = await line.customer(*M)
    effect = await desk.revoke_call(call_id(SOURCE, "m1"), SAID)
    assert await groups(line, M, C) == [0, 0]
    assert same({**empty, "customers": []}, await line.picture())
    assert [change.kind for change in await line.changes()] == ["ENTERED", "EXITED"]
    await desk.undo(str(effect.decision), SAID)
    assert await line.customer(*M) == customer
    assert await line.customer(*C) == customer


async def test_an_undo_of_an_undo_lets_a_decision_stand_again(line: Line, desk: Desk) -> None:
    await line.apply(sighting(1, member="M", email="e@x.org"))
    split = await desk.split(str(await line.customer(*M)), [line.uid(*E)], SAID)
    apart = await line.picture()
    undone = await desk.undo(str(split.decision), SAID)
    assert await groups(line, M, E) == [1, 1]
    again = await desk.undo(str(undone.decision), SAID)
    assert same(apart, await line.picture())
    with pytest.raises(BadInput, match="already"):
        await desk.undo(str(undone.decision), SAID)
    await desk.undo(str(split.decision), SAID)
    assert await groups(line, M, E) == [1, 1]
    assert [row["kind"] for row in await line.graph.read(_OPEN)] == ["UNDO", "UNDO"]
    assert again.decision


async def test_blocked_values_join_nobody_and_their_calls_stay(line: Line, desk: Desk) -> None:
    blocked = await desk.block(named(line, "phone", "+8613912345678"), SAID)
    await line.apply(
        sighting(1, kind="track", member="M1", phone="+8613912345678"),
        sighting(2, kind="track", member="M2", phone="+8613912345678"),
        sighting(3, kind="track", cookie="c", phone="+8613912345678"),
    )
    assert await groups(line, ("user_id", "M1"), ("user_id", "M2"), C) == [1, 2, 3]
    assert await line.customer("phone", "+8613912345678") is None
    without = await line.picture()
    assert len(without["events"]) == 3
    await desk.undo(str(blocked.decision), SAID)
    assert await line.customer("phone", "+8613912345678") == await line.customer("user_id", "M2")


async def refused(desk: Desk, line: Line) -> Sequence[object]:
    await line.apply(sighting(1, member="M", email="e@x.org"), sighting(2, member="N"))
    m, n = str(await line.customer(*M)), str(await line.customer("user_id", "N"))
    return m, n


async def test_what_cannot_be_is_refused_and_changes_nothing(line: Line, desk: Desk) -> None:
    m, n = await refused(desk, line)
    m, n = str(m), str(n)
    split = await desk.split(m, [line.uid(*E)], SAID)
    other = str(await line.customer(*E))
    before = await line.picture()
    with pytest.raises(BadInput, match="one customer already"):
        await desk.merge(m, m, SAID)
    with pytest.raises(NotFound):
        await desk.merge(m, "cus_nobody", SAID)
    with pytest.raises(BadInput, match="two persons"):
        await desk.merge(m, other, SAID)
    with pytest.raises(BadInput, match="at least one"):
        await desk.split(n, [line.uid("user_id", "N")], SAID)
    with pytest.raises(BadInput, match="has now"):
        await desk.split(n, [line.uid(*M)], SAID)
    with pytest.raises(BadInput, match="has now"):
        await desk.split(n, [], SAID)
    with pytest.raises(BadInput, match="reason"):
        await desk.merge(m, n, Said("ann", " "))
    with pytest.raises(BadInput, match="not blocked"):
        await desk.block(named(line, *M), SAID, blocked=False)
    with pytest.raises(NotFound):
        await desk.revoke_call(call_id(SOURCE, "unheard of"), SAID)
    with pytest.raises(NotFound):
        await desk.undo("dec_none", SAID)
    await desk.revoke_call(call_id(SOURCE, "m2"), SAID)
    with pytest.raises(BadInput, match="already"):
        await desk.revoke_call(call_id(SOURCE, "m2"), SAID)
    assert split.decision
    after = await line.picture()
    assert len(before["customers"]) == len(after["customers"]) + 1


async def test_a_retired_id_means_its_successor(line: Line, desk: Desk) -> None:
    await line.apply(sighting(1, member="M"), sighting(2, email="e@x.org"), sighting(3, member="N"))
    m, e, n = [str(await line.customer(*name)) for name in (M, E, ("user_id", "N"))]
    await desk.merge(m, e, SAID)
    await desk.merge(e, n, SAID)
    assert len(await line.partition()) == 1
    with pytest.raises(BadInput, match="one customer already"):
        await desk.merge(e, n, SAID)


async def test_a_call_hangs_on_the_strongest_shared_one_when_all_are_shared(
    line: Line, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    """Whichever of them became shared first."""
    shared = {"phone": "+8613912345678", "email": "e@x.org"}
    calls = [sighting(9, kind="track", **shared)]
    calls += [
        sighting(10 * place + number, member=f"M{number}", **{name: shared[name]})
        for place, name in enumerate(("phone", "email"), 1)
        for number in range(3)
    ]
    for order in (calls, calls[::-1], [calls[0], *calls[4:], *calls[1:4]]):
        await wipe(graph, redis)
        for call in order:
            await line.apply(call)
        picture = await line.picture()
        assert len(picture["shared"]) == 2
        assert [event[0] for event in picture["events"]] == [line.uid("phone", shared["phone"])]
