"""Brings identifiers up to date though nobody decided anything: a check asks for it, or a new policy."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from base import clock
from delivery.change import AnyChange
from delivery.publisher import ChangePublisher
from graph.client import GraphClient, Transaction
from graph.repositories import call as call_repository
from graph.repositories.call import OrderRow
from graph.repositories.identity import BLOCKED, SHARED
from workers.applier.consequences import Consequences
from workers.decisions import steps
from workers.decisions.effect import Effect
from workers.decisions.execution import Execution, Made, Said
from workers.decisions.given import Given, Unreached, lock
from workers.identity.finding import Finding, Outdated, confirm
from workers.identity.observations import rebuild
from workers.identity.outcome import Identified
from workers.identity.replay import Replay, replay
from workers.live.context import LiveContext

_NOBODY = Said("kith", "It follows from calls, decisions and policy.")


class Superseded(Exception):
    """Another version of the policy is in force than the one to be followed."""


class Upkeep:
    """One a process."""

    def __init__(self, graph: GraphClient, publisher: ChangePublisher, live: LiveContext):
        self._live = live
        self._execution = Execution(graph, publisher, live)
        self._consequences = Consequences(live)

    async def replay(self, uids: Iterable[str], keep: bool, *, recheck_shared: bool = False) -> frozenset[str]:
        """Resolve identifiers anew.

        Args:
            keep: put right what differs; else only look.
            recheck_shared: those of them that are shared may be so no more.

        Returns:
            Identifiers that did not belong to whom they should have, now or before.
        """
        asked = frozenset(uids)
        while True:
            try:
                return await self._replay(asked, keep, recheck_shared)
            except Unreached as more:
                asked |= more.uids

    async def settle(self, finding: Finding, version: int) -> bool:
        """Put right what was found to differ.

        Args:
            version: of the policy under which it was found.

        Returns:
            Whether it was; not where somebody was faster: then it has to be looked at again.

        Raises:
            Superseded: another version is in force.
        """

        async def work(tx: Transaction) -> Effect:
            await self._require(tx, version)
            now_ms = clock.now_ms()
            found = Identified(await self._live.policy(tx), versions=await confirm(tx, finding, now_ms))
            how = Replay(
                found.policy,
                now_ms,
                {},
                rechecked=finding.rechecked,
                unseen=finding.component.unseen(),
                undoing=True,
                resolution=finding.resolution,
                owned=finding.owned,
            )
            await replay(tx, finding.component, how, found)
            changes = (await self._consequences.follow(tx, (), found)).changes
            return Effect("", (), tuple(changes), frozenset(found.moved))

        try:
            await self._execution.commit("settle_identity", work)
        except Outdated:
            return False
        return True

    async def _replay(self, uids: frozenset[str], keep: bool, recheck_shared: bool) -> frozenset[str]:
        async def make(tx: Transaction, now_ms: int) -> Made:
            start = await lock(tx, uids, now_ms)
            unseen = await call_repository.list_unseen(tx, start)
            blocked = frozenset(uid for uid, one in start.items() if one.status == BLOCKED)
            shared = frozenset(uid for uid, one in start.items() if one.status == SHARED and recheck_shared)
            return Made(
                "", Given(start, through=blocked | shared, rechecked=shared, unseen=frozenset(unseen), whole=True)
            )

        return (await self._execution.run("replay_identity", replace(_NOBODY, dry_run=not keep), make)).moved

    async def set_aside(self, uids: Collection[str], version: int, *, blocked: bool) -> Effect:
        """Set identifiers aside that the lists of a policy name, or no longer those that they name no more.

        Raises:
            Superseded: another version is in force.
        """

        async def make(tx: Transaction, now_ms: int) -> Made:
            await self._require(tx, version)
            return Made("", await steps.set_aside(tx, uids, blocked, now_ms, by_policy=True))

        return await self._execution.run("set_aside_identifiers", _NOBODY, make)

    async def reorder(self, rows: Sequence[OrderRow], version: int) -> Effect:
        """Name the identifiers of calls in the order of a policy's ranks, and hang the calls on the first.

        Raises:
            Superseded: another version is in force.
        """

        async def make(tx: Transaction, now_ms: int) -> Made:
            await self._require(tx, version)
            start = await lock(tx, {uid for row in rows for uid in row["order"]}, now_ms)
            return Made("", Given(start, rehung=await rebuild(tx, await call_repository.reorder(tx, rows))))

        return await self._execution.run("reorder_calls", _NOBODY, make)

    async def publish(self, changes: Sequence[AnyChange]) -> None:
        """Publish changes that another transaction committed."""
        await self._execution.publish(changes)

    async def _require(self, tx: Transaction, version: int) -> None:
        live = self._live
        if (await live.policy(tx)).version != version and (await live.renewed_policy(tx)).version != version:
            raise Superseded
