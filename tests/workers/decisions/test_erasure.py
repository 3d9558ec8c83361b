"""A person is erased: nothing of theirs is left, nobody else loses anything, and old input brings nothing back."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from base import clock
from base.clock import iso
from base.errors import BadInput, NotFound
from base.ids import call_id
from base.keys import Keyring
from delivery.change import CustomerChange
from graph.client import GraphClient
from graph.repositories.decision import DONE, RUNNING, DecisionRepository
from tests.support.dump import dump
from tests.support.line import SOURCE, Line, assert_sequences, query
from tests.support.sightings import sighting
from tests.support.stores import wipe
from workers.decisions import erasure
from workers.decisions.desk import Desk
from workers.decisions.effect import CustomerFate, Effect
from workers.decisions.execution import Said

SAID = Said("ann", "she asked for it")
LOOK = Said("ann", "to see", dry_run=True)
FAR_MS = 10**15
PHONE = "+8613912345678"
_CIPHERS = query("MATCH (i:Identifier) WHERE i.uid IN $uids RETURN i.cipher AS cipher")
_NAMED = query("MATCH (c) WHERE (c:Event OR c:Call) RETURN c.id AS id, c.identifiers AS uids, c.evidence AS evidence")
_SETS = query("MATCH (e:Evidence)-[:SAW]->(i:Identifier) RETURN e.key AS key, e.count AS count, collect(i.uid) AS uids")


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


@pytest.fixture
def desk(line: Line) -> Desk:
    return line.desk()


def mia() -> list[dict[str, object]]:
    """A member with a cookie from before, an e-mail, attributes, orders, and a call that was taken back."""
    return [
        sighting(1, kind="track", cookie="mia-laptop"),
        sighting(
            2, member="mia", cookie="mia-laptop", email="mia@x.org", traits={"name": "Mia Keller", "city": "Bern"}
        ),
        sighting(3, kind="track", member="mia"),
        sighting(4, kind="track", email="mia@x.org", device="mia-phone"),
        sighting(5, member="mia", phone=PHONE, traits={"vip": True}),
        {**sighting(6, member="mia"), "type": "group", "groupId": "keller-household"},
    ]


MIA = [("user_id", "mia"), ("anonymous_id", "mia-laptop"), ("email", "mia@x.org"), ("device_id", "mia-phone"),
       ("phone", PHONE)]  # fmt: skip


async def apply_all(line: Line, calls: list[dict[str, object]]) -> None:
    for call in calls:
        await line.apply(call)


async def erase(line: Line, namespace: str = "user_id", value: str = "mia", said: Said = SAID) -> Effect:
    """Erase whoever has an identifier, to the end."""
    customer = await line.customer(namespace, value)
    assert customer is not None
    effect = await line.desk().erase(customer, said)
    while effect.decision and await line.desk().carry_on(effect.decision, FAR_MS):
        pass
    return effect


async def test_nothing_of_an_erased_person_is_left(line: Line, desk: Desk) -> None:
    await line.segment("seen", {"event": {"name": "Seen"}})
    await apply_all(line, mia())
    await desk.revoke_call(call_id(SOURCE, "m3"), SAID)
    uids = [line.uid(*one) for one in MIA]
    customer = str(await line.customer("user_id", "mia"))
    ciphers = [row["cipher"] for row in await line.graph.read(_CIPHERS, uids=uids)]
    sets = [row["key"] for row in await line.graph.read(_SETS)]
    assert len(ciphers) == len(MIA)
    assert len(sets) == 3
    secrets = [*uids, *map(repr, ciphers), *sets, *(call_id(SOURCE, f"m{n}") for n in range(1, 7)), "Keller", "Bern"]
    before = await dump(line.graph)
    assert all(secret in before for secret in secrets)

    effect = await erase(line)

    after = await dump(line.graph)
    # The change of a segment tells of the event that caused it until its retention ends.
    told = [text for text in after.splitlines() if text.startswith("['Change']")]
    rest = "\n".join(text for text in after.splitlines() if not text.startswith("['Change']"))
    assert [secret for secret in secrets if secret in rest] == []
    assert [secret for secret in [*uids, "Keller", "Bern"] for text in told if secret in text] == []
    assert not [text for text in rest.splitlines() if text.startswith(("['Event']", "['Call']", "['Observation']"))]
    assert f"'{customer}'" in rest
    assert effect.call_count == 6
    assert "keller-household" not in rest


async def test_old_input_does_not_bring_a_person_back(line: Line) -> None:
    await apply_all(line, mia())
    await erase(line)
    nothing = await line.picture()
    assert not nothing["customers"]

    await apply_all(line, mia())
    for number, call in enumerate(mia()):
        await line.apply({**call, "messageId": f"new-{number}"})
        await line.apply({**call, "messageId": f"other-{number}"}, look_up=False)
    late = sighting(90, at=3, member="mia", cookie="a-new-cookie")
    applied = await line.apply(late)

    assert await line.picture() == nothing
    assert applied.forgotten == 1
    assert applied.applied == 0


async def test_who_comes_back_is_somebody_new(line: Line) -> None:
    await apply_all(line, mia())
    old = await line.customer("user_id", "mia")
    await erase(line)
    await asyncio.sleep(0.005)

    now = {**sighting(50, member="mia", email="mia@x.org"), "timestamp": iso(clock.now_ms())}
    await line.apply(now)
    await apply_all(line, mia())

    new = await line.customer("user_id", "mia")
    assert new not in (None, old)
    assert await line.customer("email", "mia@x.org") == new
    assert await line.customer("anonymous_id", "mia-laptop") is None
    picture = await line.picture()
    assert not picture["events"]
    assert len(picture["calls"]) == 1


async def test_others_lose_what_names_the_person_and_nothing_else(line: Line) -> None:
    """Ben used Mia's e-mail once, and both used one tablet: Ben keeps his calls and his time with the tablet."""
    await apply_all(line, mia())
    others = [
        sighting(20, member="ben", device="tablet"),
        sighting(21, kind="track", device="tablet"),
        sighting(22, member="mia", device="tablet"),
        sighting(23, kind="track", device="tablet"),
        sighting(24, kind="track", member="ben", phone=PHONE, cookie="ben-cookie"),
        sighting(25, member="mia", phone=PHONE),
    ]
    await apply_all(line, others)
    ben = await line.customer("user_id", "ben")
    assert await line.customer("device_id", "tablet") == await line.customer("user_id", "mia")
    assert await line.customer("phone", PHONE) == await line.customer("user_id", "mia")

    await erase(line)

    got = await line.picture()
    alone = Line.of(line.graph, line.redis, line.keyring)
    gone = line.uid("user_id", "mia")
    assert await line.customer("user_id", "ben") == ben == await line.customer("device_id", "tablet")
    # Ben had the phone too: it stays his.
    assert await line.customer("phone", PHONE) == ben
    assert all(gone not in row["uids"] for row in await line.graph.read(_NAMED))
    assert all(gone not in row["uids"] for row in await line.graph.read(_SETS))
    assert {at for _, _, _, at in got["events"]} == {1_767_225_600_000 + at * 1000 for at in (21, 24)}
    await wipe(line.graph, line.redis)
    await apply_all(alone, [others[0], others[1], others[4]])
    assert got == await alone.picture()


