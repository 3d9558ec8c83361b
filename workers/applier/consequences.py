"""What follows from who is who: attributes, events, tags and segments, in the transaction that found it out.

A micro-batch and somebody's decision end in the same way; a decision only has no calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from base import clock
from delivery.change import AnyChange, CauseKind
from graph.client import Transaction
from graph.identity.policy import IdentityPolicy
from graph.repositories import apply as repository
from workers.applier import attributes as derive
from workers.applier.batch import Placed
from workers.applier.rows import call_rows, event_rows, group_rows
from workers.identity.groups import write_groups
from workers.identity.outcome import Identified
from workers.live.catalogue import READABLE_IDENTIFIERS, SINCE_EVER_MS, Catalogue
from workers.live.context import LiveContext
from workers.live.evaluation import AnyFlip, Touched, earliest_asked, evaluate_customer, leave_all
from workers.live.facts import keep_properties, load_states
from workers.live.outbox import close
from workers.live.state import CustomerState
from workers.live.succession import hand_over_tags


@dataclass(frozen=True, slots=True)
class Followed:
    """What to do after the commit.

    Args:
        changes: to publish.
        states: to keep in the cache.
        forget: customers whose cached state is no longer true.
    """

    changes: list[AnyChange]
    states: list[CustomerState]
    forget: set[str]


class Consequences:
    """Writes them; one a process."""

    def __init__(self, live: LiveContext):
        self._live = live

    async def follow(self, tx: Transaction, placed: Sequence[Placed], identified: Identified) -> Followed:
        """Write what calls and a new identity cause. Everybody concerned is locked.

        Raises:
            TryAgain, ConstraintError: run the transaction again.
        """
        # The instant is taken after the locks: whoever changed these customers before has committed, so time does not
        # run backwards.
        catalogue, swept_ms = await self._live.current(tx)
        now_ms = clock.now_ms()
        touched = _touch(placed, identified, catalogue)
        keys = {customer: _keys(catalogue, identified, customer, one) for customer, one in touched.items()}
        from_ms = earliest_asked(swept_ms, now_ms)
        joined, absorbed = self._join(identified, catalogue, from_ms)
        states = await self._states(tx, placed, identified, catalogue, keys, from_ms, joined)
        await self._write(tx, placed, identified, states)
        _add_events(placed, states, catalogue)
        flips = await self._retire(tx, identified, catalogue, now_ms, absorbed, states)
        for customer, one in touched.items():
            if keys[customer]:
                flips += evaluate_customer(catalogue, states[customer], keys[customer], one, swept_ms, now_ms)

        def evaluate_on(from_ms: int, until_ms: int) -> list[AnyFlip]:
            return [
                flip
                for customer in touched
                if keys[customer]
                for flip in evaluate_customer(catalogue, states[customer], keys[customer], Touched(), from_ms, until_ms)
            ]

        changes = await close(
            tx,
            self._live,
            catalogue,
            flips,
            now_ms,
            evaluate_on,
            event_rows(placed, now_ms),
            identified.policy,
            identified.turns,
        )
        forget = set(identified.versions) - states.keys() | identified.retired.keys()
        return Followed(changes, list(states.values()), forget)

    def _join(
        self, identified: Identified, catalogue: Catalogue, from_ms: int
    ) -> tuple[dict[str, CustomerState], dict[str, CustomerState]]:
        """States of survivors with everything that they got, where the cache has all parts: 20,000 events take 5 ms to
        join and 100 ms to load.

        Returns:
            By survivor; and by retired customer, of whom only the memberships are left.
        """
        joined: dict[str, CustomerState] = {}
        absorbed: dict[str, CustomerState] = {}
        # Which identifier is the newest is not part of a state.
        for survivor, retired in {} if catalogue.reads_identifiers else identified.absorbed.items():
            parts = [self._live.take(identified.versions, one, catalogue, from_ms) for one in (survivor, *retired)]
            known = [part for part in parts if part is not None]
            if len(known) < len(parts):
                continue
            state, *others = known
            for other in others:
                state.take_over(other)
                absorbed[other.id] = other
            joined[survivor] = state
        return joined, absorbed

    async def _retire(
        self,
        tx: Transaction,
        identified: Identified,
        catalogue: Catalogue,
        now_ms: int,
        absorbed: Mapping[str, CustomerState],
        states: Mapping[str, CustomerState],
    ) -> list[AnyFlip]:
        """A merged customer leaves its segments; the survivor is evaluated with everything that it got."""
        retired = dict(absorbed)
        # Their memberships and tags alone.
        if rest := sorted(identified.retired.keys() - absorbed.keys()):
            retired |= await load_states(tx, rest, catalogue, self._live.keyring, now_ms, ())
        flips: list[AnyFlip] = []
        if catalogue.has_tags:
            flips += hand_over_tags(catalogue, identified, states, retired, now_ms)
        for customer in sorted(retired):
            cause: CauseKind = "ERASURE" if customer in identified.erased else "IDENTITY"
            flips += leave_all(retired[customer], cause, now_ms, catalogue.stages)
        return flips

    async def _states(
        self,
        tx: Transaction,
        calls: Sequence[Placed],
        identified: Identified,
        catalogue: Catalogue,
        keys: Mapping[str, set[str]],
        from_ms: int,
        joined: Mapping[str, CustomerState],
    ) -> dict[str, CustomerState]:
        """States of the customers whose rules or attributes are concerned, before this batch's events."""
        observed = {call.customer for call in calls if call.prepared.call.reported and call.customer is not None}
        wanted = {customer for customer, rules in keys.items() if rules} | observed | identified.changed
        # A state that was built up in memory does not see an identifier that doubles as an attribute.
        rereads = identified.changed - joined.keys()
        if catalogue.reads_identifiers:
            rereads |= {
                identified.owners[seen.uid]
                for call in calls
                for seen in call.prepared.seen
                if seen.namespace in READABLE_IDENTIFIERS and seen.uid in identified.owners
            }
        self._live.cache.drop(rereads)
        if catalogue.lists:
            # What is on a list may have been somebody's before, and nobody's since.
            rereads |= identified.created
        brand_new = (identified.created & wanted) - rereads
        # A new customer may also have got identifiers that others had before: those bring events with them.
        taken_over = identified.changed & brand_new
        states = {
            customer: CustomerState(customer, 1, catalogue.version, SINCE_EVER_MS)
            for customer in brand_new - taken_over
        }
        states.update(joined)
        rest = sorted(wanted - states.keys())
        states.update(await self._live.states(tx, identified.versions, rest, catalogue, from_ms))
        return states

    async def _write(
        self,
        tx: Transaction,
        calls: Sequence[Placed],
        identified: Identified,
        states: Mapping[str, CustomerState],
    ) -> None:
        observations = derive.observation_rows(calls)
        await repository.merge_observations(tx, observations)
        await repository.create_calls(tx, call_rows(calls))
        # What an identifier that changed hands reports is its holder's of then: the calls themselves tell.
        again = set(identified.changed)
        for call in calls:
            if call.uid in identified.holds and call.customer is not None and call.prepared.call.reported:
                again.add(call.customer)
        changed: set[str] = set()
        for row in observations:
            customer = identified.owners.get(row["uid"])
            if row["uid"] in identified.holds or customer is None or customer in again:
                continue
            if derive.observe(states[customer], row, identified.policy):
                changed.add(customer)
        again &= states.keys()
        changed |= await self._derive_again(tx, calls, sorted(again), states, identified.policy)
        # Whoever is somebody again is to be found by name again.
        changed |= again & identified.returned
        await repository.set_attributes(
            tx, [derive.attributes_row(customer, states[customer].attributes) for customer in sorted(changed)]
        )
        # Which phone or e-mail was seen last is an attribute too.
        tx.touched.customers.update(identified.changed)
        tx.touched.customers.update(
            identified.owners[seen.uid]
            for call in calls
            for seen in call.prepared.seen
            if seen.namespace in READABLE_IDENTIFIERS and seen.uid in identified.owners
        )
        await write_groups(tx, group_rows(calls), identified.rehung, identified.regrouped)

    @staticmethod
    async def _derive_again(
        tx: Transaction,
        calls: Sequence[Placed],
        customers: Sequence[str],
        states: Mapping[str, CustomerState],
        policy: IdentityPolicy,
    ) -> set[str]:
        """After a merge or a move, attributes come from all observations over the identifiers of now.

        Also where states were joined in memory: while the graph follows another order of sources, what is stored of one
        of them may be the old choice, and nobody looks at a survivor again whom the follower has passed.

        Returns:
            Those who have others now.
        """
        if not customers:
            return set()
        before = {customer: dict(states[customer].attributes) for customer in customers}
        for customer in customers:
            state = states[customer]
            for name in state.attributes:
                state.values.pop(name, None)
            state.attributes.clear()
        for row in await repository.get_observations(tx, customers):
            derive.observe(states[row["customer"]], row, policy)
        # The events of this batch, which may bring consents, are not in the graph yet.
        for call in calls:
            if call.customer in before and call.prepared.call.name is not None:
                for told in derive.observation_rows([call]):
                    derive.observe(states[call.customer], told, policy)
        return {customer for customer, attributes in before.items() if states[customer].attributes != attributes}


