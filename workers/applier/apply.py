"""The transaction of a micro-batch: everything a call causes becomes visible in one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from base import clock
from delivery.change import Change
from graph.client import Transaction
from graph.repositories import apply as repository
from graph.repositories import quarantine as quarantine_repository
from graph.repositories.apply import EventRow, GroupRow, PlainCallRow
from graph.repositories.quarantine import QuarantineRow
from workers.applier import attributes as derive
from workers.applier.batch import PreparedCall, Preparer
from workers.applier.identify import Identified, identify
from workers.live.catalogue import READABLE_IDENTIFIERS, Catalogue
from workers.live.context import LiveContext
from workers.live.evaluation import Flip, Touched, evaluate_customer, leave_all
from workers.live.facts import keep_properties, load_states
from workers.live.outbox import close
from workers.live.state import CustomerState


@dataclass(slots=True)
class Applied:
    """What a committed batch did.

    Args:
        changes: to publish.
        states: to keep in the cache.
        forget: customers whose cached state is no longer true.
        sources: where the calls came from.
        repeated: calls that had taken effect before.
    """

    changes: list[Change] = field(default_factory=list)
    states: list[CustomerState] = field(default_factory=list)
    forget: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    applied: int = 0
    repeated: int = 0


class Applier:
    """Applies prepared calls; one a process."""

    def __init__(self, live: LiveContext, preparer: Preparer):
        self._live = live
        self._preparer = preparer
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
        known = await repository.find_applied(tx, [call.id for call in calls]) if look_up else set()
        fresh = [call for call in calls if call.id not in known]
        done = Applied(applied=len(fresh), repeated=len(calls) - len(fresh))
        if rejected:
            await quarantine_repository.put(tx, rejected)
        if not fresh:
            return done
        people = await repository.lock_people(tx, self._preparer.identifier_rows(fresh), clock.now_ms())
        identified = await identify(tx, fresh, people, clock.now_ms())
        # The instant is taken after the locks: whoever changed these customers before has committed, so time does not
        # run backwards.
        catalogue, swept_ms = await self._live.current(tx)
        now_ms = clock.now_ms()
        touched = _touch(fresh, identified, catalogue)
        keys = {customer: _keys(catalogue, identified, customer, one) for customer, one in touched.items()}
        states = await self._states(tx, fresh, identified, catalogue, keys)
        await self._write(tx, fresh, identified, states)
        _add_events(fresh, identified, states, catalogue)
        flips = await self._retire(tx, identified, catalogue, now_ms)
        for customer, one in touched.items():
            if keys[customer]:
                flips += evaluate_customer(catalogue, states[customer], keys[customer], one, swept_ms, now_ms)

        def evaluate_on(from_ms: int, until_ms: int) -> list[Flip]:
            return [
                flip
                for customer in touched
                if keys[customer]
                for flip in evaluate_customer(catalogue, states[customer], keys[customer], Touched(), from_ms, until_ms)
            ]

        done.changes = await close(tx, self._live, catalogue, flips, now_ms, evaluate_on, event_rows(fresh, now_ms))
        done.states = list(states.values())
        done.sources = {call.call.source for call in fresh}
        done.forget = set(identified.versions) - states.keys() | identified.retired.keys()
        return done

    async def _retire(self, tx: Transaction, identified: Identified, catalogue: Catalogue, now_ms: int) -> list[Flip]:
        """A merged customer leaves its segments; the survivor is evaluated with everything that it got."""
        retired = sorted(identified.retired)
        states = await load_states(tx, retired, catalogue, self._live.keyring) if retired else {}
        return [flip for customer in sorted(states) for flip in leave_all(states[customer], "IDENTITY", now_ms)]

    async def _states(
        self,
        tx: Transaction,
        calls: Sequence[PreparedCall],
        identified: Identified,
        catalogue: Catalogue,
        keys: Mapping[str, set[str]],
    ) -> dict[str, CustomerState]:
        """States of the customers whose rules or attributes are concerned, before this batch's events."""
        observed = {identified.owners[call.owner] for call in calls if call.call.kind == "identify"}
        wanted = {customer for customer, rules in keys.items() if rules} | observed | identified.changed
        # A state that was built up in memory does not see an identifier that doubles as an attribute.
        rereads = set(identified.changed)
        if catalogue.reads_identifiers:
            rereads |= {
                identified.owners[seen.uid]
                for call in calls
                for seen in call.seen
                if seen.namespace in READABLE_IDENTIFIERS
            }
        self._live.cache.drop(rereads)
        brand_new = (identified.created & wanted) - rereads
        # A new customer may also have got identifiers that others had before: those bring events with them.
        taken_over = {identified.owners[uid] for uid in identified.moved if identified.owners[uid] in brand_new}
        states = {customer: CustomerState(customer, 1, catalogue.version) for customer in brand_new - taken_over}
        rest = sorted(wanted - states.keys())
        states.update(await self._live.states(tx, identified.versions, rest, catalogue))
        return states

    async def _write(
        self,
        tx: Transaction,
        calls: Sequence[PreparedCall],
        identified: Identified,
        states: Mapping[str, CustomerState],
    ) -> None:
        observations = derive.observation_rows(calls)
        await repository.merge_observations(tx, observations)
        changed: set[str] = set()
        for row in observations:
            customer = identified.owners[row["uid"]]
            if customer not in identified.changed and derive.observe(states[customer], row):
                changed.add(customer)
        changed |= await self._derive_again(tx, sorted(identified.changed), states)
        await repository.set_attributes(
            tx, [derive.attributes_row(customer, states[customer].attributes) for customer in sorted(changed)]
        )
        await repository.create_calls(tx, call_rows(calls))
        await repository.merge_groups(tx, group_rows(calls))
        sources = {call.call.source for call in calls}
        if not sources <= self._sources:
            await repository.merge_sources(tx, sorted(sources))

    @staticmethod
    async def _derive_again(tx: Transaction, customers: Sequence[str], states: Mapping[str, CustomerState]) -> set[str]:
        """After a merge or a move, attributes come from all observations over the identifiers of now."""
        if not customers:
            return set()
        for customer in customers:
            state = states[customer]
            for name in state.attributes:
                state.values.pop(name, None)
            state.attributes.clear()
        for row in await repository.get_observations(tx, customers):
            derive.observe(states[row["customer"]], row)
        return set(customers)