async def test_calls_of_others_that_named_the_person_keep_the_rest_of_their_evidence(line: Line) -> None:
    await line.apply(sighting(1, member="mia", email="mia@x.org"))
    await line.apply(sighting(2, kind="track", member="ben", email="mia@x.org", cookie="ben-cookie"))
    await line.apply(sighting(3, kind="track", member="ben", email="mia@x.org"))
    await line.apply(sighting(4, member="mia", email="mia@x.org"))
    await line.apply(sighting(5, kind="track", member="ben", cookie="ben-cookie"))
    await line.desk().revoke_call(call_id(SOURCE, "m5"), SAID)
    email = line.uid("email", "mia@x.org")
    effect = await erase(line)
    # Ben was seen with it: it is his as well.
    assert await line.customer("email", "mia@x.org") == await line.customer("user_id", "ben")
    assert effect.call_count == 2
    await erase(line, "user_id", "ben")
    assert email not in await dump(line.graph)
    assert await line.partition() == set()


async def test_a_call_of_somebody_else_stays_and_names_the_person_no_more(line: Line) -> None:
    """The shop mixed up two card numbers: a call of Ben's names one that is Mia's alone."""
    mixed_up = sighting(1, kind="track", member="ben", crm__shop="mias-card", cookie="ben-cookie")
    await line.apply(mixed_up)
    await line.apply(sighting(2, member="ben", crm__shop="bens-card"))
    await line.apply(sighting(3, member="mia", crm__shop="mias-card"))
    assert await line.customer("crm:shop", "mias-card") == await line.customer("user_id", "mia")

    await erase(line)

    assert line.uid("crm:shop", "mias-card") not in await dump(line.graph)
    got = await line.picture()
    await wipe(line.graph, line.redis)
    again = Line.of(line.graph, line.redis, line.keyring)
    await line.apply(sighting(1, kind="track", member="ben", cookie="ben-cookie"))
    await again.apply(sighting(2, member="ben", crm__shop="bens-card"))
    assert got == await again.picture()


