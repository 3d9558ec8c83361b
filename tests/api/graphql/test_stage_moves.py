"""Moves between stages as clients see them: counted by the columnar store or the graph, and of one customer."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.asyncio import Redis

from base.clock import iso, now_ms
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient, Transaction
from graph.repositories.stage import StageRepository
from rules.tags.stages import MoveReason
from tests.support.answering import answering
from tests.support.api import Api
from tests.support.profiles import Person, retire, write_people
from tests.support.tags import BOUGHT_COUNT, save_tag
from workers.live.evaluation import Move, TagFlip
from workers.live.outbox import commit, membership_rows
from workers.live.state import Tagged

BEGIN_MS = 1_772_409_600_000
DAY_MS = 86_400_000
LIFE = {"lifecycle": {"stages": [{"stage": "new", "rule": {"everyone": True}}]}}
FLOW = """query F($key: String!, $from: DateTime!, $to: DateTime!, $reasons: [MoveReason!]! = [CUSTOMER]) {
  tag(key: $key) { flow(from: $from, to: $to, reasons: $reasons) { fromStage toStage count } } }"""
HISTORY = """query H($id: ID!, $tag: String!, $after: String) { customer(id: $id) {
  stageHistory(tag: $tag, first: 2, after: $after) {
    edges { node { fromStage toStage at reason version customerId } } pageInfo { hasNextPage endCursor } } } }"""
NEW, ACTIVE, ASLEEP = "new", "active", "asleep"


def at(day: float) -> str:
    return iso(BEGIN_MS + int(day * DAY_MS))


def move(
    customer: str, before: str | None, stage: str | None, day: float, why: MoveReason = MoveReason.CUSTOMER
) -> TagFlip:
    return TagFlip(customer, "life", Tagged(stage, BEGIN_MS + int(day * DAY_MS), 1), Move(before, why))


async def write(graph: GraphClient, *flips: TagFlip) -> None:
    async def work(tx: Transaction) -> None:
        await commit(tx, membership_rows(flips), [], BEGIN_MS)

    await graph.write("tests/write_moves", work)


@pytest.fixture
async def people(graph: GraphClient, keyring: Keyring) -> None:
    """Three customers with a life cycle behind them, one of whom was merged into another since."""
    await write_people(graph, keyring, *(Person(f"cus_{one}", identifiers=(("user_id", one),)) for one in "abc"))
    await save_tag(graph, "life", LIFE)
    await write(graph, move("cus_a", None, NEW, 0), move("cus_b", None, NEW, 0, MoveReason.RULE))
    await write(graph, move("cus_a", NEW, ACTIVE, 1), move("cus_a", ACTIVE, ASLEEP, 1), move("cus_b", NEW, ACTIVE, 2))
    await write(graph, move("cus_b", ACTIVE, None, 3, MoveReason.IDENTITY), move("cus_c", NEW, None, 4))
    await retire(graph, "cus_b", "cus_a")


def rows(told: dict[str, object]) -> list[tuple[object, ...]]:
    return [tuple(one.values()) for one in told["tag"]["flow"]]  # type: ignore[index]


EVERY = [reason.value for reason in MoveReason]


async def test_the_store_counts_like_the_graph(
    api: Api,
    graph: GraphClient,
    redis: Redis,
    settings: Settings,
    people: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cases = [
        # The beginning is included, the end is not.
        ((0, 4, ["CUSTOMER"]), [(None, NEW, 1), (ACTIVE, ASLEEP, 1), (NEW, ACTIVE, 2)]),
        ((1, 2, ["CUSTOMER"]), [(ACTIVE, ASLEEP, 1), (NEW, ACTIVE, 1)]),
        ((0, 5, EVERY), [(None, NEW, 2), (ACTIVE, None, 1), (ACTIVE, ASLEEP, 1), (NEW, None, 1), (NEW, ACTIVE, 2)]),
        ((0, 5, ["IDENTITY"]), [(ACTIVE, None, 1)]),
        ((0, 5, []), []),
        ((5, 9, EVERY), []),
    ]

    async def told() -> list[list[tuple[object, ...]]]:
        asked = [
            {"key": "life", "from": at(start), "to": at(end), "reasons": reasons} for (start, end, reasons), _ in cases
        ]
        return [rows(await api.data(FLOW, each)) for each in asked]

    expected = [wanted for _, wanted in cases]
    assert await told() == expected

    async def away(*_: object) -> object:
        raise AssertionError

    async with answering(graph, redis, settings, tmp_path):
        # What is written while the store follows is counted too.
        await write(graph, move("cus_a", ASLEEP, ACTIVE, 10))
        monkeypatch.setattr(StageRepository, "count_moves", away)
        assert await told() == expected
        later = {"key": "life", "from": at(9), "to": at(11)}
        assert rows(await api.data(FLOW, later)) == [(ASLEEP, ACTIVE, 1)]


@pytest.mark.parametrize(
    ("key", "start", "end", "field"), [("life", 1, 1, "from"), ("life", 2, 1, "from"), ("orders", 0, 1, "flow")]
)
async def test_a_flow_that_cannot_be_is_refused(
    api: Api, graph: GraphClient, people: None, key: str, start: int, end: int, field: str
) -> None:
    await save_tag(graph, "orders", BOUGHT_COUNT)
    error = await api.error(FLOW, {"key": key, "from": at(start), "to": at(end)})
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", field)


async def test_a_customers_history_is_newest_first_in_pages(api: Api, people: None) -> None:
    found, after, pages = [], None, 0
    while True:
        variables = {"id": "cus_a", "tag": "life", "after": after}
        page = (await api.data(HISTORY, variables))["customer"]["stageHistory"]
        found += [edge["node"] for edge in page["edges"]]
        pages += 1
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]

    assert pages == 3
    assert [(one["customerId"], one["fromStage"], one["toStage"], one["reason"]) for one in found] == [
        ("cus_b", ACTIVE, None, "IDENTITY"),
        ("cus_b", NEW, ACTIVE, "CUSTOMER"),
        # Of one instant: as they came.
        ("cus_a", ACTIVE, ASLEEP, "CUSTOMER"),
        ("cus_a", NEW, ACTIVE, "CUSTOMER"),
        ("cus_b", None, NEW, "RULE"),
        ("cus_a", None, NEW, "CUSTOMER"),
    ]
    assert (found[0]["at"], found[0]["version"]) == (at(3), 1)


async def test_a_history_is_of_a_life_cycle(api: Api, graph: GraphClient, people: None) -> None:
    await save_tag(graph, "orders", BOUGHT_COUNT)
    for key in ("orders", "none"):
        error = await api.error(HISTORY, {"id": "cus_a", "tag": key})
        assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", "tag")


async def test_the_newest_moves_are_in_a_flow_that_ends_now(api: Api, graph: GraphClient, people: None) -> None:
    await write(graph, TagFlip("cus_c", "life", Tagged(NEW, now_ms() - 10, 1), Move(None, MoveReason.CUSTOMER)))
    told = await api.data(FLOW, {"key": "life", "from": iso(now_ms() - 1_000), "to": iso(now_ms())})
    assert rows(told) == [(None, NEW, 1)]
