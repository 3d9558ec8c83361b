"""A store on ClickHouse: a batch is seen as a whole or not at all, whatever ends it, and nothing else is ever seen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from analytics.engines.clickhouse import tidying
from analytics.engines.clickhouse.ledger import Ousted
from analytics.engines.clickhouse.place import ClickHousePlace
from analytics.engines.clickhouse.server import Address, EngineFault, Server, StoreAway
from analytics.engines.clickhouse.store import ClickHouseStore
from analytics.engines.places import place_of
from analytics.query import asking
from analytics.query.sources import Tables
from analytics.sql.sandbox import Limits
from analytics.store.batch import (
    Batch,
    CustomerCells,
    EventCells,
    Membership,
    Position,
    SegmentChange,
    StageMove,
    Stretch,
    TagCells,
    number_of,
)
from analytics.store.spread import cells_of, spread
from base.errors import BadInput, ConfigurationFault
from base.keys import Keyring
from base.secret import Secret
from base.settings import Settings
from graph.repositories.sharing import NOTHING_CLOSED
from rules.parser import parse_rule
from rules.tags.definition import Sql
from rules.type_problems import ValueType
from tests.support.clickhouse_server import PASSWORD, ClickHouseServer, clickhouse_server
from tests.support.columns import contents, events_by_customer

UTC = ZoneInfo("UTC")
BUILT = Position(built=True)
# Which statements of a batch do not come back: all of them take minutes.
STEP = 5


def customer(id: str, **attributes: object) -> CustomerCells:
    return CustomerCells(id, 1, spread(attributes))


def event(uid: str, id: str, name: str = "Bought", **properties: object) -> EventCells:
    return EventCells(uid, name, 10, id, spread(properties))


FIRST = Batch(
    customers={id: customer(id, city="Rome") for id in ("a", "b", "c")},
    owners={"u": [Stretch("a")], "v": [Stretch("b", None, 20), Stretch("c", 20, None)]},
    events=[event("u", "e1", n=1), event("v", "e2", n=2)],
    members=[Membership("a", "s", 5), Membership("b", "s", 5)],
    tags=[TagCells("a", "t", 5, dict(cells_of("Gold"))), TagCells("b", "t", 5, dict(cells_of(["x", "y"])))],
    moves=[StageMove("a", "life", 3, None, "buyer", "TIME", 1)],
    changes=[SegmentChange("a", "s", 1, True, 5, 1, None, 1), SegmentChange("b", "s", 1, True, 5, 1, None, 2)],
)
# Everything that a batch can do, with names that were not there.
SECOND = Batch(
    customers={"a": customer("a", town="Bern"), "b": None, "d": customer("d", city="Oslo")},
    owners={"v": [Stretch("c")], "w": [Stretch("d")]},
    events=[event("v", "e2", n=3), event("v", "e3", name="Viewed"), event("u", "e1", n=1), event("w", "e4")],
    rehung=frozenset({"v"}),
    doubtful=True,
    members=[Membership("a", "s", None), Membership("d", "s", 7)],
    tags=[TagCells("a", "t", 6, dict(cells_of(3)))],
    nowhere=frozenset({"b"}),
    moved=frozenset({"a"}),
    moves=[StageMove("a", "life", 4, "buyer", "regular", "TIME", 1)],
    changes=[SegmentChange("a", "s", 2, False, 6, 1, "EVENT", 9), SegmentChange("a", "s", 1, True, 5, 2, None, 8)],
    doubtful_changes=True,
    cleared=frozenset({"b"}),
    dropped={"s": 1},
)
AFTER = Position(touched=7, changes=9, built=True, as_of_ms=11)


@pytest.fixture
def place(clickhouse: ClickHouseServer) -> ClickHousePlace:
    return ClickHousePlace.of(clickhouse.url)


def made(place: ClickHousePlace) -> ClickHouseStore:
    """A store that holds the first batch, built in two pages, and answers."""
    old = place.open()
    building = place.begin()
    building.apply(Batch(customers=FIRST.customers, members=FIRST.members, tags=FIRST.tags), Position(), fresh=True)
    rest = Batch(owners=FIRST.owners, events=FIRST.events, moves=FIRST.moves, changes=FIRST.changes)
    building.apply(rest, Position(), fresh=True)
    building.apply(Batch(), BUILT)
    place.put(building, old)
    return place.open()


def expected(place: ClickHousePlace) -> tuple[dict[str, Any], dict[str, Any]]:
    """What there is before and after the second batch."""
    store = made(place)
    before = contents(store)
    store.apply(SECOND, AFTER)
    return before, contents(store)


def test_a_batch_replaces_what_it_names(place: ClickHousePlace) -> None:
    store = made(place)
    store.apply(SECOND, AFTER)
    held = contents(store)
    assert [fixed[0] for fixed, _ in held["customers"]] == ["a", "c", "d"]
    assert sorted(held["members"]) == sorted([(number_of("d"), "s", 7)])
    assert events_by_customer(store) == [("a", "e1"), ("c", "e2"), ("c", "e3"), ("d", "e4")]
    assert [row[4] for row in held["moves"]] == ["regular"]
    assert sorted((row[2], row[5]) for row in held["changes"]) == [(1, 2), (2, 1)]
    assert [row[2] for row in held["tag_values"]] == [6]


def test_what_was_written_is_there_for_the_next_owner(place: ClickHousePlace) -> None:
    store = made(place)
    store.apply(SECOND, AFTER)
    again = place.open()
    assert (again.position, again.layout) == (AFTER, store.layout)
    assert contents(again) == contents(store)


class Dies(Exception):
    pass


def dying_at(monkeypatch: pytest.MonkeyPatch, at: int, is_done: bool) -> None:
    """Have the server's statement of a number not come back, done or not."""
    number = 0

    def guarded(original: Any) -> Any:
        def call(*args: Any, **named: Any) -> Any:
            nonlocal number
            number += 1
            if number == at and not is_done:
                raise Dies
            answer = original(*args, **named)
            if number == at:
                raise Dies
            return answer

        return call

    for name in ("run", "insert", "read"):
        monkeypatch.setattr(Server, name, guarded(getattr(Server, name)))


