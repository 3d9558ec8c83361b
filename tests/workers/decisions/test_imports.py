"""A whole import is taken back and given back, at once or page by page: as if it had never been."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from redis.asyncio import Redis

from base import clock
from base.errors import BadInput, NotFound
from base.ids import call_id
from base.keys import Keyring
from graph.client import GraphClient
from graph.repositories.decision import DONE, RUNNING, DecisionRecord, DecisionRepository
from tests.support.line import SOURCE, Line, assert_sequences, query
from tests.support.sightings import sighting
from workers.decisions import imports
from workers.decisions.desk import Desk
from workers.decisions.effect import CustomerFate, Effect
from workers.decisions.execution import Said

SAID = Said("ann", "a wrong file")
LOOK = Said("ann", "to see", dry_run=True)
FILE = "import:shop"
FAR_MS = 10**15
_IDS = query("MATCH (c:Customer)-[h:HAS WHERE h.to IS NULL]->(i:Identifier) RETURN i.uid AS uid, c.id AS id")
_TAKEN_BACK = query("MATCH (:Identifier)-[w:WITHDRAWN]->(call) RETURN call.id AS id, w.decision AS decision")


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


@pytest.fixture
def desk(line: Line) -> Desk:
    return line.desk()


@pytest.fixture
def paged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is done at once, and pages are small."""
    monkeypatch.setattr(imports, "MAX_AT_ONCE_CALLS", 0)
    monkeypatch.setattr(imports, "PAGE_CALLS", 2)
    monkeypatch.setattr(imports, "PAGE_IDENTIFIERS", 3)


async def live_traffic(line: Line) -> None:
    await line.segment("seen", {"event": {"name": "Seen"}})
    await line.segment("bern", {"attribute": {"name": "city", "op": "EQ", "values": ["Bern"]}})
    for number in range(4):
        await line.apply(
            sighting(number, kind="track", member=f"M{number}", cookie=f"c{number}"),
            sighting(10 + number, email=f"e{number}@x.org", phone=f"+861391234567{number}", traits={"city": "Bern"}),
        )


async def file(line: Line) -> None:
    """Joins members and e-mails wrongly, tells of a city, brings persons of its own, and one that it alone joins."""
    rows = [
        *(sighting(100 + n, member=f"M{n}", email=f"e{(n + 1) % 4}@x.org", traits={"city": "Basel"}) for n in range(4)),
        *(sighting(200 + n, kind="track", member=f"F{n}", crm__shop=f"{n}") for n in range(3)),
        sighting(300, crm__shop="9", phone="+8613912345600"),
        sighting(301, phone="+8613912345600", email="new@x.org"),
        sighting(302, member="N", email="new@x.org"),
    ]
    for row in rows:
        await line.apply(row, source=FILE)


async def ids(line: Line) -> dict[str, str]:
    return {row["uid"]: row["id"] for row in await line.graph.read(_IDS)}


async def carry_on(line: Line, decision: str, applied_until_ms: int = FAR_MS, pages: int = 10_000) -> int:
    """Each page by another process, as if every one were killed after its page; how many there were."""
    for page in range(pages):
        if not await line.desk().carry_on(decision, applied_until_ms):
            return page
    return pages


async def state_of(line: Line, decision: str) -> DecisionRecord:
    found = await DecisionRepository(line.graph).find(decision)
    assert found
    return found


async def taken_back(line: Line) -> dict[str, str]:
    return {row["id"]: row["decision"] for row in await line.graph.read(_TAKEN_BACK)}


async def later() -> None:
    """What comes from now on is received later."""
    await asyncio.sleep(0.003)


def decision_of(effect: Effect) -> str:
    assert effect.decision
    return effect.decision