def _touch(calls: Sequence[Placed], identified: Identified, catalogue: Catalogue) -> dict[str, Touched]:
    touched: dict[str, Touched] = {}
    for placed in calls:
        call, customer = placed.prepared.call, placed.customer
        if customer is None:
            continue
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
                one.events.setdefault(call.at_ms, []).append((call.name, placed.prepared.id))
        elif call.kind == "identify":
            for name in call.traits:
                one.attributes[name] = max(call.at_ms, one.attributes.get(name, call.at_ms))
    for customer in identified.changed | identified.created:
        if customer not in touched:
            touched[customer] = Touched(unplaced=True, cause="IDENTITY")
    if catalogue.reads_identifiers:
        _touch_readable(calls, identified, touched)
    return touched


def _touch_readable(calls: Sequence[Placed], identified: Identified, touched: dict[str, Touched]) -> None:
    """A phone or e-mail that was seen now may be the newest of whoever has it, who need not be the call's customer."""
    for placed in calls:
        at_ms = placed.prepared.call.at_ms
        for seen in placed.prepared.seen:
            if seen.namespace in READABLE_IDENTIFIERS and seen.uid in identified.owners:
                one = touched.setdefault(identified.owners[seen.uid], Touched())
                one.attributes[seen.namespace] = max(at_ms, one.attributes.get(seen.namespace, at_ms))


def _keys(catalogue: Catalogue, identified: Identified, customer: str, touched: Touched) -> set[str]:
    """The rules to evaluate for a customer. One may be created by a call that belongs to somebody else."""
    if customer in identified.changed:
        return set(catalogue.whenever)
    names = {name for events in touched.events.values() for name, _ in events}
    created = customer in identified.created
    keys = catalogue.touched_by(names, touched.attributes, created)
    return keys | catalogue.with_related(catalogue.lists) if created and catalogue.lists else keys


def _add_events(calls: Sequence[Placed], states: Mapping[str, CustomerState], catalogue: Catalogue) -> None:
    for placed in calls:
        call = placed.prepared.call
        if call.name is None or placed.customer is None or not catalogue.needs_event(call.name):
            continue
        state = states.get(placed.customer)
        if state is not None:
            names = catalogue.with_properties.get(call.name, frozenset())
            event_id = placed.prepared.id if call.name in catalogue.with_ids else None
            state.add_event(call.name, call.at_ms, keep_properties(call.values, names), event_id)