@pytest.mark.parametrize("is_done", [False, True], ids=["lost on the way", "lost on the way back"])
def test_an_owner_that_dies_within_a_batch_leaves_it_whole_or_not_there(place: ClickHousePlace, is_done: bool) -> None:
    before, after = expected(place)
    at, ended = 1 + 2 * is_done, 0
    while not ended:
        store = made(place)
        with pytest.MonkeyPatch.context() as patch:
            dying_at(patch, at, is_done)
            try:
                store.apply(SECOND, AFTER)
                ended = at
            except Dies:
                with pytest.raises(StoreAway):
                    store.apply(SECOND, AFTER)
        # What was read before stays as it was.
        assert place.is_of_store(Dies()) is not bool(ended)
        opened = place.open()
        is_there = opened.position == AFTER
        assert contents(opened) == (after if is_there else before), at
        assert opened.position in (BUILT, AFTER)
        if not is_there:
            opened.apply(SECOND, AFTER)
        assert contents(opened) == after, at
        at += STEP
    assert ended > 20


def test_rows_that_arrive_when_their_owner_is_gone_are_never_seen(place: ClickHousePlace) -> None:
    store = made(place)
    late, server = store._ledger.next, store._server
    opened = place.open()
    rows = pa.table({"customer": [99], "id": ["late"], "created_at": [1], "batch": pa.array([late], pa.uint64())})
    server.insert(f"{store._prefix}customers", rows)
    before = contents(opened)
    for touched in (1, 2, 3):
        opened.apply(Batch(), Position(touched=touched, built=True))
    assert contents(opened) == before
    assert "late" not in str(before)


def test_of_two_owners_the_later_one_writes(place: ClickHousePlace, clickhouse: ClickHouseServer) -> None:
    store = made(place)
    other = ClickHousePlace.of(clickhouse.url)
    taken = other.open()
    with pytest.raises(Ousted) as ousted:
        store.apply(SECOND, AFTER)
    assert place.is_of_store(ousted.value)
    # It does not take it back: neither of them would get anywhere.
    with pytest.raises(Ousted):
        place.open()
    taken.apply(SECOND, AFTER)
    assert taken.position == AFTER


def test_a_reader_sees_one_state_while_batches_are_written(place: ClickHousePlace) -> None:
    store = made(place)
    rome = parse_rule({"attribute": {"name": "city", "op": "EQ", "values": ["Rome"]}})
    reader = store.ask()
    tables = Tables(store.layout, store.engine)
    assert asking.count(reader, rome, tables, 100, UTC) == 3
    store.apply(SECOND, AFTER)
    assert asking.count(reader, rome, tables, 100, UTC) == 3
    assert asking.count(store.ask(), rome, Tables(store.layout, store.engine), 100, UTC) == 1


def test_a_build_is_not_seen_before_it_is_whole(place: ClickHousePlace) -> None:
    store = made(place)
    before = contents(store)
    building = place.begin()
    building.apply(Batch(customers={"z": customer("z")}), Position(), fresh=True)
    assert contents(store) == before
    # A build that did not come to its end is nobody's.
    opened = place.open()
    assert contents(opened) == before
    with pytest.raises(EngineFault):
        contents(building)


