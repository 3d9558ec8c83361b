"""What a worker joins in memory when customers turn out to be one is what the graph says of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from redis.asyncio import Redis

from base import clock
from base.keys import Keyring
from graph.client import GraphClient, Transaction
from graph.repositories import live as live_repository
from tests.support.line import Line, query
from tests.support.sealed import opened
from tests.support.sightings import T0_MS, sighting
from tests.support.tags import save_tag
from workers.live.facts import load_states
from workers.live.state import CustomerState

_NOW_MS = T0_MS + 3_600_000
_ASKED = query("MATCH (c:Customer) WHERE NOT c:Retired RETURN c.id AS id, c.version AS version ORDER BY id")


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> Line:
    monkeypatch.setattr(clock, "now_ms", lambda: _NOW_MS)
    return Line.of(graph, redis, keyring)


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """Whose events were read from the graph, in order: real reads, watched."""
    seen: list[Sequence[str]] = []
    get_facts = live_repository.get_facts

    async def facts(tx: Transaction, ids: Sequence[str], *rest: Any, **more: Any) -> Any:
        seen.append(ids)
        return await get_facts(tx, ids, *rest, **more)

    monkeypatch.setattr(live_repository, "get_facts", facts)
    return seen


async def save_segments(line: Line) -> None:
    await line.segment("seen", {"event": {"name": "Seen", "values": [3], "window": {"last": "P30D"}}})
    big = [{"name": "amount", "op": "GT", "values": [4]}]
    await line.segment("spent", {"event": {"name": "Spent", "values": [2], "where": big}})
    await line.segment("red", {"attribute": {"name": "colour", "op": "EQ", "values": ["red"]}})


async def save_tags(line: Line) -> None:
    """One that every call may change, and one for which the order at one instant matters."""
    await save_tag(line.graph, "sightings", {"statistical": {"event": {"name": "Seen"}}})
    taken = {"which": "LAST", "take": "PROPERTY", "property": "amount", "type": "NUMBER"}
    await save_tag(line.graph, "last", {"firstLast": {"event": {"name": "Spent"}, **taken}})


def shown(state: CustomerState) -> dict[str, Any]:
    """All that rules read of a state; events of one instant in no order."""
    return {
        "version": state.version,
        "attributes": {name: (one.v, one.at, one.s) for name, one in state.attributes.items()},
        "values": dict(state.values),
        "events": {
            name: sorted(
                (at, sorted(map(repr, values.items()))) for at, values in zip(h.at_ms, h.properties, strict=True)
            )
            for name, h in state.events.items()
        },
        "sorted": all(list(h.at_ms) == sorted(h.at_ms) for h in state.events.values()),
        "memberships": dict(state.memberships),
        "segments": set(state.segments),
        "tagged": dict(state.tagged),
        "tags": dict(state.tag_values),
        "ids": {name: list(h.ids) for name, h in state.events.items() if h.ids is not None},
        "count": state.event_count,
    }


async def assert_cached_is_stored(line: Line) -> None:
    """Every state in the worker's cache is what a worker without one would load; it takes them out of the cache."""

    async def read(tx: Transaction) -> list[tuple[CustomerState, CustomerState]]:
        catalogue, _ = await line.live.current(tx)
        pairs = []
        for row in await tx.run(_ASKED):
            cached = line.live.cache.take(row["id"], row["version"], catalogue.version, _NOW_MS)
            if cached is not None:
                stored = await load_states(tx, [row["id"]], catalogue, line.keyring, _NOW_MS)
                pairs.append((cached, stored[row["id"]]))
        return pairs

    pairs = await line.graph.write("test_read", read)
    assert pairs
    assert [shown(cached) for cached, _ in pairs] == [shown(stored) for _, stored in pairs]


