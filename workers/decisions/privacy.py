"""What people say of consents and restrictions for a customer: calls of a source of their own, applied at once.

As calls they belong to whoever has the identifier that they hang on, through merges, splits and undos, and are gone
with an erasure (docs/adr/0030).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from base import clock
from base.errors import BadInput, NotFound
from base.ids import new_decision_id
from delivery.publisher import ChangePublisher
from graph.client import GraphClient, Transaction, TryAgain
from graph.identity.policy import IdentifierClass, IdentityPolicy
from graph.repositories import decision as decision_repository
from graph.repositories.consent import Bearer, Person, find_person
from graph.repositories.decision import MemberRow, NewDecision
from graph.repositories.identity import ACTIVE, get_identifiers
from ingest.calls import Call
from ingest.documents import EMPTY
from ingest.identifiers import SeenIdentifier
from ingest.wire import Envelope
from rules import consent
from rules.consent import Restriction, restricted_since, restrictions
from workers.applier.apply import Applied, Applier
from workers.applier.batch import PreparedCall, Preparer
from workers.decisions.execution import Said, check_reason
from workers.decisions.steps import PRIVACY_SOURCE, Kind
from workers.live.context import LiveContext

# A person with more identifiers is restricted by the strongest of them.
MAX_BEARERS: Final = 50


@dataclass(frozen=True, slots=True)
class Named:
    """An identifier that somebody names, spelled."""

    namespace: str
    value: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was noted of a customer.

    Args:
        decision: None for a dry run.
        restricted_since_ms: as it is afterwards; None: not restricted.
    """

    customer: str
    decision: str | None
    restricted_since_ms: int | None


class _DryRun(Exception):
    def __init__(self, recorded: Recorded):
        super().__init__()
        self.recorded = recorded


