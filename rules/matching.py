"""Which runs of steps the events of one instant can fill together, each event one step: bipartite matching."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

# By step, the places of events that can fill it.
Candidates: TypeAlias = list[list[int]]


def runs_of(masks: Sequence[int], step_count: int) -> list[tuple[int, int]]:
    """Every (first, last) of consecutive steps that different events can fill.

    Args:
        masks: by event, bit j says whether it can fill the j-th step; higher bits are not looked at.
    """
    if len(masks) == 1:
        return [(step, step) for step in range(step_count) if masks[0] >> step & 1]
    candidates = candidates_of(masks, step_count)
    runs: list[tuple[int, int]] = []
    for first in range(step_count):
        step_of: dict[int, int] = {}
        for last in range(first, step_count):
            if not _place(last, candidates, step_of, set()):
                break
            runs.append((first, last))
    return runs


def candidates_of(masks: Sequence[int], step_count: int) -> Candidates:
    """For each step the events that can fill it, no more than there are steps.

    More are of no use: with as many as there are steps, one is always left. So the cost of a matching does not grow
    with the number of events.
    """
    candidates: Candidates = [[] for _ in range(step_count)]
    for place, mask in enumerate(masks):
        for step, found in enumerate(candidates):
            if mask >> step & 1 and len(found) < step_count:
                found.append(place)
    return candidates


def fill(candidates: Candidates, steps: Iterable[int]) -> dict[int, int]:
    """Step → event, of steps that can be filled together.

    Raises:
        ValueError: they cannot.
    """
    step_of: dict[int, int] = {}
    for step in steps:
        if not _place(step, candidates, step_of, set()):
            raise ValueError("more steps than events that fill them")
    return {step: event for event, step in step_of.items()}


def _place(step: int, candidates: Candidates, step_of: dict[int, int], tried: set[int]) -> bool:
    """Give a step an event, moving other steps to other events where that helps (an augmenting path)."""
    for event in candidates[step]:
        if event in tried:
            continue
        tried.add(event)
        if event not in step_of or _place(step_of[event], candidates, step_of, tried):
            step_of[event] = step
            return True
    return False
