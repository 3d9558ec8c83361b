"""Sums of several workers in one registry: nothing is lost, nothing is taken beyond the limits."""

from __future__ import annotations

import asyncio

import pytest

from base import clock
from base.errors import Unavailable
from base.keys import Keyring
from graph.client import GraphClient
from graph.repositories import registry as repository
from graph.repositories.registry import RegistryRepository
from tests.support.builders import make_identify, make_track
from tests.support.registry import attributes_of, counted, events_of, prepared, properties_of, say
from workers.registry import room
from workers.registry.keeper import RegistryKeeper


async def test_what_several_workers_see_at_once_adds_up(graph: GraphClient, keyring: Keyring) -> None:
    keepers = [RegistryKeeper(graph) for _ in range(4)]
    rounds = 5

    async def work(keeper: RegistryKeeper, number: int) -> None:
        for turn in range(rounds):
            own = make_track(f"Event {number}", properties={f"only {turn}": turn})
            calls = [make_track("Bought", properties={"price": 2, "at": "2026-07-01"}), own]
            keeper.note(prepared(keyring, *calls, make_identify(traits={"city": "Basel"})), ())
            await keeper.flush()

    await asyncio.gather(*(work(keeper, number) for number, keeper in enumerate(keepers)))

    events = await events_of(graph)
    assert {name: one.count for name, one in events.items()} == {
        "Bought": 4 * rounds,
        **{f"Event {number}": rounds for number in range(4)},
    }
    found = await properties_of(graph, "Bought")
    assert {name: counted(one) for name, one in found.items()} == {
        "at": {"TIME": 4 * rounds},
        "price": {"NUMBER": 4 * rounds},
    }
    assert counted((await attributes_of(graph))["city"]) == {"STRING": 4 * rounds}
    assert len(await properties_of(graph, "Event 3")) == rounds

    async def sizes(tx: repository.Transaction) -> repository.Sizes:
        return await repository.lock(tx)

    assert await graph.write("tests/sizes", sizes) == repository.Sizes(
        attributes=1, events=5, properties=2 + 4 * rounds
    )


async def test_first_and_last_are_times_of_events_whatever_came_first(graph: GraphClient, keyring: Keyring) -> None:
    keeper = RegistryKeeper(graph)
    for day in ("2026-03-02", "2026-03-09", "2026-03-01", "2026-03-05"):
        keeper.note(prepared(keyring, make_track("Bought", timestamp=f"{day}T00:00:00Z", properties={"a": 1})), ())
        await keeper.flush()
    event, value = (await events_of(graph))["Bought"], (await properties_of(graph, "Bought"))["a"]
    for one in (event, value):
        assert (clock.iso(one.first_at_ms)[:10], clock.iso(one.last_at_ms)[:10]) == ("2026-03-01", "2026-03-09")


async def test_what_took_effect_before_is_listed_and_not_counted(graph: GraphClient, keyring: Keyring) -> None:
    keeper = RegistryKeeper(graph)
    keeper.note((), prepared(keyring, make_track("Bought", properties={"city": "Basel"})))
    assert keeper.has_news()
    await keeper.flush()
    assert not keeper.has_news()
    (city,) = (await properties_of(graph, "Bought")).values()
    assert (city.count, city.example, (await events_of(graph))["Bought"].count) == (0, None, 0)


async def test_a_flush_that_fails_keeps_everything(
    graph: GraphClient, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = RegistryKeeper(graph)

    async def away(*_: object) -> None:
        raise Unavailable("away")

    keeper.note(prepared(keyring, make_track("Bought")), ())
    with monkeypatch.context() as patch:
        patch.setattr(graph, "write", away)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await keeper.flush()
            keeper.note(prepared(keyring, make_track("Bought")), ())
    assert keeper.has_news()
    await keeper.flush()
    assert (await events_of(graph))["Bought"].count == 3


async def test_names_beyond_the_limits_are_counted_and_not_listed(
    graph: GraphClient, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit, value in (("MAX_ATTRIBUTES", 2), ("MAX_EVENTS", 2), ("MAX_PROPERTIES_OF_AN_EVENT", 2)):
        monkeypatch.setattr(room, limit, value)
    first, second = RegistryKeeper(graph), RegistryKeeper(graph)
    first.note(prepared(keyring, make_track("a", properties={"p": 1}), make_identify(traits={"x": 1})), ())
    await first.flush()
    second.note(
        prepared(
            keyring,
            make_track("a", properties={"p": 1, "q": 1, "r": 1}),
            make_track("b"),
            make_track("c", properties={"p": 1}),
            make_identify(traits={"x": 1, "y": 1, "z": 1}),
        ),
        (),
    )
    await second.flush()

    assert {name: one.count for name, one in (await events_of(graph)).items()} == {"a": 2, "b": 1}
    assert {name: one.count for name, one in (await properties_of(graph, "a")).items()} == {"p": 2, "q": 1}
    assert list(await attributes_of(graph)) == ["x", "y"]
    # r of a, c and its p, z.
    assert (await RegistryRepository(graph).get_state())[1] == 4
    # Whatever comes now, no batch waits for a registry that is full.
    second.note(prepared(keyring, make_track("d")), ())
    assert not second.has_news()


async def test_an_example_is_masked_and_goes_when_values_are_personal(graph: GraphClient, keyring: Keyring) -> None:
    keeper = RegistryKeeper(graph)
    traits = {"city": "Zurich", "email": "ann@example.com"}
    keeper.note(prepared(keyring, make_identify(traits=traits)), ())
    await keeper.flush()
    found = await attributes_of(graph)
    assert {name: (one.example, one.pii) for name, one in found.items()} == {
        "city": ("Zu…(6)", "NONE"),
        "email": (None, "PERSONAL"),
    }
    await say(graph, None, "city", pii="PERSONAL", example=None)
    keeper.note(prepared(keyring, make_identify(traits=traits)), ())
    await keeper.flush()
    assert (await attributes_of(graph))["city"].example is None
