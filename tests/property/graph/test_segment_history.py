"""Who was in a segment when: after random comings, goings and merges the graph says what a list of intervals says."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from base.clock import MAX_MS
from graph.client import GraphClient, Transaction
from graph.repositories.segment_history import FIRST_PLACE, Place, SegmentHistoryRepository, StayRecord
from tests.support.profiles import retire
from tests.support.segments import create_many_customers, create_segment
from workers.live.evaluation import Flip
from workers.live.outbox import commit, membership_rows
from workers.live.state import Membership

CUSTOMERS, LAST_MS = 9, 40
KEYS = ("s", "t")


@dataclass
class Model:
    """Intervals of customers in segments, by customer and segment, and who was merged into whom."""

    stays: dict[tuple[str, str], list[StayRecord]] = field(default_factory=dict)
    heirs: dict[str, str] = field(default_factory=dict)

    def person(self, customer: str) -> str:
        return self.heirs.get(customer, customer)

    def members_at(self, key: str, at_ms: int) -> list[str]:
        """The smallest id of each person that was in the segment."""
        inside = sorted(
            customer
            for (customer, segment), stays in self.stays.items()
            if segment == key and any(covers(stay, at_ms) for stay in stays)
        )
        speakers: dict[str, str] = {}
        for customer in inside:
            speakers.setdefault(self.person(customer), customer)
        return list(speakers.values())

    def history(self, person: str) -> list[StayRecord]:
        found = [stay for stays in self.stays.values() for stay in stays if self.person(stay.customer) == person]
        return sorted(found, key=lambda one: (-one.since_ms, -one.sequence, one.segment_key, one.customer))


def covers(stay: StayRecord, at_ms: int) -> bool:
    return stay.since_ms <= at_ms and (stay.until_ms is None or at_ms < stay.until_ms)


def random_flips(chance: random.Random, model: Model, ids: list[str]) -> list[Flip]:
    """Some changes of every pair, at instants that may be the same."""
    flips: list[Flip] = []
    for customer in ids:
        for key in KEYS:
            before: Membership | None = None
            times = sorted(chance.choices(range(LAST_MS), k=chance.randrange(7)))
            for sequence, at in enumerate(times, start=1):
                inside = before is None or not before.inside
                version = 1 + at // 20
                cause = chance.choice(["EVENT", "TIME", "RULE"])
                ended = None if inside else before
                flips.append(Flip(customer, key, version, inside, at, sequence, cause, None, ended))  # type: ignore[arg-type]
                stays = model.stays.setdefault((customer, key), [])
                if inside:
                    stays.append(StayRecord(key, customer, at, None, version, None, None, sequence))
                else:
                    begun = stays.pop()
                    stays.append(
                        StayRecord(key, customer, begun.since_ms, at, begun.entered_version, version, cause, sequence)
                    )
                before = Membership(inside, at, version, sequence)
    return flips


async def written(graph: GraphClient, chance: random.Random) -> Model:
    """A random history, in the graph and as a model."""
    model, ids = Model(), await create_many_customers(graph, CUSTOMERS)
    for key in KEYS:
        await create_segment(graph, key)
    flips = random_flips(chance, model, ids)

    async def work(tx: Transaction) -> None:
        await commit(tx, membership_rows(flips), [], LAST_MS)

    await graph.write("tests/write_flips", work)
    # Three who are one, and two who are; the survivor is not always the smallest.
    for heir, *merged in ([ids[4], ids[0], ids[7]], [ids[2], ids[3]]):
        for retired in merged:
            await retire(graph, retired, heir)
            model.heirs[retired] = heir
    return model


async def members_at(history: SegmentHistoryRepository, key: str, at_ms: int, count: int) -> list[str]:
    """All pages."""
    found: list[str] = []
    behind: str | None = ""
    while behind is not None:
        ids, behind = await history.scan_members(key, at_ms, behind, count)
        found += ids
    return found


@pytest.mark.parametrize("seed", range(4))
async def test_members_of_every_instant_are_those_of_the_intervals(seed: int, graph: GraphClient) -> None:
    chance = random.Random(seed)
    model, history = await written(graph, chance), SegmentHistoryRepository(graph)

    for at_ms in range(-1, LAST_MS + 1):
        count = chance.choice([1, 2, 5, 500])
        assert await members_at(history, "s", at_ms, count) == model.members_at("s", at_ms), (at_ms, count)


@pytest.mark.parametrize("seed", range(4, 8))
async def test_sizes_and_moves_of_every_bucket_are_those_of_the_intervals(seed: int, graph: GraphClient) -> None:
    chance = random.Random(seed)
    model, history = await written(graph, chance), SegmentHistoryRepository(graph)
    edges = sorted(chance.sample(range(LAST_MS), 6))

    size, moves = await history.count_moves("s", edges)

    stays = [stay for (_, key), stays in model.stays.items() if key == "s" for stay in stays]
    assert size == sum(stay.until_ms is None for stay in stays)
    ends = [*edges[1:], MAX_MS]
    for from_ms, to_ms, moved in zip(edges, ends, moves, strict=True):
        assert moved.entered == sum(from_ms <= stay.since_ms < to_ms for stay in stays)
        assert moved.exited == sum(stay.until_ms is not None and from_ms <= stay.until_ms < to_ms for stay in stays)


@pytest.mark.parametrize("seed", range(8, 12))
async def test_a_customers_history_is_that_of_all_who_they_were(seed: int, graph: GraphClient) -> None:
    chance = random.Random(seed)
    model, history = await written(graph, chance), SegmentHistoryRepository(graph)

    for person in {model.person(customer) for customer, _ in model.stays}:
        found: list[StayRecord] = []
        behind = FIRST_PLACE
        while page := await history.list_of_customer(person, behind, 2):
            found += page
            behind = Place(page[-1].since_ms, page[-1].sequence, page[-1].segment_key, page[-1].customer)
        assert found == model.history(person)
