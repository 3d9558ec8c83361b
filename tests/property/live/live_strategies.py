"""Random segments and histories of one customer, within a few milliseconds around a midnight."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.property.live.simulated import Event, Simulation
from tests.property.rules.rule_strategies import AMOUNTS, BASE_MS, EVENTS, TIMED_LEAVES, TIMES, rules

KEYS = ("a", "b", "c", "d")
# Just before a midnight at which clocks go forward, so that all kinds of windows end within the few milliseconds.
START_MS = BASE_MS - 12
LENGTH_MS = 30
MINUTE_MS, DAY_MS = 60_000, 86_400_000
Documents = dict[str, dict[str, Any]]

# Conditions that come true and false within the few milliseconds: what sweeps and dependents trip over.
_BRIEF = st.builds(
    lambda op, name, count, window: {"event": {"name": name, "op": op, "values": [count], **window}},
    st.sampled_from(["GTE", "GTE", "EQ"]),
    st.sampled_from(["E", "F"]),
    st.sampled_from([1, 1, 2]),
    st.one_of(st.just({}), st.integers(2, 9).map(lambda ms: {"window": {"last": f"PT{ms / 1000}S"}})),
)


@st.composite
def documents(draw: st.DrawFn) -> Documents:
    """Up to four segments; a later one may read earlier ones."""
    found: Documents = {}
    for key in KEYS[: draw(st.integers(1, len(KEYS)))]:
        leaves = st.one_of(_BRIEF, _BRIEF, TIMED_LEAVES)
        if found:
            other = st.sampled_from(sorted(found)).map(lambda read: {"segment": read})
            leaves = st.one_of(leaves, other, other.map(lambda leaf: {"not": leaf}))
        pair = st.lists(leaves, min_size=2, max_size=2).map(lambda both: {"all": both})
        found[key] = draw(st.one_of(_BRIEF, pair, rules(leaves)))
    return found


PROPERTIES = AMOUNTS.map(lambda amount: {"x": amount})
# How far before its batch an event happened: just now, longer ago than is believed, days ago; or not yet.
_LATENESS = st.sampled_from([0, 0, 1, 2, 3, 5, 9, 2 * MINUTE_MS, DAY_MS, -1, -2, -5])
_BATCHES = st.tuples(st.just("batch"), st.lists(st.tuples(EVENTS, _LATENESS, PROPERTIES), min_size=1, max_size=3))
_SWEEPS = st.tuples(st.sampled_from(["sweep", "announce", "finish"]), st.none())
STEPS = st.tuples(
    st.one_of(_BATCHES, _BATCHES, _BATCHES, st.tuples(st.just("attribute"), TIMES), _SWEEPS), st.integers(0, 5)
)

# Events at distinct instants, in the order in which they happen and arrive.
HISTORIES = st.lists(
    st.tuples(st.integers(1, LENGTH_MS - 2), EVENTS, PROPERTIES),
    min_size=1,
    max_size=7,
    unique_by=lambda event: event[0],
).map(
    lambda drawn: [
        (name, START_MS + at, f"e{number}", properties)
        for number, (at, name, properties) in enumerate(sorted(drawn, key=lambda event: event[0]))
    ]
)
# After each event: does its batch end here, how long until it is applied, and what does the sweep do then.
Plan = list[tuple[bool, int, str]]
PLANS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 4), st.sampled_from(["nothing", "sweep", "announce", "finish"])),
    min_size=7,
    max_size=7,
)


def run(simulation: Simulation, attributes: dict[str, object], events: list[Event], plan: Plan) -> None:
    """Apply events as they happen, everything on time: no batch and no sweep comes after the next event."""
    simulation.batch(START_MS, [], attributes)
    batch: list[Event] = []
    for number, (event, (ends, delay, then)) in enumerate(zip(events, plan, strict=False)):
        batch.append(event)
        following = events[number + 1][1] if number + 1 < len(events) else START_MS + LENGTH_MS
        if not ends and number + 1 < len(events):
            continue
        now = min(event[1] + delay, following - 1)
        simulation.batch(now, batch)
        batch = []
        until = max(min(now + delay, following - 1), simulation.announced_ms)
        match then:
            case "sweep":
                simulation.sweep(until)
            case "announce":
                simulation.announce(until)
            case "finish" if simulation.announced_ms > simulation.swept_ms:
                simulation.finish()
    simulation.sweep(START_MS + LENGTH_MS)
