"""Compares who is who in the graph with what evidence, decisions and policy make of it; puts right what differs.

A page is read beside live traffic, so what looks wrong is looked at again under locks before it is believed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from graph.client import GraphClient, Transaction
from graph.identity.ownership import Ownership
from graph.identity.policy import DEFAULT, IdentityPolicy
from graph.identity.resolve import Resolution, usable_sets
from graph.repositories.identity import BLOCKED, Component, IdentityRepository
from workers.identity.reading import read_resolution
from workers.identity.review import LARGE_IDENTIFIERS
from workers.identity.stretches import read_ownership

PAGE_IDENTIFIERS = 500
PAGE_CUSTOMERS = 2_000
# Enough to look at by hand; a graph that is wrong throughout would otherwise be listed whole.
MAX_NAMED = 20


class FaultKind(StrEnum):
    """What can be wrong.

    HOLDS: an identifier is not, or was not, whose it should be.
    ORPHAN: a living customer without an identifier.
    ASTRAY: a retired customer that does not lead to one living one.
    """

    HOLDS = "HOLDS"
    ORPHAN = "ORPHAN"
    ASTRAY = "ASTRAY"


@dataclass(slots=True)
class Report:
    """What a check found.

    Args:
        named: uids and customer ids, at most `MAX_NAMED` of each kind.
        repaired: identifiers that were put right.
        large: customers with unusually many identifiers → how many.
    """

    identifier_count: int = 0
    customer_count: int = 0
    faults: Counter[FaultKind] = field(default_factory=Counter)
    named: dict[FaultKind, list[str]] = field(default_factory=dict)
    repaired: int = 0
    large: dict[str, int] = field(default_factory=dict)

    def add(self, kind: FaultKind, name: str) -> None:
        """Note a fault."""
        self.faults[kind] += 1
        names = self.named.setdefault(kind, [])
        if len(names) < MAX_NAMED:
            names.append(name)


# Replays identifiers under locks: (uids, whether to keep the result) → those whose stretches were not as they should.
Replayer = Callable[[Iterable[str], bool], Awaitable[Iterable[str]]]
Progress = Callable[[Report], None]


class IdentityCheck:
    """Goes through all identifiers and customers, page by page."""

    def __init__(self, graph: GraphClient, replayer: Replayer, policy: IdentityPolicy = DEFAULT):
        self._graph = graph
        self._repository = IdentityRepository(graph)
        self._replay = replayer
        self._policy = policy

    async def run(self, *, repair: bool, progress: Progress = lambda report: None) -> Report:
        """Check everything.

        Args:
            repair: put right what is wrong; else only say so.
            progress: told after each page.

        Raises:
            Unavailable: Neo4j went away.
        """
        report = Report()
        wrong: set[str] = set()
        after = ""
        while uids := await self._repository.page_uids(after, PAGE_IDENTIFIERS):
            after = uids[-1]
            report.identifier_count += len(uids)
            for uid in await self._suspects(uids):
                # One by one: a component that is wrong is put right with its first identifier, and is found with each
                # of them until then.
                for found in set(await self._replay([uid], repair)) - wrong:
                    wrong.add(found)
                    report.add(FaultKind.HOLDS, found)
                    report.repaired += repair
            progress(report)
        after = ""
        while rows := await self._repository.check_customers(after, PAGE_CUSTOMERS):
            after = rows[-1].id
            report.customer_count += len(rows)
            for row in rows:
                if row.size >= LARGE_IDENTIFIERS:
                    report.large[row.id] = row.size
                if row.orphan:
                    report.add(FaultKind.ORPHAN, row.id)
                if row.astray:
                    report.add(FaultKind.ASTRAY, row.id)
            progress(report)
        return report

    async def _suspects(self, uids: list[str]) -> list[str]:
        """Those of the identifiers that a read beside live traffic shows otherwise than they should be."""

        async def work(tx: Transaction) -> list[str]:
            component, resolution = await read_resolution(tx, uids, self._policy)
            namespaces = {uid: one.namespace for uid, one in component.identifiers.items() if one.status != BLOCKED}
            sets = usable_sets(namespaces, component.evidence.values())
            owned = await read_ownership(tx, resolution, namespaces, sets, component.decided(), self._policy, {})
            return [
                uid for uid in uids if uid in component.identifiers and not _fits(uid, component, resolution, owned)
            ]

        return await self._graph.write("check_identity", work)


def _fits(uid: str, component: Component, resolution: Resolution, owned: Ownership) -> bool:
    """Whether an identifier's stored stretches are what they should be, and its customer is its group's alone."""
    stored = component.identifiers[uid]
    if stored.status == BLOCKED:
        return not stored.holds
    wanted = owned.holds[uid]
    if [(one.start, one.end) for one in stored.holds] != [(one.start, one.end) for one in wanted]:
        # Nobody has one that no call shows; whether that is so is seen under locks.
        return False
    group_of = {member: number for number, group in enumerate(resolution.groups) for member in group}
    customer_of = {member: one.customer for member, one in component.identifiers.items()}
    for have, should in zip(stored.holds, wanted, strict=True):
        group = resolution.groups[group_of[should.holder]]
        if any(customer_of[member] != have.customer for member in group):
            return False
    others = (member for member in customer_of if group_of.get(member) != group_of[uid])
    return all(customer_of[other] != stored.customer for other in others)