def same(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    different = {key: (one[key], other[key]) for key in one if one[key] != other[key]}
    assert different == {}
    return True


async def test_a_small_import_is_taken_back_at_once_and_given_back_by_undo(line: Line, desk: Desk) -> None:
    await live_traffic(line)
    before, ids_before = await line.picture(), await ids(line)
    await file(line)
    with_file, ids_with_file = await line.picture(), await ids(line)

    looked = await desk.revoke_import(FILE, LOOK)
    assert (looked.decision, looked.background, looked.planned) == (None, None, None)
    assert same(with_file, await line.picture())
    done = await desk.revoke_import(FILE, SAID)
    assert done.customers == looked.customers
    assert {one.fate for one in done.customers} >= {CustomerFate.RETIRED, CustomerFate.RETURNED}
    assert same(before, await line.picture())
    assert ids_before.items() <= (await ids(line)).items()
    assert (await state_of(line, decision_of(done))).call_count == 10

    undone = await desk.undo(decision_of(done), SAID)
    assert undone.background == done.decision
    assert same(with_file, await line.picture())
    assert await ids(line) == ids_with_file
    assert (await state_of(line, decision_of(done))).call_count == 0
    assert_sequences(await line.changes())


@pytest.mark.usefixtures("paged")
async def test_a_large_one_goes_page_by_page_and_survives_a_kill_after_each(line: Line, desk: Desk) -> None:
    await live_traffic(line)
    before, ids_before = await line.picture(), await ids(line)
    await file(line)
    with_file, ids_with_file = await line.picture(), await ids(line)

    done = await desk.revoke_import(FILE, SAID)
    assert (done.planned, done.customers) == (imports.Planned(decision_of(done)), ())
    assert same(with_file, await line.picture())
    state = await state_of(line, decision_of(done))
    assert (state.state, state.progress, state.call_count) == (RUNNING, 0.0, 0)
    assert await carry_on(line, decision_of(done), pages=4) == 4
    state = await state_of(line, decision_of(done))
    assert state.state == RUNNING
    assert 0 < (state.progress or 0) < 1
    assert await carry_on(line, decision_of(done)) > 2
    state = await state_of(line, decision_of(done))
    assert (state.state, state.progress, state.call_count) == (DONE, 1.0, 10)
    assert same(before, await line.picture())
    assert ids_before.items() <= (await ids(line)).items()

    undone = await desk.undo(decision_of(done), SAID)
    assert undone.planned
    await carry_on(line, decision_of(done))
    assert (await state_of(line, decision_of(done))).call_count == 0
    assert same(with_file, await line.picture())
    assert await ids(line) == ids_with_file

    await desk.undo(decision_of(undone), SAID)
    await carry_on(line, decision_of(done))
    assert same(before, await line.picture())
    assert_sequences(await line.changes())


@pytest.mark.usefixtures("paged")
@pytest.mark.parametrize("pages", [0, 1, 2, 3, 5])
async def test_undone_while_it_runs_it_stops_and_gives_everything_back(line: Line, desk: Desk, pages: int) -> None:
    await live_traffic(line)
    await file(line)
    with_file, ids_with_file = await line.picture(), await ids(line)
    done = await desk.revoke_import(FILE, SAID)
    await carry_on(line, decision_of(done), pages=pages)
    await desk.undo(decision_of(done), SAID)
    await carry_on(line, decision_of(done))
    assert same(with_file, await line.picture())
    assert await ids(line) == ids_with_file
    assert await taken_back(line) == {}


@pytest.mark.usefixtures("paged")
async def test_a_component_too_large_for_one_page_takes_several(
    line: Line, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "MAX_TOGETHER_CALLS", 3)
    await line.apply(sighting(1, member="M", cookie="c"))
    before = await line.picture()
    for number in range(20):
        await line.apply(sighting(10 + number, kind="track", member="M", cookie=f"c{number % 4}"), source=FILE)
    with_file = await line.picture()
    done = await desk.revoke_import(FILE, SAID)
    assert await carry_on(line, decision_of(done)) >= 7
    assert same(before, await line.picture())
    await desk.undo(decision_of(done), SAID)
    await carry_on(line, decision_of(done))
    assert same(with_file, await line.picture())


async def test_a_call_taken_back_by_itself_stays_so(line: Line, desk: Desk) -> None:
    await live_traffic(line)
    await file(line)
    alone = await desk.revoke_call(call_id(FILE, "m302"), SAID)
    before = await line.picture()
    whole = await desk.revoke_import(FILE, SAID)
    assert (await taken_back(line))[call_id(FILE, "m302")] == alone.decision
    await desk.undo(decision_of(whole), SAID)
    assert same(before, await line.picture())
    assert await taken_back(line) == {call_id(FILE, "m302"): alone.decision}


async def test_a_call_counts_again_only_when_no_decision_takes_it_back(line: Line, desk: Desk) -> None:
    await live_traffic(line)
    without = await line.picture()
    await file(line)
    with_file = await line.picture()
    alone = await desk.revoke_call(call_id(FILE, "m302"), SAID)
    whole = await desk.revoke_import(FILE, SAID)
    alone_undone = await desk.undo(decision_of(alone), SAID)
    assert same(without, await line.picture())
    assert set((await taken_back(line)).values()) == {whole.decision}
    await desk.undo(decision_of(alone_undone), SAID)
    await desk.undo(decision_of(whole), SAID)
    assert await taken_back(line) == {call_id(FILE, "m302"): alone.decision}
    await desk.undo(decision_of(alone), SAID)
    assert same(with_file, await line.picture())


@pytest.mark.parametrize("first_undone", [0, 1])
async def test_two_decisions_about_one_source_are_undone_in_any_order(
    line: Line, desk: Desk, first_undone: int
) -> None:
    await live_traffic(line)
    nothing = await line.picture()
    await file(line)
    once = await line.picture()
    made = [await desk.revoke_import(FILE, SAID)]
    await later()
    await line.apply(sighting(400, member="M0", email="late@x.org"), source=FILE)
    made.append(await desk.revoke_import(FILE, SAID))
    assert same(nothing, await line.picture())
    await desk.undo(decision_of(made[first_undone]), SAID)
    if first_undone == 0:
        assert same(nothing, await line.picture())
    await desk.undo(decision_of(made[1 - first_undone]), SAID)
    await desk.revoke_call(call_id(FILE, "m400"), SAID)
    assert same(once, await line.picture())


async def test_calls_received_later_count(line: Line, desk: Desk) -> None:
    await file(line)
    done = await desk.revoke_import(FILE, SAID)
    await later()
    await line.apply(sighting(500, member="F0", email="late@x.org"), source=FILE)
    await carry_on(line, decision_of(done))
    assert (await state_of(line, decision_of(done))).state == DONE
    assert await line.partition() == {frozenset({line.uid("user_id", "F0"), line.uid("email", "late@x.org")})}
    await line.apply(sighting(100, member="M0", email="e1@x.org"), source=FILE)
    assert len(await line.partition()) == 1, "a message id that was taken back does nothing"


async def test_a_call_received_in_time_and_applied_late_is_taken_back_too(
    line: Line, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await live_traffic(line)
    before = await line.picture()
    await line.apply(sighting(100, member="M0", email="e1@x.org"), source=FILE)
    done = await desk.revoke_import(FILE, SAID)
    decided_ms = (await state_of(line, decision_of(done))).at_ms
    await carry_on(line, decision_of(done), applied_until_ms=decided_ms - 1)
    assert (await state_of(line, decision_of(done))).state == RUNNING

    await later()
    with monkeypatch.context() as then:
        then.setattr(clock, "now_ms", lambda: decided_ms)
        await line.apply(sighting(101, member="M2", email="e3@x.org"), source=FILE)
    assert await line.picture() != before
    await carry_on(line, decision_of(done), applied_until_ms=decided_ms)
    assert (await state_of(line, decision_of(done))).state == DONE
    assert same(before, await line.picture())


async def test_a_shared_identifier_that_no_call_shows_any_more_is_as_new(line: Line, desk: Desk) -> None:
    for number in range(5):
        await line.apply(sighting(number, member=f"M{number}"))
    before = await line.picture()
    for number in range(5):
        await line.apply(sighting(10 + number, member=f"M{number}", device="kiosk"), source=FILE)
    with_file = await line.picture()
    assert with_file["shared"]
    done = await desk.revoke_import(FILE, SAID)
    assert same(before, await line.picture())
    await desk.undo(decision_of(done), SAID)
    assert same(with_file, await line.picture())
    await desk.revoke_import(FILE, SAID)
    await line.apply(sighting(20, member="M0", device="kiosk"))
    assert await line.customer("device_id", "kiosk") == await line.customer("user_id", "M0")


async def test_the_log_of_everybody_concerned_shows_it(line: Line, desk: Desk) -> None:
    await live_traffic(line)
    await file(line)
    done = await desk.revoke_import(FILE, SAID)
    customer = await line.customer("user_id", "M0")
    log = await DecisionRepository(line.graph).list_of_customer(str(customer), FAR_MS, "", 10)
    assert [(one.reason, one.subject) for one in log if one.kind == "REVOKE_IMPORT"] == [("a wrong file", FILE)]
    assert not [one for one in await DecisionRepository(line.graph).list_running() if one != done.decision]


@pytest.mark.usefixtures("paged")
async def test_a_dry_run_of_a_large_one_counts(line: Line, desk: Desk) -> None:
    await live_traffic(line)
    await file(line)
    before = await line.picture()
    looked = await desk.revoke_import(FILE, LOOK)
    assert looked.planned
    counted = looked.planned
    assert (counted.call_count, counted.identifier_count, counted.complete) == (10, 10, True)
    people = {await line.customer("user_id", f"{kind}{n}") for kind, many in (("M", 4), ("F", 3)) for n in range(many)}
    assert counted.customer_count == len(people | {await line.customer("email", "new@x.org")})
    assert same(before, await line.picture())
    assert await DecisionRepository(line.graph).list_running() == []


async def test_what_cannot_be_is_refused(line: Line, desk: Desk) -> None:
    await line.apply(sighting(1, member="M"))
    with pytest.raises(NotFound, match="source"):
        await desk.revoke_import("import:unheard of", SAID)
    with pytest.raises(BadInput, match="reason"):
        await desk.revoke_import(SOURCE, Said("ann", ""))
    done = await desk.revoke_import(SOURCE, SAID)
    again = await desk.revoke_import(SOURCE, SAID)
    assert again.customers == ()
    await desk.undo(decision_of(again), SAID)
    assert await line.partition() == set()
    await desk.undo(decision_of(done), SAID)
    assert await line.partition() == {frozenset({line.uid("user_id", "M")})}
    with pytest.raises(BadInput, match="already"):
        await desk.undo(decision_of(done), SAID)
