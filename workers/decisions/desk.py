"""Where people's decisions about identity take effect: one transaction each, with everything that follows.

A dry run is the same transaction, rolled back: what it shows is what would happen.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from base import clock
from base.errors import BadInput, NotFound, Unavailable
from base.ids import new_decision_id
from delivery.publisher import ChangePublisher
from graph.client import GraphClient, Transaction
from graph.identity.policy import DEFAULT, IdentifierClass, IdentityPolicy
from graph.identity.resolve import Resolution
from graph.repositories import call as call_repository
from graph.repositories import decision as decision_repository
from graph.repositories import identity as repository
from graph.repositories import review as review_repository
from graph.repositories.decision import MemberRow, NewDecision
from graph.repositories.identity import BLOCKED, CustomerIdentifiers, LockRow
from graph.repositories.review import ReviewItem
from workers.applier.consequences import Consequences
from workers.decisions import imports, steps
from workers.decisions.effect import Effect, effect_on
from workers.decisions.given import Given, lock
from workers.decisions.people import joined, living
from workers.decisions.steps import Kind
from workers.identity.locking import load_locked
from workers.identity.outcome import Identified
from workers.identity.reading import read_resolution
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
class NamedIdentifier:
    """An identifier that somebody names; `cipher` is stored when nobody has seen it yet."""

    uid: str
    namespace: str
    cipher: bytes


@dataclass(frozen=True, slots=True)
class _Made:
    """A decision inside its transaction: what to resolve anew, what must hold then, and which item it accepts."""

    id: str
    given: Given
    check: Callable[[Resolution], None] = lambda resolution: None
    review: str | None = None


class _DryRun(Exception):
    """Ends the transaction of a dry run; nothing of it stays."""

    def __init__(self, effect: Effect):
        super().__init__()
        self.effect = effect


class Desk:
    """One a process."""

    def __init__(
        self, graph: GraphClient, publisher: ChangePublisher, live: LiveContext, policy: IdentityPolicy = DEFAULT
    ):
        self._graph = graph
        self._publisher = publisher
        self._live = live
        self._policy = policy
        self._consequences = Consequences(live)

    async def merge(self, one: str, other: str, said: Said) -> Effect:
        """Two customers are one person.

        Raises:
            NotFound: nobody has one of the ids.
            BadInput: they are one already, or somebody took them apart.
        """

        async def make(tx: Transaction, now_ms: int) -> _Made:
            people = await repository.list_of_customers(tx, {one, other})
            first, second = living(people, one, "a"), living(people, other, "b")
            if first.id == second.id:
                raise BadInput("These are one customer already.", field="b")
            a, b = self._strongest(first, "a"), self._strongest(second, "b")
            return await self._decide(tx, Kind.MUST_LINK, said, now_ms, ({a}, {b}), (first.id, second.id), joined(a, b))

        return await self._run("merge_customers", said, make)

    async def split(self, customer: str, uids: Collection[str], said: Said) -> Effect:
        """Some identifiers of a customer are another person's.

        Raises:
            NotFound: nobody has the id.
            BadInput: none or all of its identifiers, or one that it does not have.
        """

        async def make(tx: Transaction, now_ms: int) -> _Made:
            person = living(await repository.list_of_customers(tx, {customer}), customer, "id")
            own = {uid for uid, *_ in person.identifiers}
            left = set(uids)
            if not left or not left <= own:
                raise BadInput("Give identifiers that this customer has now.", field="identifiers")
            right = own - left
            if not right:
                raise BadInput("A split leaves at least one identifier with the customer.", field="identifiers")
            # Devices follow people: one that stays must be free to go with whoever uses it.
            namespaces = {uid: namespace for uid, namespace, *_ in person.identifiers}
            right = {uid for uid in right if not self._is_device(namespaces[uid])} or right
            return await self._decide(tx, Kind.CANNOT_LINK, said, now_ms, (left, right), (person.id,))

        return await self._run("split_customer", said, make)

    async def block(self, identifier: NamedIdentifier, said: Said, *, blocked: bool = True) -> Effect:
        """A value identifies nobody, from now on and in all that was seen; or it does after all (`blocked` false).

        Raises:
            BadInput: it is so already.
        """

        async def make(tx: Transaction, now_ms: int) -> _Made:
            row = LockRow(uid=identifier.uid, namespace=identifier.namespace, cipher=identifier.cipher)
            known = (await repository.lock_identifiers(tx, [row], now_ms))[identifier.uid]
            if (known.status == BLOCKED) == blocked:
                raise BadInput("This identifier is blocked already." if blocked else "This identifier is not blocked.")
            customers = (known.customer,) if known.customer else ()
            kind = Kind.BLOCK if blocked else Kind.UNBLOCK
            return await self._decide(tx, kind, said, now_ms, ({identifier.uid}, set()), customers)

        return await self._run("block_identifier" if blocked else "unblock_identifier", said, make)

    async def revoke_call(self, call: str, said: Said) -> Effect:
        """A call never happened.

        Raises:
            NotFound: no such call took effect.
            BadInput: it was taken back already.
        """

        async def make(tx: Transaction, now_ms: int) -> _Made:
            found = await call_repository.find_call(tx, call)
            if found is None:
                raise NotFound("No call with this message id took effect.")
            if found.withdrawn:
                raise BadInput("This call was taken back already.", hint="Undo that decision to let it count again.")
            return await self._decide(tx, Kind.REVOKE_CALL, said, now_ms, (set(found.uids), set()), (), subject=call)

        return await self._run("revoke_call", said, make)

    async def revoke_import(self, source: str, said: Said) -> Effect:
        """All calls of a source that were received until now never happened. Many of them go in the background.

        Raises:
            NotFound: no call of the source took effect.
        """

        async def make(tx: Transaction, now_ms: int) -> _Made:
            if not await decision_repository.lock_source(tx, source, now_ms):
                raise NotFound(
                    "No call of this source took effect.", hint="A file's source is its mapping's, after `import:`."
                )
            return await self._decide(tx, Kind.REVOKE_IMPORT, said, now_ms, (set(), set()), (), subject=source)

        return await self._run("revoke_import", said, make)

    async def dismiss(self, item: ReviewItem, said: Said) -> Effect:
        """An item of the review list is as it should be; it stays away until its cause grows or arises anew."""

        async def make(tx: Transaction, now_ms: int) -> _Made:
            now = (await review_repository.list_true(tx, [item.id])).get(item.id)
            if now is None or now.state != review_repository.OPEN:
                raise BadInput("This item is not open any more.")
            return await self._decide(tx, Kind.DISMISS, said, now_ms, (set(), set()), now.customers, subject=item.id)

        return await self._run("dismiss_review", said, make)

    async def carry_on(self, decision: str, applied_until_ms: int) -> bool:
        """Do the next page of a decision that goes on in the background; False when there is nothing to do, or not yet.

        Args:
            applied_until_ms: all calls received until then have been applied.
        """

        async def work(tx: Transaction) -> Effect | None:
            now_ms = clock.now_ms()
            given = await imports.carry_on(tx, decision, applied_until_ms, now_ms)
            return None if given is None else await self._follow(tx, _Made(decision, given), now_ms)

        return await self._commit("carry_on_decision", work) is not None

    async def undo(self, decision: str, said: Said) -> Effect:
        """A decision was never made; the undo of an undo lets it stand again.

        Raises:
            NotFound: no such decision.
            BadInput: the resolver made it, or it was undone already.
        """

        async def make(tx: Transaction, now_ms: int) -> _Made:
            found = await decision_repository.find_locked(tx, decision, now_ms)
            if found is None:
                raise NotFound("There is no decision with this id.")
            if found.active is None:
                raise BadInput(
                    "Only a person's decision can be undone.",
                    hint="What the resolver did follows from calls and decisions: take those back.",
                )
            if not found.active:
                raise BadInput("This decision was undone already.", hint="Undo the undo to let it stand again.")
            target, stands, subject = decision, False, found
            await decision_repository.set_active(tx, target, stands)
            while subject.kind == Kind.UNDO:
                target, stands = str(subject.subject), not stands
                inner = await decision_repository.find_locked(tx, target, now_ms)
                assert inner is not None, "an undo names a decision"
                await decision_repository.set_active(tx, target, stands)
                subject = inner
            made = await self._write(tx, Kind.UNDO, said, now_ms, (set(subject.uids), set()), (), decision)
            given = await steps.change(tx, Kind(subject.kind), stands, target, subject.subject, subject.uids, now_ms)
            return _Made(made, given)

        return await self._run("undo_decision", said, make)

    async def replay(self, uids: Iterable[str], keep: bool) -> frozenset[str]:
        """Resolve identifiers anew though nobody decided anything; the check of identity asks for it.

        Args:
            keep: put right what differs; else only look.

        Returns:
            Identifiers that did not belong to whom they should have, now or before.
        """
        asked = set(uids)

        async def make(tx: Transaction, now_ms: int) -> _Made:
            start = await lock(tx, await self._whole(tx, asked), now_ms)
            unseen = await call_repository.list_unseen(tx, start)
            blocked = {uid for uid, one in start.items() if one.status == BLOCKED}
            return _Made("", Given(start, through=frozenset(blocked), unseen=frozenset(unseen)))

        said = Said("check", "a check of identity", dry_run=not keep)
        return (await self._run("replay_identity", said, make)).moved

    async def _whole(self, tx: Transaction, uids: set[str]) -> set[str]:
        """Identifiers with all others of the customers of their components: in a graph that is wrong they are more."""
        while True:
            component, _ = await read_resolution(tx, uids, self._policy)
            people = await repository.list_of_customers(tx, component.customers())
            theirs = {uid for person in people.values() for uid, *_ in person.identifiers}
            if theirs <= component.identifiers.keys():
                return uids
            uids = uids | theirs

    async def _decide(
        self,
        tx: Transaction,
        kind: Kind,
        said: Said,
        now_ms: int,
        sides: tuple[set[str], set[str]],
        customers: Sequence[str],
        check: Callable[[Resolution], None] = lambda resolution: None,
        subject: str | None = None,
    ) -> _Made:
        """Write a new decision and let it take effect."""
        decision = await self._write(tx, kind, said, now_ms, sides, customers, subject)
        given = await steps.change(tx, kind, True, decision, subject, sides[0] | sides[1], now_ms)
        return _Made(decision, given, check)

    async def _write(
        self,
        tx: Transaction,
        kind: Kind,
        said: Said,
        now_ms: int,
        sides: tuple[set[str], set[str]],
        customers: Sequence[str],
        subject: str | None,
    ) -> str:
        decision = new_decision_id()
        if not customers:
            known = await repository.get_identifiers(tx, sides[0] | sides[1])
            customers = sorted({one.customer for one in known.values() if one.customer is not None})
        members = [
            MemberRow(uid=uid, side=side) for side, uids in zip((False, True), sides, strict=True) for uid in uids
        ]
        await decision_repository.create(
            tx,
            NewDecision(
                decision,
                kind,
                now_ms,
                said.author,
                said.reason,
                self._policy.version,
                subject,
                sorted(members, key=lambda member: member["uid"]),
                sorted(customers),
            ),
        )
        return decision

    async def _run(self, name: str, said: Said, make: Callable[[Transaction, int], Awaitable[_Made]]) -> Effect:
        if not said.reason.strip() or len(said.reason) > MAX_REASON_CHARS:
            raise BadInput(f"A decision needs a reason of 1 to {MAX_REASON_CHARS} characters.", field="reason")

        async def work(tx: Transaction) -> Effect:
            now_ms = clock.now_ms()
            made = replace(await make(tx, now_ms), review=said.review)
            effect = await self._follow(tx, made, now_ms)
            if said.dry_run:
                if effect.planned:
                    effect = replace(effect, planned=await imports.count(tx, effect.planned.decision, now_ms))
                raise _DryRun(effect)
            return effect

        try:
            return await self._commit(name, work)
        except _DryRun as shown:
            return replace(shown.effect, decision=None, background=None)

    async def _commit(self, name: str, work: Callable[[Transaction], Awaitable[E]]) -> E:
        """Run a transaction and publish what it changed."""
        try:
            effect = await self._graph.write(name, work)
        finally:
            # What another process changes meanwhile is found by the customers' versions; what was rolled back is not.
            self._live.cache.clear()
        if effect is not None and effect.changes:
            # Committed: when Redis is away, whoever publishes next adds them too.
            with suppress(Unavailable):
                await self._publisher.publish(list(effect.changes))
        return effect

    async def _follow(self, tx: Transaction, made: _Made, now_ms: int) -> Effect:
        given, found = made.given, Identified()
        if not given.start:
            # Nobody's calls or links: what it is about goes on in the background, or is no matter of the resolver.
            assert made.review is None, "what accepts an item changes identity"
            planned = imports.Planned(given.imported) if given.imported and given.planned else None
            return Effect(made.id, (), (), background=given.imported, planned=planned)
        component = await load_locked(tx, given.start, found, now_ms, given.through)
        how = Replay(self._policy, now_ms, {}, rechecked=given.rechecked, unseen=given.unseen, undoing=True)
        made.check(await replay(tx, component, how, found))
        if made.review is not None:
            await review_repository.settle(tx, made.review, review_repository.ACCEPTED)
        # Their events may be others though their identifiers are not.
        for uid, one in given.start.items():
            holds = found.holds.get(uid, ())
            found.changed |= {hold.customer for hold in (*one.holds, *holds)} - found.retired.keys()
            if uid in found.owners:
                found.changed.add(found.owners[uid])
        followed = await self._consequences.follow(tx, (), found)
        if given.imported:
            about = found.changed | found.created | found.retired.keys()
            await decision_repository.note_customers(tx, given.imported, about)
        effects = effect_on(component, found)
        return Effect(made.id, effects, tuple(followed.changes), frozenset(found.moved), given.imported)

    def _strongest(self, person: CustomerIdentifiers, field: str) -> str:
        usable = [
            (self._policy.of(namespace).rank, first_seen, uid)
            for uid, namespace, status, first_seen in person.identifiers
            if status == repository.ACTIVE
        ]
        if not usable:
            raise BadInput("All identifiers of this customer are shared: it cannot be joined to anybody.", field=field)
        return min(usable)[2]

    def _is_device(self, namespace: str) -> bool:
        return self._policy.of(namespace).identifier_class is IdentifierClass.DEVICE