async def test_a_kiosk_is_no_kiosk_any_more_when_one_of_its_members_is_erased(line: Line) -> None:
    calls = [sighting(n, member=f"M{n}", device="kiosk") for n in range(1, 5)]
    await apply_all(line, calls)
    assert (await line.picture())["shared"] == [line.uid("device_id", "kiosk")]

    await erase(line, "user_id", "M2")

    got = await line.picture()
    assert got["shared"] == []
    await wipe(line.graph, line.redis)
    again = Line.of(line.graph, line.redis, line.keyring)
    await apply_all(again, [calls[0], *calls[2:]])
    assert got == await again.picture()


async def test_a_shared_device_that_nobody_else_used_goes_too(line: Line) -> None:
    calls = [sighting(n, member=f"M{n}", device="kiosk") for n in range(1, 5)]
    await apply_all(line, calls)
    kiosk = line.uid("device_id", "kiosk")
    for number in range(1, 4):
        await erase(line, "user_id", f"M{number}")
        assert kiosk in await dump(line.graph)
    await erase(line, "user_id", "M4")
    assert kiosk not in await dump(line.graph)
    assert await line.partition() == set()
    check = await line.upkeep().replay([kiosk], True)
    assert not check


async def test_subscribers_hear_of_it_once_and_segments_end(line: Line) -> None:
    await line.segment("seen", {"event": {"name": "Seen"}})
    await apply_all(line, mia())
    customer = await line.customer("user_id", "mia")

    await erase(line)

    log = await line.log()
    assert [(one.kind, one.customer, one.other) for one in log if isinstance(one, CustomerChange)][-1] == (
        "ERASED",
        customer,
        None,
    )
    changes = await line.changes()
    assert_sequences(changes)
    last = changes[-1]
    assert (last.kind, last.segment, last.customer, last.cause) == ("EXITED", "seen", customer, "ERASURE")
    assert log.index(last) > next(n for n, one in enumerate(log) if one.kind == "ERASED")


async def test_the_id_and_those_merged_into_it_are_nobodys_for_ever(line: Line, desk: Desk) -> None:
    await line.apply(sighting(1, kind="track", cookie="c"))
    retired = str(await line.customer("anonymous_id", "c"))
    await line.apply(sighting(2, member="mia"))
    await line.apply(sighting(3, member="mia", cookie="c"))
    await line.apply(sighting(4, member="ben"))
    customer, ben = str(await line.customer("user_id", "mia")), str(await line.customer("user_id", "ben"))
    # An older id means its successor.
    await desk.erase(retired, SAID)
    for gone in (customer, retired):
        with pytest.raises(NotFound, match="erased"):
            await desk.merge(gone, ben, SAID)
        with pytest.raises(NotFound, match="erased"):
            await desk.split(gone, [line.uid("user_id", "mia")], SAID)
        with pytest.raises(NotFound, match="erased"):
            await desk.erase(gone, SAID)


