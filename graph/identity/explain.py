"""Why two identifiers are one customer, and why not (identity.md §5). Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from graph.identity.resolve import Link, Resolution

Ends = tuple[str, str]


@dataclass(frozen=True, slots=True)
class IdentityExplanation:
    """How two identifiers hang together.

    Args:
        together: whether they are one customer.
        hops: (from, to, link) from the one to the other: the way with the fewest cut links, then the shortest; empty
            when they are the same or nothing connects them.
        bridges: links of the way, as (a, b), whose loss alone would split the customer.
        shared: which of the two are shared and therefore have no links.
    """

    together: bool
    hops: tuple[tuple[str, str, Link], ...]
    bridges: frozenset[Ends]
    shared: frozenset[str]

    @property
    def path(self) -> tuple[Link, ...]:
        """The links of the way."""
        return tuple(link for _, _, link in self.hops)

    @property
    def rejected(self) -> tuple[Link, ...]:
        """The cut links of the way: each names its reason and the pair that it would have joined wrongly."""
        return tuple(link for link in self.path if link.rejected is not None)


def explain(resolution: Resolution, a: str, b: str) -> IdentityExplanation:
    """Explain two identifiers of resolved components. About linear in the number of links.

    Raises:
        KeyError: one of them is not among the resolved identifiers.
    """
    group_of = {uid: number for number, group in enumerate(resolution.groups) for uid in group}
    together = group_of[a] == group_of[b]
    hops = _way(resolution.links, a, b)
    bridges = find_bridges(resolution.links) if together else frozenset[Ends]()
    return IdentityExplanation(
        together=together,
        hops=hops,
        bridges=bridges & {(link.a, link.b) for _, _, link in hops},
        shared=resolution.shared & {a, b},
    )


def _way(links: Iterable[Link], start: str, goal: str) -> tuple[tuple[str, str, Link], ...]:
    """The way with the fewest cut links, then the fewest links, then the smallest uids."""
    neighbours: dict[str, list[tuple[str, Link]]] = defaultdict(list)
    for link in links:
        neighbours[link.a].append((link.b, link))
        neighbours[link.b].append((link.a, link))
    came: dict[str, tuple[str, Link] | None] = {}
    # (cut links, links, uid, uid before, number): the number keeps links, which have no order, from being compared.
    heap: list[tuple[int, int, str, str, int]] = [(0, 0, start, "", 0)]
    steps: list[tuple[str, Link] | None] = [None]
    while heap and goal not in came:
        cut, length, uid, _, number = heappop(heap)
        if uid in came:
            continue
        came[uid] = steps[number]
        for other, link in neighbours[uid]:
            if other not in came:
                heappush(heap, (cut + (link.rejected is not None), length + 1, other, uid, len(steps)))
                steps.append((uid, link))
    return tuple(reversed(list(_back(came, goal)))) if goal in came else ()


def _back(came: dict[str, tuple[str, Link] | None], goal: str) -> Iterator[tuple[str, str, Link]]:
    uid = goal
    while (step := came[uid]) is not None:
        before, link = step
        yield before, uid, link
        uid = before


def find_bridges(links: Iterable[Link]) -> frozenset[Ends]:
    """Accepted links without which their customer would be two. Two links of the same pair are none."""
    neighbours: dict[str, list[tuple[str, int]]] = defaultdict(list)
    ends: list[Ends] = []
    for link in links:
        if link.rejected is None:
            for one, other in ((link.a, link.b), (link.b, link.a)):
                neighbours[one].append((other, len(ends)))
            ends.append((link.a, link.b))
    entered: dict[str, int] = {}
    lowest: dict[str, int] = {}
    found: set[Ends] = set()
    for root in list(neighbours):
        if root in entered:
            continue
        # Depth first without recursion: a chain may be longer than the stack is deep.
        entered[root] = lowest[root] = len(entered)
        stack: list[tuple[str, int, Iterator[tuple[str, int]]]] = [(root, -1, iter(neighbours[root]))]
        while stack:
            uid, by, rest = stack[-1]
            for other, number in rest:
                if number == by:
                    continue
                if other in entered:
                    lowest[uid] = min(lowest[uid], entered[other])
                    continue
                entered[other] = lowest[other] = len(entered)
                stack.append((other, number, iter(neighbours[other])))
                break
            else:
                stack.pop()
                if stack:
                    above = stack[-1][0]
                    lowest[above] = min(lowest[above], lowest[uid])
                    if lowest[uid] > entered[above]:
                        found.add(ends[by])
    return frozenset(found)
