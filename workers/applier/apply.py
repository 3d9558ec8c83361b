"""The transaction of a micro-batch: everything a call causes becomes visible in one commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from base import clock
from delivery.change import AnyChange
from graph.client import Transaction, TryAgain
from graph.identity.policy import IdentityPolicy
from graph.repositories import apply as repository
from graph.repositories import quarantine as quarantine_repository
from graph.repositories.quarantine import QuarantineRow
from workers.applier.batch import Placed, PreparedCall, Preparer
from workers.applier.consequences import Consequences
from workers.applier.forgotten import keep_of_others
from workers.applier.identify import Identify, identify
from workers.applier.isolate import failed_row
from workers.identity.outcome import Identified
from workers.live.context import LiveContext
from workers.live.state import CustomerState


@dataclass(slots=True)
class Applied:
    """What a committed batch did.

    Args:
        changes: to publish.
        states: to keep in the cache.
        forget: customers whose cached state is no longer true.
        sources: where the calls came from.
        fresh: calls that took effect now.
        repeats: calls that had taken effect before.
        forgotten: calls of people who were erased after them.
        blocked: namespace, without an app or a source → values of the applied calls that identify nobody.
    """

    changes: list[AnyChange] = field(default_factory=list)
    states: list[CustomerState] = field(default_factory=list)
    forget: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    fresh: Sequence[PreparedCall] = ()
    repeats: Sequence[PreparedCall] = ()
    forgotten: int = 0
    blocked: Counter[str] = field(default_factory=Counter)

    @property
    def applied(self) -> int:
        """How many calls took effect now."""
        return len(self.fresh)

    @property
    def repeated(self) -> int:
        """How many calls had taken effect before."""
        return len(self.repeats)


class Applier:
    """Applies prepared calls; one a process.

    Args:
        identify: who finds out who is who: another than `identify` only to compare with it.
    """

    def __init__(self, live: LiveContext, preparer: Preparer, identify: Identify = identify):
        self._live = live
        self._preparer = preparer
        self._identify = identify
        self._consequences = Consequences(live)
        # Those that are in the graph for certain.
        self._sources: set[str] = set()

    def remember(self, applied: Applied) -> None:
        """Keep what a batch found out; only after its commit."""
        self._live.cache.drop(applied.forget)
        self._live.cache.put(applied.states)
        self._sources |= applied.sources

    async def apply(
        self,
        tx: Transaction,
        calls: Sequence[PreparedCall],
        rejected: Sequence[QuarantineRow],
        *,
        look_up: bool = True,
    ) -> Applied:
        """Apply calls that were not applied before and put rejected ones aside. Idempotent by call id.

        Args:
            look_up: ask first which calls took effect before. Without it, one that did ends the transaction.

        Raises:
            TryAgain, ConstraintError: run the transaction again, and look up.
        """
        policy = await self._live.policy(tx)
        calls, refused = self._under(policy, calls)
        rejected = [*rejected, *refused]
        done = Applied()
        graves = self._preparer.graves(calls)
        fresh = await self._look_up(tx, calls, graves, done) if look_up else calls
        done.fresh = fresh
        done.blocked.update(one.namespace.partition(":")[0] for call in fresh for one in call.call.blocked)
        if rejected:
            await quarantine_repository.put(tx, rejected)
        if not fresh:
            return done
        people = await repository.lock_people(tx, self._preparer.identifier_rows(fresh), clock.now_ms(), graves)
        if people.erased and list(await keep_of_others(tx, fresh, self._preparer, people.erased)) != list(fresh):
            # The next try looks it up first.
            raise TryAgain("somebody was erased")
        identified = await self._identify(tx, fresh, people, policy, clock.now_ms())
        placed = _place(fresh, identified)
        followed = await self._consequences.follow(tx, placed, identified)
        done.changes, done.states, done.forget = followed.changes, followed.states, followed.forget
        done.sources = {call.call.source for call in fresh}
        if not done.sources <= self._sources:
            await repository.merge_sources(tx, sorted(done.sources))
        return done

    async def _look_up(
        self, tx: Transaction, calls: Sequence[PreparedCall], graves: Sequence[str], done: Applied
    ) -> Sequence[PreparedCall]:
        """The calls that have not taken effect before, without people who were erased; the others are counted."""
        found = await repository.find_applied(tx, [call.id for call in calls], graves)
        fresh = [call for call in calls if call.id not in found.applied]
        kept = await keep_of_others(tx, fresh, self._preparer, found.erased)
        done.repeats = [call for call in calls if call.id in found.applied]
        done.forgotten = len(fresh) - len(kept)
        return kept

    def _under(
        self, policy: IdentityPolicy, calls: Sequence[PreparedCall]
    ) -> tuple[Sequence[PreparedCall], list[QuarantineRow]]:
        """The calls as a policy sees them, and those that name nobody under it."""
        if all(call.policy == policy.version for call in calls):
            return calls, []
        ready: list[PreparedCall] = []
        refused: list[QuarantineRow] = []
        for call in calls:
            again = self._preparer.again(call, policy)
            ready += again.calls
            refused += [
                failed_row(self._live.keyring, call.call.source, call.call.received_at_ms, one)
                for one in again.rejected
            ]
        return ready, refused


def _place(calls: Sequence[PreparedCall], identified: Identified) -> list[Placed]:
    """Where each call belongs: on its strongest usable identifier, to whoever had that one then."""
    placed: list[Placed] = []
    for call in calls:
        uid = call.seen[0].uid
        if identified.statuses or identified.holds:
            uid = identified.hangs_on([seen.uid for seen in call.seen])
            placed.append(Placed(call, uid, identified.customer_at(uid, call.call.at_ms)))
        else:
            placed.append(Placed(call, uid, identified.owners[uid]))
    return placed
