"""Whether events happened one after another: the steps of a sequence, in one pass over the times of the events.

For each step the pass keeps, of all ways to fill the steps up to it, the one whose first event is the latest. No other
way is ever better: what may come next depends on whether something forbidden has happened since, which the pass knows
of all ways that are still open, and on the time since the first event. Events of one instant fill a run of steps
together, each event one step, in whatever order helps: so the order in which equal times are stored does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from rules.facts import NO_EVENTS, Facts
from rules.filters import Filter, compile_filter
from rules.matching import candidates_of, fill, runs_of
from rules.tree import SequenceLeaf, Step
from rules.windows import compile_span

# (time, which steps the event can fill and which gaps it breaks): bit j is the j-th step, bit step_count + j the gap
# behind it. What more there is of an event does not matter to the pass.
Marked: TypeAlias = "tuple[int, int, *tuple[str | int, ...]]"
# With the event's name and its index in the history.
Moment: TypeAlias = tuple[int, int, str, int]
# (time of the first event, the way so far, [from, to) of the moments at this instant, [first, last] of their steps).
Way: TypeAlias = "tuple[int, Way | None, int, int, int, int]"
Moments: TypeAlias = Callable[[Facts, int, ZoneInfo], list[Moment]]


@dataclass(frozen=True, slots=True)
class Reached:
    """The most steps, from the first on, that any events fill; and the newest such events, (name, index) by step."""

    steps: int
    events: tuple[tuple[str, int], ...]


NOTHING: Final = Reached(0, ())


def compile_sequence(leaf: SequenceLeaf) -> tuple[Callable[[Facts, int, ZoneInfo], bool], Moments]:
    """The answer of a sequence, and the events that can have a part in it (for `furthest`)."""
    step_count, within_ms = len(filled_steps(leaf)), leaf.within_ms
    moments = _compile_moments(leaf, all_or_none=True)

    def holds(facts: Facts, now_ms: int, zone: ZoneInfo) -> bool:
        found = moments(facts, now_ms, zone)
        return is_filled(found, step_count, within_ms)

    return holds, _compile_moments(leaf, all_or_none=False)


def is_filled(moments: Sequence[Marked], step_count: int, within_ms: int) -> bool:
    """Whether events, ascending by time, fill all steps."""
    return len(moments) >= step_count and _walk(moments, step_count, within_ms, newest=False)[0] == step_count


def filled_steps(leaf: SequenceLeaf) -> list[Step]:
    """The steps that events fill, without those that must not happen."""
    return [step for step in leaf.steps if not step.negated]


def furthest(leaf: SequenceLeaf, moments: list[Moment]) -> Reached:
    """How far the events come, to explain an answer."""
    steps, way = _walk(moments, len(filled_steps(leaf)), leaf.within_ms, newest=True)
    events: list[tuple[str, int]] = []
    while way is not None:
        _, before, start, end, first, last = way
        candidates = candidates_of([moment[1] for moment in moments[start:end]], last + 1)
        filled = fill(candidates, range(first, last + 1))
        events += [moments[start + filled[step]][2:] for step in range(last, first - 1, -1)]
        way = before
    return Reached(steps, tuple(reversed(events))) if events else NOTHING


def _compile_moments(leaf: SequenceLeaf, *, all_or_none: bool) -> Moments:
    """With `all_or_none`, nothing is found when there is a step that no event fills."""
    span = compile_span(leaf.window)
    required, by_name = _matchers(leaf)

    def moments(facts: Facts, now_ms: int, zone: ZoneInfo) -> list[Moment]:
        found: list[Moment] = []
        for name, matchers in by_name.items():
            history = facts.events.get(name, NO_EVENTS)
            times, properties = history.at_ms, history.properties
            inside = range(*span(times, now_ms, zone))
            masks: dict[int, int] = {}
            for bit, passing in matchers:
                picked = passing(properties, inside)
                if all_or_none and not picked and bit & required:
                    return []
                if len(matchers) == 1:
                    found += [(times[index], bit, name, index) for index in picked]
                else:
                    for index in picked:
                        masks[index] = masks.get(index, 0) | bit
            found += [(times[index], mask, name, index) for index, mask in masks.items()]
        found.sort()
        return found

    return moments


def marked_steps(leaf: SequenceLeaf) -> list[tuple[int, Step]]:
    """Every step with the bit of the events that can fill it or, of one that must not happen, break the gap."""
    step_count, place = len(filled_steps(leaf)), 0
    marked: list[tuple[int, Step]] = []
    for step in leaf.steps:
        if step.negated:
            marked.append((1 << (step_count + place - 1), step))
        else:
            marked.append((1 << place, step))
            place += 1
    return marked


def _matchers(leaf: SequenceLeaf) -> tuple[int, dict[str, list[tuple[int, Filter]]]]:
    """The bits of the steps that events fill, and (bit, filter) by the events' name."""
    by_name: dict[str, list[tuple[int, Filter]]] = {}
    for bit, step in marked_steps(leaf):
        by_name.setdefault(step.event, []).append((bit, compile_filter(step.where)))
    return (1 << len(filled_steps(leaf))) - 1, by_name


def _walk(moments: Sequence[Marked], step_count: int, within_ms: int, *, newest: bool) -> tuple[int, Way | None]:
    """The number of steps reached and the way there; without `newest` the first way to the last step ends it."""
    best: list[Way | None] = [None] * step_count
    reached, farthest = 0, None
    known: dict[int, list[tuple[int, int]]] = {}
    start, count = 0, len(moments)
    while start < count:
        at_ms, mask = moments[start][:2]
        end = start + 1
        if end < count and moments[end][0] == at_ms:
            masks = [mask]
            while end < count and moments[end][0] == at_ms:
                masks.append(moments[end][1])
                mask |= moments[end][1]
                end += 1
            runs = runs_of(masks, step_count)
        else:
            # Alone at its instant, as nearly every event is; there are few different masks.
            alone = known.get(mask)
            runs = known[mask] = alone if alone is not None else runs_of([mask], step_count)
        made: list[tuple[int, Way]] = []
        for first, last in runs:
            before = best[first - 1] if first else None
            if first and (before is None or at_ms - before[0] > within_ms):
                continue
            made.append((last, (before[0] if before else at_ms, before, start, end, first, last)))
        # Broken are the ways that came to the gap earlier: those that come to it now have nothing behind them.
        for gap in range(step_count) if mask >> step_count else ():
            if mask >> (step_count + gap) & 1:
                best[gap] = None
        for last, way in made:
            other = best[last]
            if other is None or way[0] >= other[0]:
                best[last] = way
            if last >= reached or (newest and last == reached - 1):
                reached, farthest = last + 1, best[last]
        if reached == step_count and not newest:
            break
        start = end
    return reached, farthest
