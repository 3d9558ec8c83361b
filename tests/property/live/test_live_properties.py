"""Live batches and sweeps in any interleaving: the stored memberships are what a fresh evaluation says."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.live.live_strategies import (
    HISTORIES,
    LENGTH_MS,
    PLANS,
    START_MS,
    STEPS,
    Documents,
    Plan,
    documents,
    run,
)
from tests.property.live.simulated import Event, Simulation, assert_alternating, catalogue_of, told
from tests.property.rules.rule_strategies import TIMES, ZONES

many = settings(max_examples=150, deadline=None, database=None)
ATTRIBUTES = st.fixed_dictionaries({}, optional={"x": TIMES})
E_IN_5_MS = {"event": {"name": "E", "window": {"last": "PT0.005S"}}}


def simulation_of(rules: Documents, zone: ZoneInfo | None = None) -> Simulation:
    return Simulation(catalogue_of(rules, zone or ZoneInfo("UTC"), START_MS), START_MS - 1)


def expected(simulation: Simulation) -> list[tuple[int, int, str, bool]]:
    """The changes from an evaluation of every rule at every millisecond."""
    changes: list[tuple[int, int, str, bool]] = []
    inside: set[str] = set()
    for now in range(START_MS, START_MS + LENGTH_MS + 1):
        then = simulation.fresh(now)
        changed = simulation.catalogue.in_order(then ^ inside)
        changes += [(now, rule.order, rule.key, rule.key in then) for rule in changed]
        inside = then
    return changes


@many
@given(documents(), ATTRIBUTES, HISTORIES, PLANS, ZONES)
def test_what_comes_on_time_is_told_to_the_millisecond(
    rules: Documents, attributes: dict[str, object], events: list[Event], plan: Plan, zone: ZoneInfo
) -> None:
    simulation = simulation_of(rules, zone)
    run(simulation, attributes, events, plan)

    assert told(simulation) == expected(simulation)
    assert_alternating(simulation.flips)


@many
@given(documents(), ATTRIBUTES, HISTORIES, PLANS, PLANS)
def test_batches_and_sweeps_may_fall_anywhere(
    rules: Documents, attributes: dict[str, object], events: list[Event], plan: Plan, other: Plan
) -> None:
    one, two = simulation_of(rules), simulation_of(rules)
    run(one, attributes, events, plan)
    run(two, attributes, events, other)

    assert told(one) == told(two)


@settings(max_examples=250, deadline=None, database=None)
@given(documents(), st.lists(STEPS, min_size=1, max_size=8), ZONES)
def test_after_every_step_the_stored_is_the_fresh(
    rules: Documents, steps: list[tuple[tuple[str, Any], int]], zone: ZoneInfo
) -> None:
    """Events late and early, attributes, sweeps alone and around batches."""
    simulation, now, number = simulation_of(rules, zone), START_MS, 0
    for (kind, what), passed in steps:
        now = max(now + passed, simulation.swept_ms + 1)
        keys: set[str] = set()
        instant = now
        match kind:
            case "batch":
                events = [(name, now - late, f"e{number + i}", x) for i, (name, late, x) in enumerate(what)]
                number += len(events)
                keys = simulation.batch(now, events)
                instant = max(now, simulation.announced_ms)
            case "attribute":
                keys = simulation.batch(now, [], {"x": what})
                instant = max(now, simulation.announced_ms)
            case "announce":
                simulation.announce(now)
            case "sweep":
                simulation.announce(now)
                simulation.finish()
                keys, instant = set(rules), simulation.swept_ms
            case _ if simulation.announced_ms > simulation.swept_ms:
                simulation.finish()
                keys, instant = set(rules), simulation.swept_ms
        assert_alternating(simulation.flips)
        # A sweep that was overtaken by a batch knows less of the batch's rules than is stored.
        if simulation.created and simulation.evaluated_ms <= instant:
            assert simulation.state.segments & keys == simulation.fresh(instant) & keys
    simulation.sweep(max(now, simulation.evaluated_ms) + 1)
    assert_alternating(simulation.flips)
    assert not simulation.created or simulation.state.segments == simulation.fresh(simulation.swept_ms)


# ---- What was found wrong once.


def at(ms: int) -> int:
    return START_MS + ms


def test_a_batch_that_overtakes_a_sweep_stays_right() -> None:
    """The sweep looks at an instant before the batch's; what the batch told of later instants stands."""
    simulation = simulation_of({"a": E_IN_5_MS})
    simulation.batch(at(1), [("E", at(1), "e1", {})])
    simulation.announce(at(7))
    simulation.batch(at(9), [("E", at(8), "e2", {})])
    simulation.finish()

    assert told(simulation) == [(at(1), 0, "a", True), (at(6), 0, "a", False), (at(8), 0, "a", True)]


def test_a_rule_is_evaluated_with_the_segments_of_that_instant() -> None:
    """Time has ended the first segment, though no sweep has said so yet, when the second one's event arrives."""
    simulation = simulation_of({"a": E_IN_5_MS, "b": {"all": [{"segment": "a"}, {"event": {"name": "F"}}]}})
    simulation.batch(at(1), [("E", at(1), "e1", {})])
    simulation.batch(at(9), [("F", at(8), "f1", {})])

    assert told(simulation) == [(at(1), 0, "a", True), (at(6), 0, "a", False)]


def test_a_sweep_over_what_a_batch_has_told_changes_nothing() -> None:
    """The state holds the newest answer of a segment, which is none for the instants before."""
    rules: Documents = {
        "a": {"event": {"name": "F", "window": {"last": "PT0.002S"}}},
        "b": {
            "all": [
                {"not": {"segment": "a"}},
                {"event": {"name": "F", "op": "GTE", "values": [2], "window": {"last": "PT0.005S"}}},
            ]
        },
    }
    simulation = simulation_of(rules)
    for number, instant in enumerate((3, 7, 10)):
        simulation.batch(at(instant + 2), [("F", at(instant), f"f{number}", {})])
    simulation.sweep(at(LENGTH_MS))

    assert told(simulation) == expected(simulation)


def test_a_stay_that_is_told_late_moves_nobody_who_moved_since() -> None:
    simulation = simulation_of(
        {
            "a": E_IN_5_MS,
            "b": {"event": {"name": "F"}},
            "c": {"all": [{"not": {"segment": "a"}}, {"segment": "b"}]},
        }
    )
    simulation.batch(at(12), [("F", at(12), "f1", {})])
    simulation.batch(at(13), [("E", at(3), "e1", {})])

    assert [change for change in told(simulation) if change[2] == "c"] == [(at(12), 2, "c", True)]
