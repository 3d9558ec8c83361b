"""The review list on the real graph: items arise with their cause, go with it, and are settled once."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from base.errors import BadInput, NotFound
from base.ids import call_id
from base.keys import Keyring
from graph.client import GraphClient
from graph.repositories.review import LAST_PLACE, ReviewItem, ReviewKind, ReviewRepository
from graph.repositories.survey import SurveyRepository
from tests.support.line import SOURCE, Line, query
from tests.support.sightings import sighting
from workers.decisions.desk import Desk
from workers.decisions.effect import Effect
from workers.decisions.execution import Said
from workers.decisions.review import ReviewDesk
from workers.identity.review import LARGE_IDENTIFIERS, refresh

SAID = Said("ann", "looked at it")
LOOK = Said("ann", "to see", dry_run=True)
_STATES = query("MATCH (r:Review) RETURN r.kind AS kind, r.state AS state")
PHONE = "+8613912345678"


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


@pytest.fixture
def desk(line: Line) -> Desk:
    return line.desk()


@pytest.fixture
def reviews(line: Line, desk: Desk) -> ReviewDesk:
    return ReviewDesk(line.graph, desk)


async def items(line: Line, *kinds: ReviewKind) -> list[ReviewItem]:
    """Open items whose cause is there, newest first."""
    repository = ReviewRepository(line.graph)
    rows = await repository.page_open(list(kinds or ReviewKind), LAST_PLACE, 100)
    found = await repository.get_many([item_id for item_id, _ in rows])
    return [found[item_id] for item_id, _ in rows if item_id in found]


async def only(line: Line, kind: ReviewKind) -> ReviewItem:
    (found,) = await items(line, kind)
    return found


async def night(line: Line) -> int:
    """What a worker does at night; how many items it forgot."""
    large = {
        one.id: one.size
        for one in await SurveyRepository(line.graph).check_customers("", 1_000)
        if one.size >= LARGE_IDENTIFIERS
    }
    return await refresh(line.graph, large)


async def two_members_of_one_email(line: Line) -> tuple[str, str]:
    await line.apply(sighting(1, member="M", email="e@x.org"))
    await line.apply(sighting(2, member="N", email="e@x.org"))
    return str(await line.customer("user_id", "M")), str(await line.customer("user_id", "N"))


def decision_of(effect: Effect) -> str:
    assert effect.decision
    return effect.decision


async def test_a_cut_link_between_two_members_is_an_item_once(line: Line) -> None:
    m, n = await two_members_of_one_email(line)
    item = await only(line, ReviewKind.REJECTED_LINK)
    assert set(item.customers) == {m, n}
    assert {uid for uid, *_ in item.identifiers} == {line.uid("user_id", "M"), line.uid("email", "e@x.org")}
    assert set(item.blocking) == {line.uid("user_id", "M"), line.uid("user_id", "N")}
    for number in range(3, 6):
        await line.apply(sighting(number, member="N", email="e@x.org", cookie=f"c{number}"))
    assert await items(line) == [item]


@pytest.mark.parametrize(
    "calls",
    [
        pytest.param([{"member": "M", "device": "d"}, {"member": "N", "device": "d"}], id="a device"),
        pytest.param([{"wx_unionid": "u", "wx_openid__A": "o"}, {"wx_unionid": "v", "wx_openid__A": "o"}], id="an app"),
        pytest.param([{"member": "M", "email": f"e{n}@x.org"} for n in range(6)], id="a contact"),
    ],
)
async def test_what_may_change_hands_and_what_no_call_vouches_for_is_no_item(
    line: Line, calls: list[dict[str, str]]
) -> None:
    for number, identifiers in enumerate(calls):
        await line.apply(sighting(number, verified=number < 5, **identifiers))
    assert len(await line.partition()) == 2, "a link was cut"
    assert await items(line, ReviewKind.REJECTED_LINK) == []


async def test_an_accepted_link_joins_the_two_and_its_undo_opens_it_again(line: Line, reviews: ReviewDesk) -> None:
    m, n = await two_members_of_one_email(line)
    item = await only(line, ReviewKind.REJECTED_LINK)
    looked = await reviews.accept(item.id, LOOK)
    assert await items(line) == [item]
    done = await reviews.accept(item.id, SAID)
    assert done.customers == looked.customers
    assert await line.customer("user_id", "M") == await line.customer("user_id", "N")
    assert await items(line) == []
    with pytest.raises(NotFound):
        await reviews.accept(item.id, SAID)

    await line.desk().undo(decision_of(done), SAID)
    again = await only(line, ReviewKind.REJECTED_LINK)
    assert (again.id, set(again.customers)) == (item.id, {m, n})


async def test_an_item_goes_with_its_cause_and_comes_back_with_it(line: Line, desk: Desk) -> None:
    await two_members_of_one_email(line)
    item = await only(line, ReviewKind.REJECTED_LINK)
    assert await night(line) == 0
    revoked = await desk.revoke_call(call_id(SOURCE, "m2"), SAID)
    assert await items(line) == []
    assert await night(line) == 1
    assert not await line.graph.read(_STATES)
    await desk.undo(decision_of(revoked), SAID)
    assert [one.id for one in await items(line)] == [item.id]


async def test_a_dismissed_link_stays_away_from_new_evidence(line: Line, reviews: ReviewDesk, desk: Desk) -> None:
    await two_members_of_one_email(line)
    item = await only(line, ReviewKind.REJECTED_LINK)
    done = await reviews.dismiss(item.id, SAID)
    assert (done.customers, done.changes) == ((), ())
    await line.apply(sighting(7, member="M", email="e@x.org"), sighting(8, member="N", email="e@x.org", cookie="c"))
    assert item.id not in {one.id for one in await items(line)}
    await night(line)
    with pytest.raises(BadInput, match="settled"):
        await reviews.dismiss(item.id, SAID)
    with pytest.raises(BadInput, match="settled"):
        await reviews.accept(item.id, SAID)

    undone = await desk.undo(decision_of(done), SAID)
    assert item.id in {one.id for one in await items(line)}
    await desk.undo(decision_of(undone), SAID)
    assert item.id not in {one.id for one in await items(line)}


async def test_a_shared_identifier_is_accepted_as_nobodys(line: Line, reviews: ReviewDesk, desk: Desk) -> None:
    for number in range(3):
        await line.apply(sighting(number, member=f"M{number}", phone=PHONE))
    item = await only(line, ReviewKind.SHARED_IDENTIFIER)
    assert [uid for uid, *_ in item.identifiers] == [line.uid("phone", PHONE)]
    assert {await line.customer("user_id", f"M{number}") for number in range(3)} <= set(item.customers)
    await line.apply(sighting(9, member="M9", phone=PHONE))
    assert [one.id for one in await items(line, ReviewKind.SHARED_IDENTIFIER)] == [item.id]

    done = await reviews.accept(item.id, SAID)
    assert await line.customer("phone", PHONE) is None
    assert await items(line, ReviewKind.SHARED_IDENTIFIER) == []
    await desk.undo(decision_of(done), SAID)
    assert [one.id for one in await items(line, ReviewKind.SHARED_IDENTIFIER)] == [item.id]
    await desk.revoke_import(SOURCE, SAID)
    assert await items(line) == []


async def test_a_customer_near_a_limit_can_only_be_dismissed(line: Line, reviews: ReviewDesk) -> None:
    for number in range(3):
        await line.apply(sighting(number, member="M", email=f"e{number}@x.org"))
    assert await items(line) == []
    await line.apply(sighting(3, member="M", email="e3@x.org"))
    item = await only(line, ReviewKind.NEAR_LIMIT)
    assert (item.customers, item.namespace, item.least, item.size) == (
        (str(await line.customer("user_id", "M")),),
        "email",
        4,
        4,
    )
    assert len(item.identifiers) == 4
    with pytest.raises(BadInput, match="nothing to accept"):
        await reviews.accept(item.id, SAID)
    await reviews.dismiss(item.id, SAID)
    await line.apply(sighting(10, member="M", email="e3@x.org", crm__shop="1"))
    assert await items(line) == []
    await line.apply(sighting(11, member="M", email="e4@x.org"))
    assert [one.id for one in await items(line)] == [item.id], "one more than was dismissed"


async def grow(line: Line, start: int, count: int) -> None:
    await line.apply(*(sighting(start + n, member="M", cookie=f"c{start + n}") for n in range(count)))


async def test_a_large_customer_is_found_at_night_and_dismissed_until_it_has_grown_by_half(
    line: Line, reviews: ReviewDesk
) -> None:
    await grow(line, 0, 20)
    await grow(line, 100, LARGE_IDENTIFIERS - 22)
    await night(line)
    assert await items(line) == []
    await grow(line, 200, 1)
    await night(line)
    item = await only(line, ReviewKind.LARGE_CUSTOMER)
    assert item.size == LARGE_IDENTIFIERS
    await reviews.dismiss(item.id, SAID)
    await grow(line, 300, 25)
    await night(line)
    assert await items(line) == []
    await grow(line, 400, 1)
    await night(line)
    assert [one.id for one in await items(line)] == [item.id]
    with pytest.raises(BadInput, match="nothing to accept"):
        await reviews.accept(item.id, SAID)


async def test_what_is_not_there_is_said(reviews: ReviewDesk) -> None:
    with pytest.raises(NotFound):
        await reviews.accept("rev_none", SAID)
    with pytest.raises(NotFound):
        await reviews.dismiss("rev_none", SAID)
