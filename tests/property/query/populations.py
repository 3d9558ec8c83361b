"""Random customers in a columnar store: with several identifiers, some of which changed hands, and with strangers."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from analytics.store.batch import Batch, CustomerCells, EventCells, Membership, Position, Stretch, TagCells
from analytics.store.file import ColumnFile
from analytics.store.spread import cells_of, spread
from tests.property.rules.naive_rules import Event
from tests.property.rules.rule_strategies import BASE_MS, DAY_MS, Customer


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
            tags=[
                TagCells(f"c{number}", key, 0, dict(cells_of(value)))
                for number, one in enumerate(customers)
                for key, value in one[3].items()
                if value is not None
            ],
        ),
        Position(),
        fresh=True,
    )
    return file


def _cells(event: Event, uid: str, id_: str) -> EventCells:
    name, at_ms, _, properties = event
    return EventCells(uid, name, at_ms, id_, spread(properties))