def test_rows_that_count_no_more_are_taken_away_unless_somebody_reads_them(
    place: ClickHousePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "TIDY_ROWS", 1)
    monkeypatch.setattr(tidying, "LOOK_EVERY_S", 0.0)
    store = made(place)
    server, prefix = store._server, store._prefix
    reader = store.ask()

    def seen() -> list[tuple[Any, ...]]:
        return reader._server.rows(
            reader._snapshot.reading("SELECT id, created_at FROM customers ORDER BY id", ["customers"])
        )

    before = seen()

    def rows() -> int:
        return int(server.rows(f"SELECT count() FROM {prefix}customers")[0][0])

    for number in range(6):
        again = {"a": CustomerCells("a", 100 + number, spread({"city": "Bern"}))}
        store.apply(Batch(customers=again, tags=[], rehung=frozenset({"u"}), events=[event("u", "e1")]), BUILT)
        assert [row[:2] for row in seen()] == [row[:2] for row in before]
    reader.close()
    assert rows() >= 4
    held = contents(store)
    for _ in range(8):
        store.apply(Batch(), BUILT)
        assert contents(store) == held
    assert rows() == 3
    assert store._snapshot.gone == frozenset()
    assert contents(place.open()) == held


def test_statements_of_people_are_refused_and_it_is_said_what_to_do(place: ClickHousePlace) -> None:
    reader, definition = made(place).ask(), Sql("SELECT 1", ValueType.NUMBER)
    for ask in (
        lambda: reader.check_sql(definition, 1, UTC),
        lambda: reader.sql_values(definition, 1, UTC, Limits(), NOTHING_CLOSED),
    ):
        with pytest.raises(BadInput) as refused:
            ask()
        assert refused.value.field == "text"
        assert "KITH_COLUMNS_URL" in str(refused.value.hint)


async def test_a_server_that_goes_away_says_so_and_comes_back_with_everything(tmp_path: Path) -> None:
    async with clickhouse_server(tmp_path / "server") as server:
        place = ClickHousePlace.of(server.url)
        store = await asyncio.to_thread(made, place)
        held = await asyncio.to_thread(contents, store)
        server.stop()
        with pytest.raises(StoreAway) as away:
            await asyncio.to_thread(store.apply, SECOND, AFTER)
        assert place.is_of_store(away.value)
        with pytest.raises(StoreAway):
            await asyncio.to_thread(contents, store)
        with pytest.raises(StoreAway):
            await asyncio.to_thread(place.open)
        await server.start()
        opened = await asyncio.to_thread(place.open)
        assert await asyncio.to_thread(contents, opened) == held
        await asyncio.to_thread(opened.apply, SECOND, AFTER)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(PASSWORD, "another-secret", id="password"),
        pytest.param("/columns", "/elsewhere", id="database"),
    ],
)
async def test_a_server_that_refuses_is_a_setting_to_be_changed(
    clickhouse: ClickHouseServer, old: str, new: str, caplog: pytest.LogCaptureFixture
) -> None:
    place = ClickHousePlace.of(clickhouse.url.replace(old, new))
    with pytest.raises(ConfigurationFault) as refused:
        await asyncio.to_thread(place.open)
    assert "refuses" in str(refused.value)
    told = [*_chain(refused.value), caplog.text, repr(place._address)]
    assert not any(secret in text for text in told for secret in (PASSWORD, "another-secret"))


def _chain(fault: BaseException | None) -> Iterator[str]:
    """What a log of a fault shows."""
    while fault is not None:
        yield repr(fault)
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)


@pytest.mark.parametrize(
    "url",
    [
        "clickhouse",
        "clickhouse://",
        "http://kith:hidden@host/columns",
        "clickhouse://kith:hidden@host:port/columns",
        "clickhouse://kith:hidden@[host/columns",
        "clickhouse://kith:hidden@host/columns?secure=yes",
        "clickhouse://kith:hidden@host/columns?verify=false",
    ],
)
def test_an_address_that_is_none_is_refused_without_being_shown(url: str, keyring: Keyring) -> None:
    settings = Settings(columns_url=Secret(url))
    assert "hidden" not in repr(settings)
    with pytest.raises(ConfigurationFault, match="KITH_COLUMNS_URL") as refused:
        place_of(settings, keyring)
    assert "hidden" not in str(list(_chain(refused.value)))


def test_an_address_has_defaults_and_quoted_parts() -> None:
    assert Address.of("clickhouse://a%40b:p%2Fq@host/my") == Address("host", 8123, "a@b", "p/q", "my", False)
    assert Address.of("clickhouse://host?secure=true") == Address("host", 8443, "default", "", "default", True)
