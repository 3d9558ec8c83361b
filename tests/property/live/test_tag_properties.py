"""Tags and segments that read one another: what is stored and told is what a fresh evaluation says at every instant."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.live.live_strategies import HISTORIES, LENGTH_MS, PLANS, START_MS, STEPS, Documents, Plan, run
from tests.property.live.simulated import Event, Simulation, assert_alternating, catalogue_of, told
from tests.property.rules.rule_strategies import TIMED_LEAVES, TIMES, WINDOWS, ZONES
from workers.live.evaluation import TagFlip

many = settings(max_examples=150, deadline=None, database=None)
ATTRIBUTES = st.fixed_dictionaries({}, optional={"x": TIMES})
_SHORT = st.one_of(st.integers(2, 9).map(lambda ms: {"last": f"PT{ms / 1000}S"}), WINDOWS)
_EVENTS = st.fixed_dictionaries({"name": st.sampled_from(["E", "F"])}, optional={"window": _SHORT})
_LAYERS = st.sampled_from([[], [{"value": "few", "from": 1, "to": 2}, {"value": "many", "from": 2}]])
_TAKES = st.sampled_from(
    [{"take": "TIME"}, {"take": "DAYS_SINCE"}, {"take": "PROPERTY", "property": "x", "type": "NUMBER"}]
)
_READING: dict[str, list[dict[str, Any]]] = {
    "condition": [{"op": "EQ", "values": ["v0"]}, {"op": "NE", "values": ["v0"]}, {"op": "NOT_SET"}],
    "statistical": [{"op": "SET"}, {"op": "GTE", "values": [2]}, {"op": "EQ", "values": ["few"]}],
    "preference": [{"op": "HAS", "values": [1]}, {"op": "NOT_SET"}],
    "firstLast": [
        {"op": "SET"},
        {"op": "EQ", "values": [0]},
        {"op": "WITHIN_LAST", "values": ["PT0.004S"]},
        {"op": "WITHIN_NEXT", "values": ["PT0.002S"]},
    ],
}


@st.composite
def catalogues(draw: st.DrawFn) -> tuple[Documents, Documents]:
    """(segments, tags); a later one of either may read those before it."""
    segments: Documents = {}
    tags: Documents = {}
    for number in range(draw(st.integers(2, 5))):
        leaves: list[st.SearchStrategy[dict[str, Any]]] = [TIMED_LEAVES]
        for key, document in tags.items():
            conditions = _READING[next(iter(document))]
            leaves.append(st.sampled_from([{"tag": {"key": key, **each}} for each in conditions]))
        if segments:
            leaves.append(st.sampled_from(sorted(segments)).map(lambda key: {"segment": key}))
        rule = st.one_of(*leaves, *leaves[1:])
        if number % 2 or draw(st.booleans()):
            segments[f"s{number}"] = draw(rule)
            continue
        kind = draw(st.sampled_from(sorted(_READING)))
        body: dict[str, Any]
        if kind == "condition":
            body = {"values": [{"value": f"v{place}", "rule": draw(rule)} for place in range(draw(st.integers(1, 2)))]}
        elif kind == "statistical":
            body = {"event": draw(_EVENTS), "layers": draw(_LAYERS)}
        elif kind == "preference":
            body = {"event": draw(_EVENTS), "property": "x", "top": draw(st.integers(1, 2))}
        else:
            body = {"event": draw(_EVENTS), "which": draw(st.sampled_from(["FIRST", "LAST"])), **draw(_TAKES)}
        tags[f"t{number}"] = {kind: body}
    return segments, tags


def simulation_of(defined: tuple[Documents, Documents], zone: ZoneInfo) -> Simulation:
    segments, tags = defined
    return Simulation(catalogue_of(segments, zone, START_MS, tags), START_MS - 1)


def retagged(simulation: Simulation) -> list[tuple[int, str, object]]:
    """The changes of tags as (instant, key, value), in the order of their instants."""
    flips = [flip for flip in simulation.flips if isinstance(flip, TagFlip)]
    return sorted(((flip.tagged.at, flip.tag, flip.tagged.value) for flip in flips), key=lambda one: one[:2])


@many
@given(catalogues(), ATTRIBUTES, HISTORIES, PLANS, ZONES)
def test_what_comes_on_time_is_told_to_the_millisecond(
    defined: tuple[Documents, Documents], attributes: dict[str, object], events: list[Event], plan: Plan, zone: ZoneInfo
) -> None:
    simulation = simulation_of(defined, zone)
    run(simulation, attributes, events, plan)

    assert_told(simulation)


@many
@given(st.sampled_from(["FIRST", "LAST"]), _EVENTS, HISTORIES, PLANS)
def test_days_are_counted_to_the_millisecond(
    which: str, counted: dict[str, Any], events: list[Event], plan: Plan
) -> None:
    tags: Documents = {"t": {"firstLast": {"event": counted, "which": which, "take": "DAYS_SINCE"}}}
    lapsed: Documents = {"s": {"tag": {"key": "t", "op": "EQ", "values": [1]}}}
    # A midnight there lies amid the few milliseconds.
    simulation = simulation_of((lapsed, tags), ZoneInfo("Europe/Berlin"))
    run(simulation, {}, events, plan)

    assert_told(simulation)


def assert_told(simulation: Simulation) -> None:
    """What was told is what an evaluation of everything at every millisecond says."""
    of_segments: list[tuple[int, int, str, bool]] = []
    of_tags: list[tuple[int, str, object]] = []
    inside: set[str] = set()
    values: dict[str, object] = {}
    for now in range(START_MS, START_MS + LENGTH_MS + 1):
        then, valued = simulation.anew(now)
        changed = simulation.catalogue.in_order(then ^ inside)
        of_segments += [(now, rule.order, rule.key, rule.key in then) for rule in changed]
        keys = sorted(key for key in valued.keys() | values.keys() if valued.get(key) != values.get(key))
        of_tags += [(now, key, valued.get(key)) for key in keys]
        inside, values = then, valued
    assert told(simulation) == of_segments
    assert retagged(simulation) == of_tags
    assert_alternating(simulation.flips)


@settings(max_examples=250, deadline=None, database=None)
@given(catalogues(), st.lists(STEPS, min_size=1, max_size=8), ZONES)
def test_at_the_end_the_stored_is_the_fresh(
    defined: tuple[Documents, Documents], steps: list[tuple[tuple[str, Any], int]], zone: ZoneInfo
) -> None:
    """Events late and early, attributes, sweeps alone and around batches."""
    simulation, now, number = simulation_of(defined, zone), START_MS, 0
    for (kind, what), passed in steps:
        now = max(now + passed, simulation.swept_ms + 1)
        match kind:
            case "batch":
                simulation.batch(
                    now, [(name, now - late, f"e{number + i}", x) for i, (name, late, x) in enumerate(what)]
                )
                number += len(what)
            case "attribute":
                simulation.batch(now, [], {"x": what})
            case "announce":
                simulation.announce(now)
            case "sweep":
                simulation.sweep(now)
            case _ if simulation.announced_ms > simulation.swept_ms:
                simulation.finish()
    simulation.sweep(max(now, simulation.evaluated_ms) + 1)
    assert_alternating(simulation.flips)
    if simulation.created:
        assert (simulation.state.segments, simulation.state.tag_values) == simulation.anew(simulation.swept_ms)