async def test_an_erasure_cannot_be_undone(line: Line, desk: Desk) -> None:
    await apply_all(line, mia())
    effect = await erase(line)
    with pytest.raises(BadInput, match="cannot be undone"):
        await desk.undo(str(effect.decision), SAID)


async def test_decisions_that_named_the_person_can_still_be_undone(line: Line, desk: Desk) -> None:
    await apply_all(line, mia())
    await line.apply(sighting(20, member="ben", cookie="ben-cookie"))
    await line.apply(sighting(21, kind="track", cookie="lost"))
    mia_id, ben, lost = [
        str(await line.customer(*one)) for one in (("user_id", "mia"), ("user_id", "ben"), ("anonymous_id", "lost"))
    ]
    merged = await desk.merge(mia_id, lost, SAID)
    revoked = await desk.revoke_call(call_id(SOURCE, "m5"), SAID)
    await erase(line)
    assert await line.customer("user_id", "ben") == ben
    await desk.undo(str(merged.decision), SAID)
    with pytest.raises(NotFound, match="erased"):
        await desk.undo(str(revoked.decision), SAID)
    assert await line.partition() == {frozenset([line.uid("user_id", "ben"), line.uid("anonymous_id", "ben-cookie")])}


async def test_a_dry_run_says_what_would_go_and_changes_nothing(line: Line, desk: Desk) -> None:
    await apply_all(line, mia())
    before = await dump(line.graph)
    customer = str(await line.customer("user_id", "mia"))

    effect = await desk.erase(customer, LOOK)

    assert await dump(line.graph) == before
    assert effect.decision is None
    assert effect.call_count == 6
    (person,) = effect.customers
    assert (person.id, person.fate, set(person.lost)) == (
        customer,
        CustomerFate.ERASED,
        {line.uid(*one) for one in MIA},
    )


async def test_many_calls_go_page_by_page_and_the_person_at_once(
    line: Line, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "PAGE_CALLS", 2)
    await apply_all(line, mia())
    customer = str(await line.customer("user_id", "mia"))
    effect = await desk.erase(customer, SAID)
    decision = str(effect.decision)
    decisions = DecisionRepository(line.graph)
    assert await line.partition() == set()
    first = await decisions.find(decision)
    assert first is not None
    assert (first.state, first.call_count) == (RUNNING, 6)
    # Old input does nothing while the rest is deleted either.
    await apply_all(line, mia())
    # Each page by another process, as if every one were killed after its page.
    pages = 0
    while await line.desk().carry_on(decision, FAR_MS):
        pages += 1
    assert pages == 2
    await apply_all(line, mia())
    assert "Event" not in await dump(line.graph)
    await line.desk().end_erasure(decision)
    last = await decisions.find(decision)
    assert last is not None
    assert (last.state, last.progress) == (DONE, 1.0)


async def test_writers_beside_an_erasure_bring_nobody_back(graph: GraphClient, redis: Redis, keyring: Keyring) -> None:
    lines = [Line.of(graph, redis, keyring) for _ in range(8)]
    await apply_all(lines[0], mia())
    await lines[0].apply(sighting(20, member="ben", device="tablet"))
    customer = str(await lines[0].customer("user_id", "mia"))
    old = [{**call, "messageId": f"{writer}-{n}"} for writer in range(8) for n, call in enumerate(mia())]

    async def write(number: int) -> None:
        for call in old[number::8]:
            await lines[number].apply(call, look_up=False)
            await lines[number].apply(sighting(100 + number, at=5, member="ben", device="tablet"))

    erasing = asyncio.create_task(lines[0].desk().erase(customer, SAID))
    await asyncio.gather(*(write(number) for number in range(8)), return_exceptions=False)
    effect = await erasing
    while await lines[0].desk().carry_on(str(effect.decision), FAR_MS):
        pass
    left = await dump(graph)
    assert [one for one in MIA if lines[0].uid(*one) in left] == []
    assert await lines[0].partition() == {
        frozenset([lines[0].uid("user_id", "ben"), lines[0].uid("device_id", "tablet")])
    }
    report = await lines[0].upkeep().replay([lines[0].uid("user_id", "ben")], False)
    assert not report
