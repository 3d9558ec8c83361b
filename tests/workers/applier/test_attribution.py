"""What was done by way of a device belongs to whoever had it then: reads, facts, attributes, segments."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from base.keys import Keyring
from graph.client import GraphClient
from graph.identity.ownership import SINCE_EVER
from graph.repositories.customer import CustomerKey, CustomerRepository, ProfileNeed
from graph.repositories.event import EventRepository, EventsAsked
from tests.support.line import Line, query
from tests.support.sealed import opened
from tests.support.sightings import T0_MS, sighting

_HOLDS = query(
    """
    MATCH (i:Identifier {uid: $uid})<-[h:HAS]-(c:Customer)
    RETURN h.from AS start, h.to AS end, c.id AS customer ORDER BY start
    """
)
_ATTRIBUTES = query("MATCH (c:Customer {id: $id}) RETURN c.id AS id, c.attributes AS attributes")


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


async def holds(line: Line, namespace: str, value: str, *members: str) -> list[tuple[int | None, int | None, str]]:
    """(start, end, member) of each stretch, in seconds; None for without end."""
    named = {await line.customer("user_id", member): member for member in members}
    return [
        (
            None if row["start"] == SINCE_EVER else (row["start"] - T0_MS) // 1000,
            None if row["end"] is None else (row["end"] - T0_MS) // 1000,
            named.get(row["customer"], "?"),
        )
        for row in await line.graph.read(_HOLDS, uid=line.uid(namespace, value))
    ]


async def times(line: Line, member: str) -> tuple[Sequence[int], Sequence[int]]:
    """Seconds of a member's events, oldest first: from a profile and from a page of events."""
    customer = str(await line.customer("user_id", member))
    asked = EventsAsked(count=50)
    key = CustomerKey(id=customer)
    profiles = await CustomerRepository(line.graph).get_profiles([key], ProfileNeed(events=asked))
    pages = await EventRepository(line.graph).list_of_customers([customer], asked)
    return tuple(
        sorted((event.at_ms - T0_MS) // 1000 for event in found or ())
        for found in (profiles[key].events, pages[customer])
    )  # type: ignore[return-value]


SHARED_TABLET = [
    sighting(1, device="d", kind="track"),
    sighting(2, device="d", member="M1", kind="track"),
    sighting(3, device="d", kind="track"),
    sighting(4, device="d", member="M2", kind="track"),
    sighting(5, device="d", kind="track"),
    sighting(6, device="d", member="M1", kind="track"),
    sighting(7, device="d", kind="track"),
]


@pytest.mark.parametrize("order", [1, -1], ids=["as it happened", "backwards"])
async def test_a_shared_tablet(line: Line, order: int) -> None:
    for call in SHARED_TABLET[::order]:
        await line.apply(call)
    assert await holds(line, "device_id", "d", "M1", "M2") == [(None, 4, "M1"), (4, 6, "M2"), (6, None, "M1")]
    # What came before the first log-in is of the first who logged in.
    assert await times(line, "M1") == ([1, 2, 3, 6, 7], [1, 2, 3, 6, 7])
    assert await times(line, "M2") == ([4, 5], [4, 5])


@pytest.mark.parametrize("order", [1, -1], ids=["as it happened", "backwards"])
async def test_segments_count_what_each_did(line: Line, order: int) -> None:
    await line.segment("twice", {"event": {"name": "Seen", "op": "EQ", "values": [2]}})
    await line.segment("five", {"event": {"name": "Seen", "op": "EQ", "values": [5]}})
    for call in SHARED_TABLET[::order]:
        await line.apply(call)
    picture = await line.picture()
    inside = {
        uid: segments
        for uids, _, segments in picture["customers"]
        for uid in uids
        if uid in (line.uid("user_id", "M1"), line.uid("user_id", "M2"))
    }
    assert inside == {line.uid("user_id", "M1"): ["five"], line.uid("user_id", "M2"): ["twice"]}
    # A build reads the same facts from the graph.
    await line.build("five")
    assert (await line.picture())["customers"] == picture["customers"]


async def test_a_late_event_goes_to_whoever_had_the_device_then(line: Line) -> None:
    for call in SHARED_TABLET:
        await line.apply(call)
    await line.apply(sighting(40, at=4, device="d", kind="track"))
    assert await times(line, "M2") == ([4, 4, 5], [4, 4, 5])
    # A log-in that arrives late cuts a stretch in two.
    await line.apply(sighting(41, at=5, device="d", member="M1", kind="track"))
    await line.apply(sighting(42, at=1, device="d", member="M2", kind="track"))
    assert await holds(line, "device_id", "d", "M1", "M2") == [
        (None, 2, "M2"),
        (2, 4, "M1"),
        (4, 5, "M2"),
        (5, None, "M1"),
    ]


async def test_what_a_device_reports_is_its_holders_of_then(line: Line) -> None:
    calls = [
        sighting(1, device="d", member="M1"),
        sighting(2, device="d", traits={"colour": "red"}),
        sighting(3, device="d", member="M2"),
        sighting(4, device="d", traits={"colour": "blue"}),
    ]
    for order in (calls, calls[::-1], [*calls[::2], *calls[1::2]]):
        for number, call in enumerate(order):
            # Another device and other members each time: the same story from the beginning.
            again = {**call, "messageId": f"{id(order)}-{number}", "context": {"device": {"id": f"d{id(order)}"}}}
            if "userId" in call:
                again["userId"] = f"{call['userId']}{id(order)}"
            await line.apply(again)
        for member, colour in (("M1", "red"), ("M2", "blue")):
            customer = await line.customer("user_id", f"{member}{id(order)}")
            (row,) = await line.graph.read(_ATTRIBUTES, id=customer)
            assert f'"{colour}"' in opened(line.graph, row)["attributes"]


async def test_a_phone_that_changes_hands(line: Line) -> None:
    phone = "+8613912345678"
    for call in (
        sighting(1, member="M1", phone=phone),
        sighting(2, phone=phone, kind="track"),
        sighting(3, member="M2", phone=phone),
        sighting(4, phone=phone, kind="track"),
    ):
        await line.apply(call)
    assert await holds(line, "phone", phone, "M1", "M2") == [(None, 3, "M1"), (3, None, "M2")]
    assert await times(line, "M1") == ([2], [2])
    assert await times(line, "M2") == ([4], [4])


async def test_a_kiosk_belongs_to_nobody_and_its_members_keep_what_they_did(line: Line) -> None:
    for number in range(1, 5):
        await line.apply(sighting(number, device="kiosk", member=f"M{number}", kind="track"))
        await line.apply(sighting(10 + number, device="kiosk", kind="track"))
    await line.apply(sighting(20, device="kiosk", cookie="c", kind="track"))
    for number in range(1, 5):
        assert await times(line, f"M{number}") == ([number], [number])
    picture = await line.picture()
    hung = {event: uid for uid, event, _, _ in picture["events"]}
    assert sorted(hung.values()).count(line.uid("device_id", "kiosk")) == 4
    assert line.uid("anonymous_id", "c") in hung.values()
