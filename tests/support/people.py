"""Who is one person, by the plainest reading: whatever was named together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


def components(named_together: Iterable[Sequence[T]]) -> list[frozenset[T]]:
    """The connected components of everything named."""
    leader: dict[T, T] = {}

    def find(one: T) -> T:
        leader.setdefault(one, one)
        while leader[one] != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    for group in named_together:
        for other in group:
            leader[find(other)] = find(group[0])
    found: dict[T, set[T]] = {}
    for one in list(leader):
        found.setdefault(find(one), set()).add(one)
    return [frozenset(component) for component in found.values()]
