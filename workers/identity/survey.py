"""Compares all identifiers of the graph with what a policy makes of them, beside live traffic.

What is found is a suspicion: pages are read one after the other while people write. Whoever puts it right looks again
under locks.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from base.ahead import ahead
from graph.client import GraphClient, Transaction
from graph.identity.census import Census, batches
from graph.repositories.identity import ACTIVE, SHARED
from graph.repositories.survey import EvidenceSet, OwnedIdentifier, SurveyRepository
from workers.identity.finding import Asked, Finding, find, narrowed

# Rows of one statement: enough that its own cost does not matter, few enough that live statements come between.
PAGE_ROWS = 5_000
# Identifiers that are resolved together.
BATCH_IDENTIFIERS = 1_000
# Of the whole: reading identifiers, reading evidence; the rest is resolving.
_READ_IDENTIFIERS, _READ_EVIDENCE = 0.2, 0.5


@dataclass(frozen=True, slots=True)
class Suspects:
    """What a page or a batch of a survey showed; nothing while it reads.

    Args:
        components: uids of those that are not what they should be.
        differing: of them, identifiers that are, or were, not whose they should be.
        customers: that have, or had, other identifiers than they should.
        finding: all of the components as they were read, where that is enough to put them right.
        progress: 0 to 1, of the whole survey.
    """

    components: list[list[str]]
    differing: list[str]
    customers: frozenset[str]
    finding: Finding | None
    progress: float


@dataclass(slots=True)
class Survey:
    """One pass over the graph.

    Args:
        identifier_count: identifiers that were looked at.
    """

    graph: GraphClient
    asked: Asked
    identifier_count: int = 0
    _census: Census = field(init=False)
    _reader: SurveyRepository = field(init=False)

    def __post_init__(self) -> None:
        self._census = Census(self.asked.policy)
        self._reader = SurveyRepository(self.graph)

    async def run(self) -> AsyncGenerator[Suspects, None]:
        """Read everything, then resolve what is in doubt; a page or a batch at a time, those without a fault too.

        Raises:
            Unavailable: Neo4j went away.
        """
        async with aclosing(self._read()) as read:
            async for progress in read:
                yield Suspects([], [], frozenset(), None, progress)
        self.identifier_count = len(self._census)
        doubtful = await asyncio.to_thread(lambda: list(self._census.doubtful()))
        total, done = sum(map(len, doubtful)), 0
        for batch in batches(doubtful, BATCH_IDENTIFIERS):
            done += sum(map(len, batch))
            yield await self._compare(batch, _READ_EVIDENCE + (1 - _READ_EVIDENCE) * done / total)

    async def _read(self) -> AsyncGenerator[float, None]:
        """Fill the census; how much of the survey is done after each page."""
        asked, expected = self.asked, max(1, await self._reader.count())
        async with ahead(self._identifiers()) as pages:
            async for identifiers in pages:
                for one in identifiers:
                    status = asked.status(one.uid, one.status)
                    changed = one.uid in asked.blocked or one.uid in asked.unblocked
                    self._census.add_identifier(
                        one.uid,
                        one.customer,
                        special=changed or status != ACTIVE or one.decided or not one.for_ever,
                        walked=status == ACTIVE or (status == SHARED and asked.recheck_shared),
                    )
                yield _READ_IDENTIFIERS * min(1.0, len(self._census) / expected)
        count = 0
        async with ahead(self._evidence()) as pages:
            async for sets in pages:
                count += len(sets)
                for one_set in sets:
                    self._census.add_set(one_set.members, one_set.unverified)
                # People have about as many sets as identifiers.
                yield _READ_IDENTIFIERS + (_READ_EVIDENCE - _READ_IDENTIFIERS) * min(1.0, count / expected)

    async def _identifiers(self) -> AsyncGenerator[list[OwnedIdentifier], None]:
        after = ""
        while page := await self._reader.page_owned(after, PAGE_ROWS):
            after = page[-1].uid
            yield page

    async def _evidence(self) -> AsyncGenerator[list[EvidenceSet], None]:
        after = ""
        while page := await self._reader.page_evidence(after, PAGE_ROWS):
            after = page[-1].key
            yield page

    async def _compare(self, batch: Sequence[list[str]], progress: float) -> Suspects:
        linked = [uid for one in batch if len(one) > 1 for uid in one if self._census.is_walked(uid)]
        known = set(linked)
        others = [uid for one in batch for uid in one if uid not in known]
        owners = self._census.owners((*linked, *others))

        async def work(tx: Transaction) -> Finding:
            return await find(tx, linked, others, owners, self.asked)

        found = await self.graph.write("survey_identity", work)
        wrong = [component for component in batch if not found.differing.isdisjoint(component)]
        finding = None
        if wrong and all(map(self._census.is_closed, wrong)):
            finding = narrowed(found, {uid for component in wrong for uid in component})
        return Suspects(wrong, sorted(found.differing), found.customers, finding, progress)
