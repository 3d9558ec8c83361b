"""Brings the graph up to date with a new policy, or finds out what a trial would change.

From the commit of a new version on, everything that is resolved obeys it, and nobody commits under an older one
(`LiveContext.confirm`). What nothing touches is brought up to date here, step by step, each step as a pass over the
graph that changes only what differs: run twice, or killed and run again, it ends the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from base.ahead import ahead, at_once
from graph.client import GraphClient
from graph.identity.census import batches
from graph.identity.policy import IdentityPolicy
from graph.identity.policy_document import PolicyStep, shares_otherwise, steps_between
from graph.repositories.policy import Counts, PolicyRecord, PolicyRepository
from workers.decisions.effect import CustomerFate, Effect
from workers.decisions.upkeep import Upkeep
from workers.identity.finding import Asked
from workers.identity.survey import Survey, Suspects
from workers.live.context import LiveContext
from workers.policy import attributes
from workers.policy.lists import Listed, find_listed
from workers.policy.order import find_reordered

# Identifiers in one transaction: live traffic on their customers waits for it.
REPLAY_IDENTIFIERS = 100

# Batches that are put right at once: while one waits for Neo4j, another is worked out.
SETTLERS = 2

# Told how much is done, 0 to 1, and what was found so far; may raise `Superseded`.
Note = Callable[[float, Counts], Awaitable[None]]
Row = TypeVar("Row")
# How long the steps take, roughly.
_WEIGHTS = {PolicyStep.BLOCKS: 2, PolicyStep.ORDER: 3, PolicyStep.IDENTITIES: 5, PolicyStep.ATTRIBUTES: 2}


@dataclass(slots=True)
class Follower:
    """One pass for one policy.

    Args:
        policy: the one to follow, in force or on trial.
    """

    graph: GraphClient
    live: LiveContext
    upkeep: Upkeep
    record: PolicyRecord
    note: Note
    _customers: set[str] = field(default_factory=set)
    _identifiers: int = 0
    _attributes: int = 0
    _base: float = 0.0
    _share: float = 0.0

    @property
    def policy(self) -> IdentityPolicy:
        """The policy to follow."""
        return self.record.policy

    async def run(self) -> Counts:
        """Do all steps.

        Raises:
            Superseded: a newer version came into force meanwhile.
            Unavailable: Neo4j or Redis is away.
        """
        chain = await self._chain()
        steps = steps_between(chain)
        total = sum(_WEIGHTS[step] for step in steps)
        listed = Listed()
        for step in steps:
            self._share = _WEIGHTS[step] / total
            match step:
                case PolicyStep.BLOCKS:
                    listed = await self._block()
                case PolicyStep.ORDER:
                    await self._order(chain)
                case PolicyStep.IDENTITIES:
                    await self._resolve(chain, listed)
                case PolicyStep.ATTRIBUTES:
                    await self._derive()
            self._base += self._share
        # What a trial's lists set aside changes who is who as well.
        if self.record.trial and (listed.blocked or listed.unblocked) and PolicyStep.IDENTITIES not in steps:
            await self._resolve(chain, listed)
        return self._counts()

    async def _chain(self) -> list[IdentityPolicy]:
        policies = PolicyRepository(self.graph)
        if self.record.trial:
            return [(await policies.get_current()).policy, self.policy]
        return await policies.list_until(self.policy.version)

    async def _block(self) -> Listed:
        listed = Listed()
        async for page, done in find_listed(self.graph, self.live.keyring, self.policy):
            self._identifiers += len(page.blocked) + len(page.unblocked)
            if self.record.trial:
                listed = listed.with_page(page)
            else:
                for uids, blocked in ((page.blocked, True), (page.unblocked, False)):
                    for part in _parts(sorted(uids)):
                        effect = await self.upkeep.set_aside(part, self.policy.version, blocked=blocked)
                        self._customers |= _existing(effect)
            await self._tell(done)
        return listed

    async def _order(self, chain: Sequence[IdentityPolicy]) -> None:
        if self.record.trial:
            return
        async for rows, done in find_reordered(self.graph, chain):
            for part in _parts(rows):
                effect = await self.upkeep.reorder(part, self.policy.version)
                self._customers |= _existing(effect)
            await self._tell(done)

    async def _resolve(self, chain: Sequence[IdentityPolicy], listed: Listed) -> None:
        recheck = shares_otherwise(chain) or any(
            self.policy.of(uid.partition("|")[0]).limit == 1 for uid in (*listed.blocked, *listed.unblocked)
        )
        asked = Asked(self.policy, recheck, listed.blocked, listed.unblocked)
        async with ahead(Survey(self.graph, asked).run()) as found:
            await at_once(self._put_all_right(found, recheck) for _ in range(SETTLERS))

    async def _put_all_right(self, found: AsyncIterator[Suspects], recheck: bool) -> None:
        async for suspects in found:
            self._customers |= suspects.customers
            if not self.record.trial:
                await self._put_right(suspects, recheck)
            await self._tell(suspects.progress)

    async def _put_right(self, suspects: Suspects, recheck: bool) -> None:
        if suspects.finding is not None and await self.upkeep.settle(suspects.finding, self.policy.version):
            return
        for part in batches(suspects.components, REPLAY_IDENTIFIERS):
            await self.upkeep.replay([uid for component in part for uid in component], True, recheck_shared=recheck)

    async def _derive(self) -> None:
        async for ids, done in attributes.differing(self.graph, self.live, self.policy):
            self._attributes += len(ids)
            if ids and not self.record.trial:
                await self.upkeep.publish(await attributes.derive(self.graph, self.live, ids))
            await self._tell(done)

    async def _tell(self, done: float) -> None:
        await self.note(min(0.999, self._base + self._share * done), self._counts())

    def _counts(self) -> Counts:
        return Counts(len(self._customers), self._identifiers, self._attributes)


def _existing(effect: Effect) -> set[str]:
    return {one.id for one in effect.customers if one.fate is not CustomerFate.CREATED}


def _parts(rows: Sequence[Row]) -> list[Sequence[Row]]:
    return [rows[start : start + REPLAY_IDENTIFIERS] for start in range(0, len(rows), REPLAY_IDENTIFIERS)]
