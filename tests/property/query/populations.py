"""Random customers in a columnar store: with several identifiers, some of which changed hands, and with strangers."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pyarrow as pa

from analytics.store.batch import Batch, CustomerCells, EventCells, Membership, Position, Stretch, number_of
from analytics.store.file import ColumnFile
from analytics.store.spread import Kind, cells_of, spread
from analytics.store.tables import TAG_VALUES
from tests.property.rules.naive_rules import Event
from tests.property.rules.rule_strategies import BASE_MS, DAY_MS, Customer

_KINDS = {
    Kind.TEXT: pa.string(),
    Kind.FOLDED: pa.string(),
    Kind.INSTANT: pa.int64(),
    Kind.DAY: pa.int32(),
    Kind.NUMBER: pa.float64(),
    Kind.FLAG: pa.bool_(),
    Kind.OTHER: pa.bool_(),
    Kind.TEXTS: pa.list_(pa.string()),
    Kind.NUMBERS: pa.list_(pa.float64()),
    Kind.FLAGS: pa.list_(pa.bool_()),
}


def store_of(customers: Sequence[Customer], random: Random) -> ColumnFile:
    """A store that holds these customers, the n-th as `c<n>`, and events that are nobody's."""
    file = ColumnFile()
    owners: dict[str, list[Stretch]] = {}
    events: list[EventCells] = []
    # From one customer to the next an identifier changes hands, with a time in between in which it is nobody's.
    cuts = [BASE_MS + random.choice([-DAY_MS, -1, 0, 1, DAY_MS]) for _ in customers]
    for number, (_, happened, _, _) in enumerate(customers):
        shared, taken_ms, left_ms = f"shared{number + 1}", cuts[number - 1] + 2, cuts[number]
        owners[f"own{number}"], owners[f"other{number}"] = [Stretch(f"c{number}")], [Stretch(f"c{number}")]
        owners.setdefault(shared, []).append(Stretch(f"c{number}", None, left_ms))
        owners.setdefault(f"shared{number}", []).append(Stretch(f"c{number}", taken_ms, None))
        for event in happened:
            at_ms = event[1]
            uids = [f"own{number}", f"other{number}"]
            uids += [shared] * 2 if at_ms < left_ms else []
            uids += [f"shared{number}"] * 2 if number and at_ms >= taken_ms else []
            events.append(_cells(event, random.choice(uids), f"{number} {event[2]}"))
            events.append(_cells(event, "nobody", f"nobody {number} {event[2]}"))
        gap = (left_ms, left_ms + 1)
        events += [_cells(("E", at_ms, "", {"x": 1}), shared, f"between {number} {at_ms}") for at_ms in gap]
    file.apply(
        Batch(
            customers={
                f"c{number}": CustomerCells(f"c{number}", 0, spread(one[0])) for number, one in enumerate(customers)
            },
            owners=owners,
            events=events,
            members=[
                Membership(f"c{number}", key, 0) for number, one in enumerate(customers) for key in sorted(one[2])
            ],
        ),
        Position(),
        fresh=True,
    )
    connection = file.reader().con
    connection.register("tag_rows", tag_rows(customers))
    connection.execute(f"CREATE TABLE {TAG_VALUES} AS SELECT * FROM tag_rows")
    return file


def _cells(event: Event, uid: str, id_: str) -> EventCells:
    name, at_ms, _, properties = event
    return EventCells(uid, name, at_ms, id_, spread(properties))


def tag_rows(customers: Sequence[Customer]) -> pa.Table:
    """The table of the values of tags."""
    rows: list[dict[str, Any]] = []
    for number, (_, _, _, tags) in enumerate(customers):
        for key, value in tags.items():
            if value is not None:
                cells = {kind.value: cell for kind, cell in cells_of(value)}
                rows.append({"customer": number_of(f"c{number}"), "tag": key, "since": 0, **cells})
    schema = {"customer": pa.int64(), "tag": pa.string(), "since": pa.int64()}
    return pa.Table.from_pylist(rows, schema=pa.schema({**schema, **{kind.value: of for kind, of in _KINDS.items()}}))