async def test_customers_that_the_cache_has_become_one_without_a_read_of_their_facts(
    line: Line, loads: list[Sequence[str]]
) -> None:
    await save_segments(line)
    await line.apply(sighting(1, member="M", traits={"colour": "red", "size": "L"}))
    await line.apply(sighting(2, email="m@x.org", traits={"colour": "blue"}))
    for number in (3, 5):
        await line.apply(sighting(number, kind="track", member="M"))
    await line.apply(sighting(4, kind="track", email="m@x.org"))
    loads.clear()
    await line.apply(sighting(6, member="M", email="m@x.org"))

    # Its attributes are better than either's, its three sightings are enough for the segment, and it left the other.
    assert loads == []
    (state,) = await line.graph.read(
        query("MATCH (c:Customer) WHERE NOT c:Retired RETURN c.id AS id, c.attributes AS attributes")
    )
    attributes = opened(line.graph, state)["attributes"]
    assert '"colour":{"v":"blue"' in attributes
    assert '"size":{"v":"L"' in attributes
    assert [(change.segment, change.kind) for change in await line.changes()] == [
        ("red", "ENTERED"),
        ("red", "EXITED"),
        ("seen", "ENTERED"),
    ]
    await assert_cached_is_stored(line)


async def test_a_survivor_that_gets_a_device_in_the_same_call_gets_what_was_done_on_it(line: Line) -> None:
    await save_segments(line)
    await line.apply(sighting(1, member="M", device="tablet"))
    await line.apply(sighting(2, kind="track", email="n@x.org"))
    await line.apply(sighting(3, kind="track", member="N"))
    await line.apply(sighting(4, at=10, kind="track", device="tablet"))
    # N and the e-mail become one; and the tablet was N's when it was used, as turns out late.
    await line.apply(sighting(5, member="N", email="n@x.org", device="tablet"))

    assert [change.segment for change in await line.changes()] == ["seen"]
    await assert_cached_is_stored(line)


async def test_what_another_worker_added_is_not_missed(
    line: Line, graph: GraphClient, redis: Redis, keyring: Keyring, loads: list[Sequence[str]]
) -> None:
    await save_segments(line)
    await line.apply(sighting(1, kind="track", member="M"))
    await line.apply(sighting(2, kind="track", email="m@x.org"))
    await Line.of(graph, redis, keyring).apply(sighting(3, kind="track", email="m@x.org"))
    loads.clear()
    await line.apply(sighting(4, member="M", email="m@x.org"))

    assert loads != []
    assert [change.segment for change in await line.changes()] == ["seen"]
    await assert_cached_is_stored(line)


@pytest.mark.parametrize("tagged", [False, True])
@pytest.mark.parametrize("seed", range(6))
async def test_after_any_calls_the_cached_states_are_those_of_the_graph(
    line: Line, loads: list[Sequence[str]], seed: int, tagged: bool
) -> None:
    await save_segments(line)
    if tagged:
        await save_tags(line)
    chance, joined = random.Random(seed), 0
    for number in range(1, 31):
        loads.clear()
        retired = await count_retired(line)
        await line.apply(any_call(chance, number))
        joined += not loads and await count_retired(line) > retired
    assert joined, "no merge of this stream was joined in memory"
    await assert_cached_is_stored(line)


async def count_retired(line: Line) -> int:
    (row,) = await line.graph.read(query("MATCH (c:Retired) RETURN count(c) AS count"))
    return int(row["count"])


def any_call(chance: random.Random, number: int) -> dict[str, object]:
    """First of one identifier, later of several, some of it late: customers grow, merge, part and change hands."""
    of = {"member": 4, "email": 8, "cookie": 8}
    names = chance.sample(list(of), 1 if number <= 12 else chance.randint(1, 2))
    identifiers = {name: f"{name}{chance.randint(1, of[name])}{'@x.org' if name == 'email' else ''}" for name in names}
    at = number if chance.random() < 0.8 else chance.randint(1, 30)
    if chance.random() < 0.4:
        traits = {name: chance.choice(("red", "blue")) for name in ("colour", "size") if chance.random() < 0.6}
        return sighting(number, at=at, traits=traits, **identifiers)
    made = sighting(number, at=at, kind="track", **identifiers)
    if chance.random() < 0.5:
        made |= {"event": "Spent", "properties": {"amount": chance.randint(1, 9)}}
    return made
