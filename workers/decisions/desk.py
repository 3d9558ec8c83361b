"""Where people's decisions about identity take effect: one transaction each, with everything that follows.

A dry run is the same transaction, rolled back: what it shows is what would happen.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from base import clock
from base.errors import BadInput, NotFound, Unavailable
from base.ids import new_decision_id
from delivery.change import Change
from delivery.publisher import ChangePublisher
from graph.client import GraphClient, Transaction
from graph.identity.policy import IdentifierClass, IdentityPolicy
from graph.identity.resolve import Resolution
from graph.repositories import call as call_repository
from graph.repositories import decision as decision_repository
from graph.repositories import identity as repository
from graph.repositories.call import OrderRow
from graph.repositories.decision import MemberRow, NewDecision
from graph.repositories.identity import BLOCKED, SHARED, CustomerIdentifiers, LockRow
from workers.applier.consequences import Consequences
from workers.decisions import steps
from workers.decisions.effect import Effect, effect_on
from workers.decisions.steps import Given, Kind
from workers.identity.locking import load_locked
from workers.identity.observations import rebuild
from workers.identity.outcome import Identified
from workers.identity.replay import Replay, replay
from workers.live.context import LiveContext

MAX_REASON_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class Said:
    """Who decides, why, and whether only to look."""

    author: str
    reason: str
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class NamedIdentifier:
    """An identifier that somebody names; `cipher` is stored when nobody has seen it yet."""

    uid: str
    namespace: str
    cipher: bytes


@dataclass(frozen=True, slots=True)
class _Made:
    """A decision inside its transaction: what to resolve anew, and what must hold then."""

    id: str
    given: Given
    check: Callable[[Resolution], None] = lambda resolution: None


# Of what follows from something else: a check, a policy.
_NOBODY = Said("kith", "It follows from calls, decisions and policy.")


class Superseded(Exception):
    """Another version of the policy is in force than the one to be followed."""


class _DryRun(Exception):
    """Ends the transaction of a dry run; nothing of it stays."""

    def __init__(self, effect: Effect):
        super().__init__()
        self.effect = effect


class Desk:
    """One a process."""

    def __init__(self, graph: GraphClient, publisher: ChangePublisher, live: LiveContext):
        self._graph = graph
        self._publisher = publisher
        self._live = live
        self._consequences = Consequences(live)

    async def merge(self, one: str, other: str, said: Said) -> Effect:
        """Two customers are one person.

        Raises:
            NotFound: nobody has one of the ids.
            BadInput: they are one already, or somebody took them apart.
        """

        async def make(tx: Transaction, now_ms: int) -> _Made:
            people = await repository.list_of_customers(tx, {one, other})
            first, second = _living(people, one, "a"), _living(people, other, "b")
            if first.id == second.id:
                raise BadInput("These are one customer already.", field="b")
            policy = await self._live.policy(tx)
            a, b = _strongest(first, "a", policy), _strongest(second, "b", policy)
            return await self._decide(
                tx, Kind.MUST_LINK, said, now_ms, ({a}, {b}), (first.id, second.id), _joined(a, b)
            )

        return await self._run("merge_customers", said, make)

    async def split(self, customer: str, uids: Collection[str], said: Said) -> Effect:
        """Some identifiers of a customer are another person's.

        Raises:
            NotFound: nobody has the id.
            BadInput: none or all of its identifiers, or one that it does not have.
        """

        async def make(tx: Transaction, now_ms: int) -> _Made:
            person = _living(await repository.list_of_customers(tx, {customer}), customer, "id")
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
            right = {uid for uid in right if not _is_device(namespaces[uid], policy)} or right
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
            uids = set(found.uids) if found else set()
            return await self._decide(tx, Kind.REVOKE_CALL, said, now_ms, (uids, set()), (), subject=call)

        return await self._run("revoke_call", said, make)

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

    async def replay(self, uids: Iterable[str], keep: bool, *, recheck_shared: bool = False) -> frozenset[str]:
        """Resolve identifiers anew though nobody decided anything: a check asks for it, or a new policy.

        Args:
            keep: put right what differs; else only look.
            recheck_shared: those of them that are shared may be so no more.

        Returns:
            Identifiers that did not belong to whom they should have, now or before.
        """
        asked = set(uids)

        async def make(tx: Transaction, now_ms: int) -> _Made:
            start = await steps.lock(tx, await self._whole(tx, asked), now_ms)
            unseen = await call_repository.list_unseen(tx, start)
            blocked = frozenset(uid for uid, one in start.items() if one.status == BLOCKED)
            shared = frozenset(uid for uid, one in start.items() if one.status == SHARED and recheck_shared)
            return _Made("", Given(start, through=blocked | shared, rechecked=shared, unseen=frozenset(unseen)))

        return (await self._run("replay_identity", replace(_NOBODY, dry_run=not keep), make)).moved

    async def list(self, uids: Collection[str], version: int, *, blocked: bool) -> Effect:
        """Set identifiers aside that the lists of a policy name, or no longer those that they name no more.

        Raises:
            Superseded: another version is in force.
        """

        async def make(tx: Transaction, now_ms: int) -> _Made:
            await self._require(tx, version)
            return _Made("", await steps.set_aside(tx, uids, blocked, now_ms, by_policy=True))

        return await self._run("list_identifiers", _NOBODY, make)

    async def reorder(self, rows: Sequence[OrderRow], version: int) -> Effect:
        """Name the identifiers of calls in the order of a policy's ranks, and hang the calls on the first.

        Raises:
            Superseded: another version is in force.
        """

        async def make(tx: Transaction, now_ms: int) -> _Made:
            await self._require(tx, version)
            start = await steps.lock(tx, {uid for row in rows for uid in row["order"]}, now_ms)
            await rebuild(tx, await call_repository.reorder(tx, rows))
            return _Made("", Given(start))

        return await self._run("reorder_calls", _NOBODY, make)

    async def publish(self, changes: Sequence[Change]) -> None:
        """Publish committed changes. When Redis is away, whoever publishes next adds them too."""
        if changes:
            with suppress(Unavailable):
                await self._publisher.publish(list(changes))

    async def _require(self, tx: Transaction, version: int) -> None:
        if (await self._live.policy(tx)).version == version:
            return
        if (await self._live.renewed_policy(tx)).version != version:
            raise Superseded

    async def _whole(self, tx: Transaction, uids: set[str]) -> set[str]:
        """Identifiers with all others of the customers of their components: in a graph that is wrong they are more."""
        while True:
            component = await repository.load_component(tx, await repository.get_identifiers(tx, uids))
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
                (await self._live.policy(tx)).version,
                subject,
                sorted(members, key=lambda member: member["uid"]),
                sorted(customers),
            ),
        )
        return decision

    async def _run(self, name: str, said: Said, make: Callable[[Transaction, int], Awaitable[_Made]]) -> Effect:
        check_reason(said.reason)

        async def work(tx: Transaction) -> Effect:
            now_ms = clock.now_ms()
            made = await make(tx, now_ms)
            effect = await self._follow(tx, made, now_ms)
            if said.dry_run:
                raise _DryRun(effect)
            return effect

        try:
            effect = await self._graph.write(name, work)
        except _DryRun as shown:
            return replace(shown.effect, decision=None)
        finally:
            # What another process changes meanwhile is found by the customers' versions; what was rolled back is not.
            self._live.cache.clear()
        await self.publish(effect.changes)
        return effect

    async def _follow(self, tx: Transaction, made: _Made, now_ms: int) -> Effect:
        policy = await self._live.policy(tx)
        given, found = made.given, Identified(policy)
        component = await load_locked(tx, given.start, found, now_ms, given.through)
        how = Replay(policy, now_ms, {}, rechecked=given.rechecked, unseen=given.unseen, undoing=True)
        made.check(await replay(tx, component, how, found))
        # Their events may be others though their identifiers are not.
        for uid, one in given.start.items():
            holds = found.holds.get(uid, ())
            found.changed |= {hold.customer for hold in (*one.holds, *holds)} - found.retired.keys()
            if uid in found.owners:
                found.changed.add(found.owners[uid])
        followed = await self._consequences.follow(tx, (), found)
        return Effect(made.id, effect_on(component, found), tuple(followed.changes), frozenset(found.moved))


def _strongest(person: CustomerIdentifiers, field: str, policy: IdentityPolicy) -> str:
    usable = [
        (policy.of(namespace).rank, first_seen, uid)
        for uid, namespace, status, first_seen in person.identifiers
        if status == repository.ACTIVE
    ]
    if not usable:
        raise BadInput("All identifiers of this customer are shared: it cannot be joined to anybody.", field=field)
    return min(usable)[2]


def _is_device(namespace: str, policy: IdentityPolicy) -> bool:
    return policy.of(namespace).identifier_class is IdentifierClass.DEVICE


def check_reason(reason: str) -> None:
    """Raises:
    BadInput: no reason, or a long one.
    """
    if not reason.strip() or len(reason) > MAX_REASON_CHARS:
        raise BadInput(f"A decision needs a reason of 1 to {MAX_REASON_CHARS} characters.", field="reason")


def _living(people: dict[str, CustomerIdentifiers], asked: str, field: str) -> CustomerIdentifiers:
    found = people.get(asked)
    if found is None:
        raise NotFound(f"Nobody has this id: {field}.")
    return found


def _joined(a: str, b: str) -> Callable[[Resolution], None]:
    def check(resolution: Resolution) -> None:
        if not any(a in group and b in group for group in resolution.groups):
            raise BadInput(
                "Somebody decided that these are two persons.", hint="Undo that decision first; it is in `decisions`."
            )

    return check
