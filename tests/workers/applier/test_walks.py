"""A walk over evidence that is done again under more locks finds what the first one would find now, in fewer steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from redis.asyncio import Redis

from base.keys import Keyring
from graph.client import GraphClient, Transaction
from graph.queries import Query
from graph.repositories.identity import Component, get_identifiers, load_component
from tests.support.line import Line
from tests.support.sightings import sighting
from workers.decisions.desk import Said

# A chain of persons who share tablets, with leaves: c1 – M1 – t1 – M2 – t2 – M3 – c3.
CHAIN = (
    {"member": "M1", "cookie": "c1"},
    {"member": "M1", "device": "t1"},
    {"member": "M2", "device": "t1"},
    {"member": "M2", "device": "t2"},
    {"member": "M3", "device": "t2"},
    {"member": "M3", "cookie": "c3"},
)


@pytest.fixture
async def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    line = Line.of(graph, redis, keyring)
    for number, identifiers in enumerate(CHAIN, 1):
        await line.apply(sighting(number, **identifiers))
    return line


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Statements of walks, in order: real ones, watched."""
    seen: list[str] = []
    run = Transaction.run

    async def watched(self: Transaction, query: Query, /, **parameters: Any) -> list[Mapping[str, Any]]:
        if query.name == "identity/expand_component":
            seen.append(query.name)
        return await run(self, query, **parameters)

    monkeypatch.setattr(Transaction, "run", watched)
    return seen


async def walk(line: Line, again: frozenset[str] = frozenset()) -> Component:
    async def work(tx: Transaction) -> Component:
        start = await get_identifiers(tx, [line.uid("anonymous_id", "c1")])
        return await load_component(tx, start, first=again)

    return await line.graph.write("test_walk", work)


def found(component: Component) -> tuple[object, ...]:
    return component.identifiers, component.evidence, component.must, component.cannot


async def test_what_was_walked_before_is_read_in_one_step(line: Line, steps: list[str]) -> None:
    first = await walk(line)
    assert len(first.identifiers) == 7
    before = len(steps)
    second = await walk(line, frozenset(first.walked))

    assert found(second) == found(first)
    assert before > 3
    assert len(steps) - before == 1


async def test_what_came_in_between_is_found_though_nobody_walked_there(line: Line) -> None:
    first = await walk(line)
    assert line.uid("anonymous_id", "c3") not in first.walked
    # Behind an identifier that led nowhere, and behind one that did.
    await line.apply(sighting(7, cookie="c3", email="e3@x.org"))
    await line.apply(sighting(8, email="e3@x.org", device="t3"))
    await line.apply(sighting(9, member="M2", cookie="c2"))
    second = await walk(line, frozenset(first.walked))

    assert found(second) == found(await walk(line))
    assert len(second.identifiers) == 10


async def test_what_is_decided_in_between_is_found(line: Line) -> None:
    first = await walk(line)
    await line.apply(sighting(7, member="N"))
    one, other = await line.customer("user_id", "M2"), await line.customer("user_id", "N")
    assert one is not None
    assert other is not None
    await line.desk().merge(one, other, Said("operator", "one person"))
    second = await walk(line, frozenset(first.walked))

    assert len(second.must) == 1
    assert found(second) == found(await walk(line))
