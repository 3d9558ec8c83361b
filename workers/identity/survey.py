"""Compares all identifiers of the graph with what a policy makes of them, beside live traffic.

What is found is a suspicion: pages are read one after the other while people write. A replay under locks decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field

from base.ids import new_customer_id
from graph.client import GraphClient, Transaction
from graph.identity.assign import assign
from graph.identity.census import Census, batches
from graph.identity.policy import IdentityPolicy
from graph.identity.resolve import usable_sets
from graph.repositories import identity as repository
from graph.repositories.identity import ACTIVE, BLOCKED, SHARED, Component
from graph.repositories.survey import SurveyRepository
from workers.identity.reading import resolve_stored
from workers.identity.stretches import read_ownership

# Rows of one statement: enough that its own cost does not matter, few enough that live statements come between.
PAGE_ROWS = 5_000
# Identifiers that are resolved together.
BATCH_IDENTIFIERS = 500
# Of the whole: reading identifiers, reading evidence; the rest is resolving.
_READ_IDENTIFIERS, _READ_EVIDENCE = 0.2, 0.5


@dataclass(frozen=True, slots=True)
class Asked:
    """What to compare with.

    Args:
        recheck_shared: shared identifiers may be shared no more under this policy.
        blocked, unblocked: identifiers that would be set aside, or would not any more.
    """

    policy: IdentityPolicy
    recheck_shared: bool = False
    blocked: frozenset[str] = frozenset()
    unblocked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Suspects:
    """What a page or a batch of a survey showed; nothing while it reads.

    Args:
        components: uids of those that are not what they should be.
        differing: of them, identifiers that are, or were, not whose they should be.
        customers: that have, or had, other identifiers than they should.
        progress: 0 to 1, of the whole survey.
    """

    components: list[list[str]]
    differing: list[str]
    customers: set[str]
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

    def __post_init__(self) -> None:
        self._census = Census(self.asked.policy)

    async def run(self) -> AsyncIterator[Suspects]:
        """Read everything, then resolve what is in doubt; a page or a batch at a time, those without a fault too.

        Raises:
            Unavailable: Neo4j went away.
        """
        async for progress in self._read():
            yield Suspects([], [], set(), progress)
        self.identifier_count = len(self._census)
        doubtful = await asyncio.to_thread(lambda: list(self._census.doubtful()))
        total, done = sum(map(len, doubtful)), 0
        for batch in batches(doubtful, BATCH_IDENTIFIERS):
            done += sum(map(len, batch))
            yield await self._compare(batch, _READ_EVIDENCE + (1 - _READ_EVIDENCE) * done / total)

    async def _read(self) -> AsyncIterator[float]:
        """Fill the census; how much of the survey is done after each page."""
        reader, after = SurveyRepository(self.graph), ""
        asked, expected = self.asked, max(1, await reader.count())
        while identifiers := await reader.page_owned(after, PAGE_ROWS):
            after = identifiers[-1].uid
            for one in identifiers:
                status = _status(one.uid, one.status, asked)
                changed = one.uid in asked.blocked or one.uid in asked.unblocked
                self._census.add_identifier(
                    one.uid,
                    one.customer,
                    special=changed or status != ACTIVE or one.decided or not one.for_ever,
                    walked=status == ACTIVE or (status == SHARED and asked.recheck_shared),
                )
            yield _READ_IDENTIFIERS * min(1.0, len(self._census) / expected)
        after, count = "", 0
        while sets := await reader.page_evidence(after, PAGE_ROWS):
            after = sets[-1].key
            count += len(sets)
            for one_set in sets:
                self._census.add_set(one_set.members, one_set.unverified)
            # People have about as many sets as identifiers.
            yield _READ_IDENTIFIERS + (_READ_EVIDENCE - _READ_IDENTIFIERS) * min(1.0, count / expected)

    async def _compare(self, batch: Sequence[list[str]], progress: float) -> Suspects:
        uids = [uid for component in batch for uid in component]

        async def work(tx: Transaction) -> tuple[set[str], set[str]]:
            return await compare(tx, uids, self.asked)

        differing, customers = await self.graph.write("survey_identity", work)
        wrong = [component for component in batch if not differing.isdisjoint(component)]
        return Suspects(wrong, sorted(differing), customers, progress)


async def compare(tx: Transaction, uids: Collection[str], asked: Asked) -> tuple[set[str], set[str]]:
    """(identifiers that are not, or were not, whose they should be; existing customers whom that concerns)."""
    start = await repository.get_identifiers(tx, uids)
    through = {uid for uid in uids if uid in asked.unblocked}
    rechecked: frozenset[str] = frozenset()
    if asked.recheck_shared:
        rechecked = frozenset(uid for uid, one in start.items() if one.status == SHARED)
        through |= rechecked
    start = {uid: one._replace(status=_status(uid, one.status, asked)) for uid, one in start.items()}
    component = await repository.load_component(tx, start, through)
    for uid, one in component.identifiers.items():
        component.identifiers[uid] = one._replace(status=_status(uid, one.status, asked))
    return await _differences(tx, component, asked.policy, rechecked, uids)


async def _differences(
    tx: Transaction, component: Component, policy: IdentityPolicy, rechecked: frozenset[str], uids: Collection[str]
) -> tuple[set[str], set[str]]:
    resolution = resolve_stored(component, policy, rechecked)
    namespaces = {uid: component.identifiers[uid].namespace for group in resolution.groups for uid in group}
    sets = usable_sets(namespaces, component.evidence.values())
    owned = await read_ownership(tx, resolution, namespaces, sets, component.decided(), policy, {})
    known = {uid: one.known() for uid, one in component.identifiers.items()}
    owners = assign(resolution.groups, known, policy, new_customer_id).owners
    differing: set[str] = set()
    customers: set[str] = set()
    existing = component.customers()
    for uid in uids:
        stored = component.identifiers.get(uid)
        if stored is None:
            continue
        before = {(hold.start, hold.end, hold.customer) for hold in stored.holds}
        after = {(hold.start, hold.end, owners[hold.holder]) for hold in owned.holds.get(uid, ())}
        if before != after:
            differing.add(uid)
            customers |= {customer for _, _, customer in before ^ after} & existing
    return differing, customers


def _status(uid: str, stored: str, asked: Asked) -> str:
    if uid in asked.blocked:
        return BLOCKED
    return ACTIVE if uid in asked.unblocked else stored
