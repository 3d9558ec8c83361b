"""Lets a change of what the resolver is given take effect: one transaction, with everything that follows.

A dry run is the same transaction, rolled back: what it shows is what would happen.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from base import clock
from base.errors import BadInput, Unavailable
from delivery.change import AnyChange
from delivery.publisher import ChangePublisher
from graph.client import GraphClient, Transaction
from graph.identity.resolve import Resolution
from graph.repositories import decision as decision_repository
from graph.repositories import identity as identity_repository
from graph.repositories import review as review_repository
from graph.repositories.identity import Component
from workers.applier.consequences import Consequences
from workers.decisions import erasure, imports
from workers.decisions.effect import CustomerEffect, CustomerFate, Effect, effect_on
from workers.decisions.erasure import Erased
from workers.decisions.given import Given, Unreached
from workers.identity.locking import load_locked
from workers.identity.outcome import Identified, Turn
from workers.identity.replay import Replay, replay
from workers.live.context import LiveContext

E = TypeVar("E", Effect, Effect | None)

MAX_REASON_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class Said:
    """Who decides, why, whether only to look, and which item of the review list is accepted by it."""

    author: str
    reason: str
    dry_run: bool = False
    review: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A change inside its transaction: what to resolve anew, what must hold then, and which item it accepts.

    Args:
        id: of the decision behind it; empty where there is none.
        erased: who is erased by it.
    """

    id: str
    given: Given
    check: Callable[[Resolution], None] = lambda resolution: None
    review: str | None = None
    erased: Erased | None = None


class _DryRun(Exception):
    """Ends the transaction of a dry run; nothing of it stays."""

    def __init__(self, effect: Effect):
        super().__init__()
        self.effect = effect


def check_reason(reason: str) -> None:
    """Raises:
    BadInput: no reason, or a long one.
    """
    if not reason.strip() or len(reason) > MAX_REASON_CHARS:
        raise BadInput(f"A decision needs a reason of 1 to {MAX_REASON_CHARS} characters.", field="reason")


class Execution:
    """One a process."""

    def __init__(self, graph: GraphClient, publisher: ChangePublisher, live: LiveContext):
        self.live = live
        self.graph = graph
        self._publisher = publisher
        self._consequences = Consequences(live)

    async def run(self, name: str, said: Said, make: Callable[[Transaction, int], Awaitable[Made]]) -> Effect:
        """Make a change in a transaction and let it take effect; in a dry run only look.

        Args:
            name: label of metrics and logs.

        Raises:
            BadInput: a reason is missing; and whatever `make` raises.
        """
        check_reason(said.reason)

        async def work(tx: Transaction) -> Effect:
            now_ms = clock.now_ms()
            made = replace(await make(tx, now_ms), review=said.review)
            effect = await self.follow(tx, made, now_ms)
            if said.dry_run:
                if effect.planned:
                    effect = replace(effect, planned=await imports.count(tx, effect.planned.decision, now_ms))
                raise _DryRun(effect)
            return effect

        try:
            return await self.commit(name, work)
        except _DryRun as shown:
            return replace(shown.effect, decision=None, background=None)

    async def commit(self, name: str, work: Callable[[Transaction], Awaitable[E]]) -> E:
        """Run a transaction and publish what it changed."""
        try:
            effect = await self.graph.write(name, work)
        finally:
            # What another process changes meanwhile is found by the customers' versions; what was rolled back is not.
            self.live.cache.clear()
        if effect is not None:
            await self.publish(effect.log)
        return effect

    async def publish(self, changes: Sequence[AnyChange]) -> None:
        """Publish committed changes. When Redis is away, whoever publishes next adds them too."""
        if changes:
            with suppress(Unavailable):
                await self._publisher.publish(list(changes))

    async def follow(self, tx: Transaction, made: Made, now_ms: int) -> Effect:
        """Resolve anew what a change concerns, and write what follows."""
        given, found = made.given, Identified(await self.live.policy(tx))
        found.rehung |= given.rehung
        if made.erased:
            return await self._erase(tx, made, made.erased, found, now_ms)
        if not given.start:
            # Nobody's calls or links: what it is about goes on in the background, or is no matter of the resolver.
            assert made.review is None, "what accepts an item changes identity"
            planned = imports.Planned(given.imported) if given.imported and given.planned else None
            return Effect(made.id, (), (), background=given.imported, planned=planned)
        component = await self._resolve(tx, made, found, now_ms)
        followed = await self._consequences.follow(tx, (), found)
        if given.imported:
            about = found.changed | found.created | found.retired.keys()
            await decision_repository.note_customers(tx, given.imported, about)
        effects = effect_on(component, found)
        return Effect(made.id, effects, tuple(followed.changes), frozenset(found.moved), given.imported)

    async def _erase(self, tx: Transaction, made: Made, erased: Erased, found: Identified, now_ms: int) -> Effect:
        """What is left of others without a person, and that the person leaves every segment."""
        component = await self._resolve(tx, made, found, now_ms) if made.given.start else Component()
        found.retired[erased.customer] = None
        found.erased.add(erased.customer)
        found.regrouped |= erased.groups
        found.turns.append(Turn("ERASED", erased.customer, None, made.id))
        followed = await self._consequences.follow(tx, (), found)
        calls = await erasure.finish(tx, erased, made.id, self.live.keyring, now_ms)
        person = CustomerEffect(erased.customer, CustomerFate.ERASED, None, (), erased.lost, 0)
        others = (one for one in effect_on(component, found) if one.id != erased.customer)
        effects = tuple(sorted((person, *others), key=lambda one: one.id))
        return Effect(made.id, effects, tuple(followed.changes), background=made.id, call_count=calls)

    async def _resolve(self, tx: Transaction, made: Made, found: Identified, now_ms: int) -> Component:
        """Resolve anew what a change gives, and note everybody whose facts may be others."""
        given = made.given
        component = await load_locked(tx, given.start, found, now_ms, given.through)
        if given.whole:
            people = await identity_repository.list_of_customers(tx, component.customers())
            theirs = {uid for person in people.values() if person for uid, *_ in person.identifiers}
            if unreached := theirs - component.identifiers.keys():
                raise Unreached(frozenset(unreached))
        how = Replay(
            found.policy,
            now_ms,
            {},
            rechecked=given.rechecked,
            unseen=given.unseen | component.unseen(given.start),
            undoing=True,
        )
        made.check(await replay(tx, component, how, found))
        if made.review is not None:
            await review_repository.settle(tx, made.review, review_repository.ACCEPTED)
        # Their events may be others though their identifiers are not.
        for uid, one in given.start.items():
            holds = found.holds.get(uid, ())
            found.changed |= {hold.customer for hold in (*one.holds, *holds)} - found.retired.keys()
            if uid in found.owners:
                found.changed.add(found.owners[uid])
        return component