def _touch(calls: Sequence[PreparedCall], identified: Identified, catalogue: Catalogue) -> dict[str, Touched]:
    touched: dict[str, Touched] = {}
    for prepared in calls:
        call = prepared.call
        customer = identified.owners[prepared.owner]
        one = touched.get(customer)
        if one is None:
            one = touched[customer] = Touched()
            if customer in identified.created:
                one.created_ms, one.cause = call.at_ms, "IDENTITY"
            elif customer in identified.changed:
                one.unplaced, one.cause = True, "IDENTITY"
        if one.created_ms is not None:
            one.created_ms = min(one.created_ms, call.at_ms)
        if call.name is not None:
            if catalogue.needs_event(call.name):
                one.events.setdefault(call.at_ms, []).append((call.name, prepared.id))
        elif call.kind == "identify":
            for name in call.traits:
                one.attributes[name] = max(call.at_ms, one.attributes.get(name, call.at_ms))
    for customer in identified.changed | identified.created:
        if customer not in touched:
            touched[customer] = Touched(unplaced=True, cause="IDENTITY")
    if catalogue.reads_identifiers:
        _touch_readable(calls, identified, touched)
    return touched


def _touch_readable(calls: Sequence[PreparedCall], identified: Identified, touched: dict[str, Touched]) -> None:
    """A phone or e-mail that was seen now may be the newest of whoever has it, who need not be the call's customer."""
    for prepared in calls:
        at_ms = prepared.call.at_ms
        for seen in prepared.seen:
            if seen.namespace in READABLE_IDENTIFIERS:
                one = touched.setdefault(identified.owners[seen.uid], Touched())
                one.attributes[seen.namespace] = max(at_ms, one.attributes.get(seen.namespace, at_ms))


def _keys(catalogue: Catalogue, identified: Identified, customer: str, touched: Touched) -> set[str]:
    """The rules to evaluate for a customer. One may be created by a call that belongs to somebody else."""
    if customer in identified.changed:
        return set(catalogue.rules)
    names = {name for events in touched.events.values() for name, _ in events}
    return catalogue.touched_by(names, touched.attributes, customer in identified.created)


def _add_events(
    calls: Sequence[PreparedCall],
    identified: Identified,
    states: Mapping[str, CustomerState],
    catalogue: Catalogue,
) -> None:
    for prepared in calls:
        call = prepared.call
        if call.name is None or not catalogue.needs_event(call.name):
            continue
        state = states.get(identified.owners[prepared.owner])
        if state is not None:
            names = catalogue.with_properties.get(call.name, frozenset())
            state.add_event(call.name, call.at_ms, keep_properties(call.values, names))


def event_rows(calls: Sequence[PreparedCall], now_ms: int) -> list[EventRow]:
    """Rows of the events among the calls, sorted by uid."""
    rows = [
        EventRow(
            uid=prepared.owner,
            id=prepared.id,
            name=prepared.call.name,
            at=prepared.call.at_ms,
            received_at=prepared.call.received_at_ms,
            source=prepared.call.source,
            properties=prepared.call.properties.decode(),
            identifiers=[seen.uid for seen in prepared.seen],
            context=prepared.context,
            extra=prepared.extra,
            blocked=prepared.blocked,
            starts_at=prepared.call.at_ms if prepared.call.at_ms > now_ms else None,
        )
        for prepared in calls
        if prepared.call.name is not None
    ]
    rows.sort(key=lambda row: row["uid"])
    return rows


def call_rows(calls: Sequence[PreparedCall]) -> list[PlainCallRow]:
    """Rows of the calls that are no events."""
    return [
        PlainCallRow(
            id=prepared.id,
            kind=prepared.call.kind,
            at=prepared.call.at_ms,
            received_at=prepared.call.received_at_ms,
            source=prepared.call.source,
            context=prepared.context,
            extra=prepared.extra,
            blocked=prepared.blocked,
        )
        for prepared in calls
        if prepared.call.name is None
    ]


def group_rows(calls: Sequence[PreparedCall]) -> list[GroupRow]:
    """Rows of group calls, sorted by uid."""
    rows = [
        GroupRow(
            uid=prepared.owner,
            key=prepared.call.group_id,
            at=prepared.call.at_ms,
            traits=derive.encode_document(prepared.call.traits),
        )
        for prepared in calls
        if prepared.call.kind == "group" and prepared.call.group_id is not None
    ]
    rows.sort(key=lambda row: (row["uid"], row["key"]))
    return rows
