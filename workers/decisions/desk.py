"""Where people's decisions about identity take effect: one transaction each, with everything that follows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from base import clock
from base.errors import BadInput, NotFound
from base.ids import new_decision_id
from delivery.publisher import ChangePublisher
from graph.client import GraphClient, Transaction, TryAgain
from graph.identity.resolve import Resolution
from graph.repositories import call as call_repository
from graph.repositories import decision as decision_repository
from graph.repositories import identity as repository
from graph.repositories import review as review_repository
from graph.repositories.decision import MemberRow, NewDecision
from graph.repositories.erasure import Place
from graph.repositories.identity import BLOCKED, LockRow
from graph.repositories.review import ReviewItem
from workers.decisions import erasure, imports, steps
from workers.decisions.effect import Effect
from workers.decisions.execution import Execution, Made, Said
from workers.decisions.given import lock
from workers.decisions.people import is_device, joined, living, strongest
from workers.decisions.steps import Kind
from workers.live.context import LiveContext


@dataclass(frozen=True, slots=True)
class NamedIdentifier:
    """An identifier that somebody names; `cipher` is stored when nobody has seen it yet."""

    uid: str
    namespace: str
    cipher: bytes


class Desk:
    """One a process."""

    def __init__(self, graph: GraphClient, publisher: ChangePublisher, live: LiveContext):
        self._live = live
        self._execution = Execution(graph, publisher, live)

    async def merge(self, one: str, other: str, said: Said) -> Effect:
        """Two customers are one person.

        Raises:
            NotFound: nobody has one of the ids.
            BadInput: they are one already, or somebody took them apart.
        """

        async def make(tx: Transaction, now_ms: int) -> Made:
            people = await repository.list_of_customers(tx, {one, other})
            first, second = living(people, one, "a"), living(people, other, "b")
            if first.id == second.id:
                raise BadInput("These are one customer already.", field="b")
            policy = await self._live.policy(tx)
            a, b = strongest(first, "a", policy), strongest(second, "b", policy)
            await _hold(tx, {a: first.id, b: second.id}, now_ms)
            return await self._decide(tx, Kind.MUST_LINK, said, now_ms, ({a}, {b}), (first.id, second.id), joined(a, b))

        return await self._execution.run("merge_customers", said, make)

    async def split(self, customer: str, uids: Collection[str], said: Said) -> Effect:
        """Some identifiers of a customer are another person's.

        Raises:
            NotFound: nobody has the id.
            BadInput: none or all of its identifiers, or one that it does not have.
        """

        async def make(tx: Transaction, now_ms: int) -> Made:
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
            policy = await self._live.policy(tx)
            right = {uid for uid in right if not is_device(namespaces[uid], policy)} or right
            await _hold(tx, dict.fromkeys(left | right, person.id), now_ms)
            return await self._decide(tx, Kind.CANNOT_LINK, said, now_ms, (left, right), (person.id,))

        return await self._execution.run("split_customer", said, make)

    async def block(self, identifier: NamedIdentifier, said: Said, *, blocked: bool = True) -> Effect:
        """A value identifies nobody, from now on and in all that was seen; or it does after all (`blocked` false).

        Raises:
            BadInput: it is so already.
        """

        async def make(tx: Transaction, now_ms: int) -> Made:
            row = LockRow(uid=identifier.uid, namespace=identifier.namespace, cipher=identifier.cipher)
            known = (await repository.lock_identifiers(tx, [row], now_ms))[identifier.uid]
            if (known.status == BLOCKED) == blocked:
                raise BadInput("This identifier is blocked already." if blocked else "This identifier is not blocked.")
            customers = (known.customer,) if known.customer else ()
            kind = Kind.BLOCK if blocked else Kind.UNBLOCK
            return await self._decide(tx, kind, said, now_ms, ({identifier.uid}, set()), customers)

        return await self._execution.run("block_identifier" if blocked else "unblock_identifier", said, make)

    async def revoke_call(self, call: str, said: Said) -> Effect:
        """A call never happened.

        Raises:
            NotFound: no such call took effect.
            BadInput: it was taken back already.
        """

        async def make(tx: Transaction, now_ms: int) -> Made:
            # Before the look whether it counts: whoever takes it back at the same time has the same locks.
            await lock(tx, await call_repository.get_uids(tx, [call]), now_ms)
            found = await call_repository.find_call(tx, call)
            if found is None:
                raise NotFound("No call with this message id took effect.")
            if found.withdrawn:
                raise BadInput("This call was taken back already.", hint="Undo that decision to let it count again.")
            return await self._decide(tx, Kind.REVOKE_CALL, said, now_ms, (set(found.uids), set()), (), subject=call)

        return await self._execution.run("revoke_call", said, make)

    async def revoke_import(self, source: str, said: Said) -> Effect:
        """All calls of a source that were received until now never happened. Many of them go in the background.

        Raises:
            NotFound: no call of the source took effect.
        """

        async def make(tx: Transaction, now_ms: int) -> Made:
            if not await decision_repository.lock_source(tx, source, now_ms):
                raise NotFound(
                    "No call of this source took effect.", hint="A file's source is its mapping's, after `import:`."
                )
            return await self._decide(tx, Kind.REVOKE_IMPORT, said, now_ms, (set(), set()), (), subject=source)

        return await self._execution.run("revoke_import", said, make)

    async def erase(self, customer: str, said: Said) -> Effect:
        """A person is forgotten: everything that is theirs alone goes, and input from before does not bring it back.

        Raises:
            NotFound: nobody has the id.
            BadInput: it has more identifiers than a person can have.
        """

        async def make(tx: Transaction, now_ms: int) -> Made:
            person = living(await repository.list_of_customers(tx, {customer}), customer, "id")
            decision = await self._write(tx, Kind.ERASE, said, now_ms, (set(), set()), (person.id,), None)
            given, erased = await erasure.begin(tx, person.id, decision, self._live.keyring, now_ms)
            return Made(decision, given, erased=erased)

        return await self._execution.run("erase_customer", said, make)

    async def dismiss(self, item: ReviewItem, said: Said) -> Effect:
        """An item of the review list is as it should be; it stays away until its cause grows or arises anew."""

        async def make(tx: Transaction, now_ms: int) -> Made:
            await review_repository.lock(tx, [item.id])
            now = (await review_repository.list_true(tx, [item.id])).get(item.id)
            if now is None or now.state != review_repository.OPEN:
                raise BadInput("This item is not open any more.")
            return await self._decide(tx, Kind.DISMISS, said, now_ms, (set(), set()), now.customers, subject=item.id)

        return await self._execution.run("dismiss_review", said, make)

    async def carry_on(self, decision: str, applied_until_ms: int) -> bool:
        """Do the next page of a decision that goes on in the background; False when there is nothing to do, or not yet.

        Args:
            applied_until_ms: all calls received until then have been applied.
        """

        async def work(tx: Transaction) -> Effect | None:
            now_ms = clock.now_ms()
            found = await decision_repository.find_locked(tx, decision, now_ms)
            if found is not None and found.kind == Kind.ERASE:
                went_on = await erasure.carry_on(tx, decision, self._live.keyring, now_ms)
                return Effect(decision, (), ()) if went_on else None
            given = await imports.carry_on(tx, decision, applied_until_ms, now_ms)
            return None if given is None else await self._execution.follow(tx, Made(decision, given), now_ms)

        return await self._execution.commit("carry_on_decision", work) is not None

    async def reach(self, decision: str, place: Place, count: int | None = None) -> bool:
        """Note that nothing of an erased person is left in a place; False, and nothing happens, while calls are."""

        async def work(tx: Transaction) -> bool:
            return await erasure.reach(tx, decision, place, count, clock.now_ms())

        return await self._execution.graph.write("reach_place", work)

    async def end_erasure(self, decision: str) -> None:
        """Note that nothing of an erased person is left anywhere; nothing happens while calls are."""

        async def work(tx: Transaction) -> None:
            await erasure.end(tx, decision, clock.now_ms())

        await self._execution.graph.write("end_erasure", work)

    async def undo(self, decision: str, said: Said) -> Effect:
        """A decision was never made; the undo of an undo lets it stand again.

        Raises:
            NotFound: no such decision.
            BadInput: the resolver made it, or it was undone already.
        """

        async def make(tx: Transaction, now_ms: int) -> Made:
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
            return Made(made, given)

        return await self._execution.run("undo_decision", said, make)

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
    ) -> Made:
        """Write a new decision and let it take effect."""
        decision = await self._write(tx, kind, said, now_ms, sides, customers, subject)
        given = await steps.change(tx, kind, True, decision, subject, sides[0] | sides[1], now_ms)
        return Made(decision, given, check)

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
                (await self._live.policy(tx)).version,
                subject,
                sorted(members, key=lambda member: member["uid"]),
                sorted(customers),
            ),
        )
        return decision


async def _hold(tx: Transaction, owners: Mapping[str, str], now_ms: int) -> None:
    """Lock identifiers (uid → customer) of whom it was read without a lock who has them.

    Raises:
        TryAgain: somebody else has one by now, as when the same was decided at the same time.
    """
    locked = await lock(tx, owners, now_ms)
    if {uid: one.customer for uid, one in locked.items()} != owners:
        raise TryAgain("an identifier has another customer")