class PrivacyDesk:
    """One a process."""

    def __init__(self, graph: GraphClient, publisher: ChangePublisher, live: LiveContext):
        self._graph = graph
        self._publisher = publisher
        self._live = live
        self._preparer = Preparer(live.keyring)
        self._applier = Applier(live, self._preparer)

    async def record(self, whom: str | Named, what: consent.Said, at_ms: int, said: Said) -> Recorded:
        """What a customer agreed to or not; of an identifier that nobody has, a new one.

        Args:
            whom: the id of a customer, or an identifier.
            at_ms: when it was said.

        Raises:
            NotFound: nobody has the id.
            BadInput: no reason; or the identifier cannot name anybody.
        """
        observed = consent.observations([what])

        async def make(tx: Transaction, policy: IdentityPolicy, decision: str) -> Sequence[Call]:
            if isinstance(whom, Named):
                return [_call(decision, whom.namespace, whom.value, self._uid(whom), at_ms, observed)]
            person = await _person(tx, whom)
            bearer = _bearers(person, policy)[0]
            return [self._call_on(bearer, decision, at_ms, observed)]

        return await self._run("record_consent", Kind.CONSENT, said, make, None if isinstance(whom, Named) else whom)

    async def restrict(self, customer: str, said: Said) -> Recorded:
        """Leave a customer out of all purposes from now on.

        Raises:
            NotFound: nobody has the id.
            BadInput: no reason, or it is restricted already.
        """

        async def make(tx: Transaction, policy: IdentityPolicy, decision: str) -> Sequence[Call]:
            person = await _person(tx, customer)
            if restricted_since(person.attributes) is not None:
                raise BadInput("This customer is restricted already.", field="id")
            now_ms = clock.now_ms()
            # Said of the time when an identifier was last seen: which phone is the newest must not change by it.
            return [
                self._call_on(
                    one, decision, _seen_ms(one, now_ms), Restriction(decision, one.uid, now_ms).observation()
                )
                for one in _bearers(person, policy)
            ]

        return await self._run("restrict_customer", Kind.RESTRICT, said, make, customer)

    async def lift(self, customer: str, said: Said) -> Recorded:
        """Let a customer take part again.

        Raises:
            NotFound: nobody has the id.
            BadInput: no reason, or it is not restricted.
        """

        async def make(tx: Transaction, policy: IdentityPolicy, decision: str) -> Sequence[Call]:
            person = await _person(tx, customer)
            standing = restrictions(person.attributes)
            if not standing:
                raise BadInput("This customer is not restricted.", field="id")
            now_ms = clock.now_ms()
            own = {one.uid: one for one in person.bearers}
            strongest = _bearers(person, policy)[0]
            return [
                self._call_on(
                    bearer,
                    f"{decision}/{place}",
                    _seen_ms(bearer, now_ms),
                    one._replace(at_ms=now_ms).observation(lifted=True),
                )
                for place, one in enumerate(sorted(standing))
                for bearer in (own.get(one.uid, strongest),)
            ]

        return await self._run("lift_restriction", Kind.LIFT, said, make, customer)

    def _uid(self, named: Named) -> str:
        return self._live.keyring.uid(named.namespace, named.value)

    def _call_on(self, bearer: Bearer, key: str, at_ms: int, observed: dict[str, list[object]]) -> Call:
        assert bearer.cipher is not None, "only such bear anything"
        value = self._live.keyring.open_display(bearer.cipher, bearer.uid)
        return _call(key, bearer.namespace, value, bearer.uid, at_ms, observed)

    async def _run(
        self,
        name: str,
        kind: Kind,
        said: Said,
        make: Callable[[Transaction, IdentityPolicy, str], Awaitable[Sequence[Call]]],
        expected: str | None,
    ) -> Recorded:
        check_reason(said.reason)
        decision = new_decision_id()

        async def work(tx: Transaction) -> tuple[Recorded, Applied]:
            policy = await self._live.policy(tx)
            calls = self._preparer.prepare(await make(tx, policy, decision), policy)
            applied = await self._applier.apply(tx, calls, ())
            uids = sorted({one.uid for call in calls for one in call.seen})
            customer = await self._owner(tx, calls)
            if expected is not None and customer != (await _person(tx, expected)).id:
                hint = "Name an identifier that was this customer's then, or another time."
                raise BadInput("What it hangs on was somebody else's then.", hint=hint, field="input.at")
            await decision_repository.create(
                tx,
                NewDecision(
                    decision,
                    kind,
                    clock.now_ms(),
                    said.author,
                    said.reason,
                    policy.version,
                    "\n".join(call.id for call in calls),
                    [MemberRow(uid=uid, side=False) for uid in uids],
                    [customer],
                ),
            )
            person = await _person(tx, customer)
            since_ms = restricted_since(person.attributes)
            if said.dry_run:
                raise _DryRun(Recorded(customer, None, since_ms))
            return Recorded(customer, decision, since_ms), applied

        try:
            recorded, applied = await self._graph.write(name, work)
        except _DryRun as shown:
            return shown.recorded
        finally:
            # What was rolled back is not found by the customers' versions.
            self._live.cache.clear()
        if applied.changes:
            await self._publisher.publish(applied.changes)
        return recorded

    async def _owner(self, tx: Transaction, calls: Sequence[PreparedCall]) -> str:
        """Whose the calls are.

        Raises:
            TryAgain: they are several people's by now.
            BadInput: the identifier names nobody.
        """
        found = await get_identifiers(tx, {one.uid for call in calls for one in call.seen})
        owners: set[str] = set()
        for call in calls:
            at_ms = call.call.at_ms
            holds = [hold for one in call.seen if one.uid in found for hold in found[one.uid].holds]
            owners |= {
                hold.customer for hold in holds if hold.start <= at_ms and (hold.end is None or at_ms < hold.end)
            }
        if len(owners) > 1:
            raise TryAgain("an identifier has another customer")
        if not owners:
            raise BadInput("This identifier names nobody.", hint="It is blocked, or its person was erased.")
        return owners.pop()


async def _person(tx: Transaction, customer: str) -> Person:
    person = await find_person(tx, customer)
    if person is None:
        raise NotFound("Nobody has this id.")
    return person


def _bearers(person: Person, policy: IdentityPolicy) -> list[Bearer]:
    """Those that what is said hangs on, the strongest first: no device, which follows people, unless there are only
    devices.

    Raises:
        BadInput: none has been shown by a call.
    """
    usable = [one for one in person.bearers if one.cipher is not None]
    if not usable:
        raise BadInput("No call has shown an identifier of this customer.")
    own = [one for one in usable if policy.of(one.namespace).identifier_class is not IdentifierClass.DEVICE] or usable
    active = [one for one in own if one.status == ACTIVE] or own
    newest = sorted(active, key=lambda one: (-(one.last_seen_ms or 0), one.uid))
    return sorted(newest, key=lambda one: policy.of(one.namespace).rank)[:MAX_BEARERS]


def _seen_ms(bearer: Bearer, now_ms: int) -> int:
    return now_ms if bearer.last_seen_ms is None else bearer.last_seen_ms


def _call(key: str, namespace: str, value: str, uid: str, at_ms: int, observed: dict[str, list[object]]) -> Call:
    return Call(
        kind="identify",
        message_id=f"{key}/{uid}",
        index=0,
        at_ms=at_ms,
        received_at_ms=clock.now_ms(),
        source=PRIVACY_SOURCE,
        name=None,
        properties=EMPTY,
        values={},
        traits={},
        identifiers=(SeenIdentifier(namespace, value, True),),
        blocked=(),
        group_id=None,
        context=EMPTY,
        extra=EMPTY,
        item=EMPTY,
        envelope=Envelope(),
        consents=observed,
    )
