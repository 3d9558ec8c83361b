"""Compares who is who in the graph with what evidence, decisions and policy make of it; puts right what differs.

A page is read beside live traffic, so what looks wrong is looked at again under locks before it is believed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import StrEnum

from graph.client import GraphClient
from graph.repositories.policy import PolicyRepository
from graph.repositories.survey import SurveyRepository
from workers.identity.finding import Asked
from workers.identity.review import LARGE_IDENTIFIERS
from workers.identity.survey import Survey

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
Progress = Callable[[float], object]


class IdentityCheck:
    """Goes through all identifiers and customers, page by page."""

    def __init__(self, graph: GraphClient, replayer: Replayer):
        self._graph = graph
        self._repository = SurveyRepository(graph)
        self._replay = replayer

    async def run(self, *, repair: bool, progress: Progress = lambda done: None) -> Report:
        """Check everything.

        Args:
            repair: put right what is wrong; else only say so.
            progress: told how much is done, 0 to 1.

        Raises:
            Unavailable: Neo4j went away.
        """
        report = Report()
        survey = Survey(self._graph, Asked((await PolicyRepository(self._graph).get_current()).policy))
        wrong: set[str] = set()
        async with aclosing(survey.run()) as found:
            async for suspects in found:
                for uid in suspects.differing:
                    # One by one: a component that is wrong is put right with its first identifier, and is found with
                    # each of them until then.
                    for moved in set(await self._replay([uid], repair)) - wrong:
                        wrong.add(moved)
                        report.add(FaultKind.HOLDS, moved)
                        report.repaired += repair
                progress(suspects.progress)
        report.identifier_count = survey.identifier_count
        await self._check_customers(report)
        progress(1)
        return report

    async def _check_customers(self, report: Report) -> None:
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
