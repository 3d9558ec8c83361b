"""Who was in segments when, as clients see it."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.asyncio import Redis

from base.clock import iso, now_ms
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient, Transaction
from graph.repositories.segment_history import SegmentHistoryRepository
from tests.support.answering import answering
from tests.support.api import Api
from tests.support.line import query
from tests.support.profiles import Person, retire, write_people
from tests.support.segments import create_segment, hide_segment
from workers.live.evaluation import Flip
from workers.live.outbox import commit, membership_rows
from workers.live.state import Membership

# 2026-03-02T00:00:00Z, a Monday.
MONDAY_MS = 1_772_409_600_000
DAY_MS = 86_400_000
MEMBERS = """query M($at: DateTime, $after: String, $first: Int) { segment(key: "s") { members(
  asOf: $at, after: $after, first: $first) { edges { cursor node { id } } pageInfo { hasNextPage endCursor } } } }"""
HISTORY = """query H($id: ID!, $after: String) { customer(id: $id) { segmentHistory(first: 2, after: $after) {
  edges { node { segment { key } customerId since until enteredVersion leftVersion endedBy } }
  pageInfo { hasNextPage endCursor } } } }"""
SIZE = """query S($from: DateTime!, $to: DateTime, $by: Granularity!) { segment(key: "s") {
  sizeOverTime(from: $from, to: $to, granularity: $by) { from to size entered exited } } }"""
_MADE = query("MATCH (s:Segment {key: 's'}) SET s.created_at = $at", "WRITE")


def stay(customer: str, since_day: float, until_day: float | None, sequence: int = 1, key: str = "s") -> list[Flip]:
    """An interval, in days after that Monday."""
    since_ms = MONDAY_MS + int(since_day * DAY_MS)
    entered = Flip(customer, key, 1, True, since_ms, sequence, "EVENT", None, None)
    if until_day is None:
        return [entered]
    until_ms = MONDAY_MS + int(until_day * DAY_MS)
    ended = Membership(True, since_ms, 1, sequence)
    return [entered, Flip(customer, key, 2, False, until_ms, sequence + 1, "TIME", None, ended)]


@pytest.fixture
async def people(graph: GraphClient, keyring: Keyring) -> list[str]:
    """Five customers, and segments `s` and `t` from that Monday on."""
    ids = [f"cus_{number}" for number in range(5)]
    await write_people(graph, keyring, *(Person(one, identifiers=(("user_id", one),)) for one in ids))
    for key in ("s", "t"):
        await create_segment(graph, key)

    async def work(tx: Transaction) -> None:
        await tx.run(_MADE, at=MONDAY_MS)

    await graph.write("tests/made", work)
    return ids


async def write(graph: GraphClient, *stays: list[Flip]) -> None:
    async def work(tx: Transaction) -> None:
        await commit(tx, membership_rows([flip for each in stays for flip in each]), [], MONDAY_MS)

    await graph.write("tests/write_stays", work)


def at(day: float) -> str:
    return iso(MONDAY_MS + int(day * DAY_MS))


async def listed(api: Api, day: float, first: int = 2) -> list[str]:
    """All pages of members as of a day."""
    found: list[str] = []
    after = None
    while True:
        page = (await api.data(MEMBERS, {"at": at(day), "after": after, "first": first}))["segment"]["members"]
        found += [edge["node"]["id"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def test_members_of_the_past_are_shown_as_who_they_are_now(
    api: Api, graph: GraphClient, people: list[str]
) -> None:
    await write(graph, stay("cus_0", 0, 2), stay("cus_1", 0, None), stay("cus_2", 1, None), stay("cus_3", 0, 1))
    await retire(graph, "cus_0", "cus_4")
    await retire(graph, "cus_2", "cus_1")

    assert await listed(api, 0.5) == ["cus_4", "cus_1", "cus_3"]
    assert await listed(api, 1) == ["cus_4", "cus_1"]
    assert await listed(api, 1, first=1) == ["cus_4", "cus_1"]
    assert await listed(api, 2) == ["cus_1"]
    assert await listed(api, -1) == []


async def test_a_page_goes_on_behind_each_of_its_people(api: Api, graph: GraphClient, people: list[str]) -> None:
    await write(graph, *(stay(customer, 0, 1) for customer in people))
    await retire(graph, "cus_1", "cus_0")
    await retire(graph, "cus_2", "cus_4")
    edges = (await api.data(MEMBERS, {"at": at(0)}))["segment"]["members"]["edges"]

    rests = [
        [
            edge["node"]["id"]
            for edge in (await api.data(MEMBERS, {"at": at(0), "after": one["cursor"]}))["segment"]["members"]["edges"]
        ]
        for one in edges
    ]

    ids = [edge["node"]["id"] for edge in edges]
    assert ids == ["cus_0", "cus_4", "cus_3"]
    assert rests == [ids[1:], ids[2:], []]


async def test_members_of_the_future_are_not_known(api: Api, people: list[str]) -> None:
    error = await api.error(MEMBERS, {"at": iso(now_ms() + DAY_MS)})

    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", "asOf")


async def test_a_history_tells_what_ended_each_stay(api: Api, graph: GraphClient, people: list[str]) -> None:
    await write(graph, stay("cus_0", 0, 1), stay("cus_0", 3, None, sequence=3), stay("cus_1", 2, 4, key="t"))
    await retire(graph, "cus_1", "cus_0")

    first = (await api.data(HISTORY, {"id": "cus_0"}))["customer"]["segmentHistory"]
    second = (await api.data(HISTORY, {"id": "cus_1", "after": first["pageInfo"]["endCursor"]}))["customer"]
    nodes = [edge["node"] for page in (first, second["segmentHistory"]) for edge in page["edges"]]

    ended = {"enteredVersion": 1, "leftVersion": 2, "endedBy": "TIME"}
    lasts = {"enteredVersion": 1, "leftVersion": None, "endedBy": None}
    assert nodes == [
        {"segment": {"key": "s"}, "customerId": "cus_0", "since": at(3), "until": None, **lasts},
        {"segment": {"key": "t"}, "customerId": "cus_1", "since": at(2), "until": at(4), **ended},
        {"segment": {"key": "s"}, "customerId": "cus_0", "since": at(0), "until": at(1), **ended},
    ]
    assert first["pageInfo"]["hasNextPage"] is True


async def test_a_segment_that_is_deleted_is_not_in_the_history(api: Api, graph: GraphClient, people: list[str]) -> None:
    await write(graph, stay("cus_0", 0, 1), stay("cus_0", 0, None, key="t"))
    await hide_segment(graph, "s")

    edges = (await api.data(HISTORY, {"id": "cus_0"}))["customer"]["segmentHistory"]["edges"]

    assert [edge["node"]["segment"]["key"] for edge in edges] == ["t"]


async def test_sizes_are_those_at_the_end_of_each_day(api: Api, graph: GraphClient, people: list[str]) -> None:
    await write(
        graph,
        stay("cus_0", 0.5, 1.5),
        stay("cus_1", 1, None),
        stay("cus_2", 1.2, 1.3),
        stay("cus_3", 8, None),
        stay("cus_4", 0, 0),
    )

    days = (await api.data(SIZE, {"from": at(0.9), "to": at(3), "by": "DAY"}))["segment"]["sizeOverTime"]
    weeks = (await api.data(SIZE, {"from": at(0), "to": at(8.5), "by": "WEEK"}))["segment"]["sizeOverTime"]

    assert days == [
        {"from": at(0), "to": at(1), "size": 1, "entered": 2, "exited": 1},
        {"from": at(1), "to": at(2), "size": 1, "entered": 2, "exited": 2},
        {"from": at(2), "to": at(3), "size": 1, "entered": 0, "exited": 0},
    ]
    assert weeks == [
        {"from": at(0), "to": at(7), "size": 1, "entered": 4, "exited": 3},
        {"from": at(7), "to": at(14), "size": 2, "entered": 1, "exited": 0},
    ]


async def test_sizes_begin_with_the_segment_and_end_with_the_present(api: Api, people: list[str]) -> None:
    async def months(start: str, end: str | None) -> list[dict[str, object]]:
        found: list[dict[str, object]] = (await api.data(SIZE, {"from": start, "to": end, "by": "MONTH"}))["segment"][
            "sizeOverTime"
        ]
        return found

    assert (await months("0001-01-01T00:00:00Z", at(0.5)))[0]["from"] == "2026-03-01T00:00:00.000Z"
    assert await months("0001-01-01T00:00:00Z", at(0)) == []
    last = (await months(at(0), "9999-12-31T00:00:00Z"))[-1]
    assert str(last["from"]) <= iso(now_ms()) < str(last["to"])


async def test_the_store_tells_the_sizes_that_the_graph_tells(
    api: Api,
    graph: GraphClient,
    redis: Redis,
    settings: Settings,
    people: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await write(graph, stay("cus_0", 0, 2), stay("cus_1", 0.5, None), stay("cus_2", 1, 1), stay("cus_3", 1, 3))
    await write(graph, stay("cus_0", 2.5, None, sequence=3), stay("cus_4", 1, 2, key="t"))
    await retire(graph, "cus_3", "cus_4")
    asked = [
        {"from": at(0), "to": at(5), "by": "DAY"},
        {"from": at(0.5), "to": at(1.5), "by": "HOUR"},
        {"from": at(0), "to": iso(now_ms()), "by": "MONTH"},
    ]

    async def told() -> list[object]:
        return [(await api.data(SIZE, each))["segment"]["sizeOverTime"] for each in asked]

    expected = await told()
    assert [point["size"] for point in expected[0]] == [2, 3, 3, 2, 2]  # type: ignore[attr-defined]

    async def away(*_: object) -> object:
        raise AssertionError

    async with answering(graph, redis, settings, tmp_path):
        monkeypatch.setattr(SegmentHistoryRepository, "count_moves", away)
        assert await told() == expected


@pytest.mark.parametrize(
    ("start", "end", "by", "field"),
    [(at(1), at(1), "DAY", "from"), (at(0), at(17), "HOUR", "granularity")],
)
async def test_a_time_that_makes_no_points_or_too_many_is_refused(
    api: Api, people: list[str], start: str, end: str, by: str, field: str
) -> None:
    error = await api.error(SIZE, {"from": start, "to": end, "by": by})

    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", field)


async def test_the_most_points_that_are_given(api: Api, people: list[str]) -> None:
    points = (await api.data(SIZE, {"from": at(0), "to": at(400 / 24), "by": "HOUR"}))["segment"]["sizeOverTime"]

    assert len(points) == 400
