"""The commonest change of hands: a device that several people use goes to whoever logs in on it. No walk is needed.

Nothing depends on a device that was only ever seen with persons, and with devices of persons: it joins nobody else, and
belongs to the person with whom its strongest evidence saw it last. So what `resolve` and `ownership` would say of it
follows from its own evidence, one step of a walk, and all others stay as they are. Whatever is out of the ordinary is
left to the resolver: evidence that is new, sightings that come late, decisions, persons whose identifiers change hands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graph.client import Transaction
from graph.identity.evidence import SeenTogether, strongest
from graph.identity.policy import IdentifierClass, IdentityPolicy
from graph.identity.resolve import Candidate, Link, link_order, star_links, usable_sets
from graph.identity.sides import Rejection, other_end, pair
from graph.identity.stars import find_stars
from graph.repositories import identity as repository
from graph.repositories import resolution as resolution_repository
from graph.repositories.apply import LockedPeople
from graph.repositories.identity import ACTIVE, BLOCKED, SHARED, StoredHold, StoredIdentifier
from graph.repositories.link import new_rows
from graph.repositories.resolution import DecisionRow, HoldsRow, ResolutionRows
from workers.applier.batch import PreparedCall, Seen
from workers.identity.outcome import Identified
from workers.identity.replay import log_line


class _Unclear(Exception):
    """The resolver has to look at a device."""


@dataclass(frozen=True, slots=True)
class _Handed:
    """What becomes of a device.

    Args:
        before, holds: its stretches as stored, and from now on.
        via: the person's identifier by which the owner has it.
        links: with persons' identifiers and other devices.
    """

    uid: str
    before: tuple[StoredHold, ...]
    holds: tuple[StoredHold, ...]
    owner: str
    via: str
    links: Mapping[tuple[str, str], Candidate]


def part_handovers(
    unsettled: Sequence[PreparedCall], people: LockedPeople, new_evidence: Collection[str], policy: IdentityPolicy
) -> tuple[list[PreparedCall], list[PreparedCall]]:
    """(calls to resolve, calls that may only hand devices over). Pure."""
    handing = [call for call in unsettled if _may_hand_over(call, people, new_evidence, policy)]
    kept = {call.id for call in handing}
    return [call for call in unsettled if call.id not in kept], handing


def _may_hand_over(
    call: PreparedCall, people: LockedPeople, new_evidence: Collection[str], policy: IdentityPolicy
) -> bool:
    if call.evidence is None or call.evidence in new_evidence:
        return False
    centre = people.identifiers[call.seen[0].uid]
    if centre.status != ACTIVE or len(centre.holds) != 1 or not _is_person(call.seen[0], policy):
        return False
    return all(_follows(seen, call, people, policy, centre.customer) for seen in call.seen[1:])


def _is_person(seen: Seen, policy: IdentityPolicy) -> bool:
    own = policy.of(seen.namespace, seen.verified)
    return own.identifier_class is IdentifierClass.PERSON and (own.limit is None or own.window_days is None)


def _follows(
    seen: Seen, call: PreparedCall, people: LockedPeople, policy: IdentityPolicy, customer: str | None
) -> bool:
    known, own = people.identifiers[seen.uid], policy.of(seen.namespace)
    if known.status != ACTIVE or (own.limit is not None and own.window_days is not None):
        return False
    if len(known.holds) > 1 and call.call.at_ms < known.holds[-1].start:
        return False
    return known.customer == customer or (_is_free(known, policy) and call.call.at_ms > people.seen_until[seen.uid])


def _is_free(known: StoredIdentifier, policy: IdentityPolicy) -> bool:
    own = policy.of(known.namespace)
    return (
        own.identifier_class is IdentifierClass.DEVICE
        and own.limit is None
        and known.customer is not None
        and not known.decided
    )


async def hand_over(
    tx: Transaction,
    handing: Sequence[PreparedCall],
    resolved: Collection[PreparedCall],
    calls: Sequence[PreparedCall],
    people: LockedPeople,
    policy: IdentityPolicy,
    now_ms: int,
    found: Identified,
) -> list[PreparedCall]:
    """Give devices to whoever logged in on them last.

    Args:
        handing: of `part_handovers`.
        resolved: calls of the batch that are resolved otherwise: their devices are left to that.
        calls: the whole batch.

    Returns:
        Calls that have to be resolved after all.
    """
    taken = {seen.uid for call in resolved for seen in call.seen}
    wanted = {
        seen.uid
        for call in handing
        for seen in call.seen[1:]
        if people.identifiers[seen.uid].customer != people.identifiers[call.seen[0].uid].customer
    }
    around = await repository.get_surroundings(tx, sorted(wanted - taken))
    reader = _Reader(around.sets.values(), around.identifiers, calls, people, policy)
    handed: dict[str, _Handed] = {}
    for uid in sorted(wanted - taken):
        try:
            handed[uid] = reader.read(uid)
        except _Unclear:
            taken.add(uid)
    # Devices that were ever seen together, in these calls or before, are decided together.
    together = [{seen.uid for seen in call.seen} & wanted for call in handing]
    together += [{uid for ends in one.links for uid in ends if reader.is_device(uid)} for one in handed.values()]
    while unclear := [uids for uids in together if not uids.isdisjoint(taken) and not uids <= taken]:
        taken = taken.union(*unclear)
    await _write(tx, [one for uid, one in handed.items() if uid not in taken], reader, policy, now_ms, found)
    return [call for call in handing if any(seen.uid in taken & wanted for seen in call.seen)]


class _Reader:
    """Reads off the evidence about devices who has them.

    Args:
        sets: all that saw the devices.
        identifiers: their members.
        calls: of the batch; their evidence is counted in `sets` already.
    """

    def __init__(
        self,
        sets: Iterable[SeenTogether],
        identifiers: Mapping[str, StoredIdentifier],
        calls: Iterable[PreparedCall],
        people: LockedPeople,
        policy: IdentityPolicy,
    ):
        self._identifiers = identifiers
        self._policy = policy
        self._people = people
        self._shared = frozenset(uid for uid, one in identifiers.items() if one.status == SHARED)
        self._namespaces = {uid: one.namespace for uid, one in identifiers.items() if one.status != BLOCKED}
        usable = usable_sets(self._namespaces, sets)
        # A phone or e-mail that some call did not vouch for may be a contact.
        self._unvouched = {uid for seen in usable for uid, verified in seen.members.items() if not verified}
        self._links: dict[str, dict[tuple[str, str], Candidate]] = {}
        for ends, link in star_links(find_stars(self._namespaces, usable, self._shared, policy)).items():
            for uid in ends:
                self._links.setdefault(uid, {})[ends] = link
        self._calls: dict[str, list[PreparedCall]] = {}
        for call in calls:
            for seen in call.seen if len(call.seen) > 1 else ():
                self._calls.setdefault(seen.uid, []).append(call)

    def read(self, uid: str) -> _Handed:
        """What becomes of a device.

        Raises:
            _Unclear: its own evidence does not tell.
        """
        links = self._links.get(uid, {})
        persons: dict[tuple[str, str], Candidate] = {}
        for ends, link in links.items():
            other = self._identifiers[other_end(ends, uid)]
            match self._class(other.uid):
                case IdentifierClass.PERSON if len(other.holds) == 1:
                    persons[ends] = link
                case IdentifierClass.DEVICE if _is_free(other, self._policy):
                    # Each of the two belongs to a person by stronger links, which are looked at before this one.
                    if max(self._strongest(uid), self._strongest(other.uid)) >= link.rank_sum:
                        raise _Unclear
                case _:
                    raise _Unclear
        if not persons:
            raise _Unclear
        ends, best = min(persons.items(), key=link_order)
        via = other_end(ends, uid)
        known, owner = self._people.identifiers[uid], self.customer(via)
        holds = self._followed(known, best.rank_sum)
        if holds[-1].customer != owner:
            raise _Unclear
        return _Handed(uid, known.holds, holds, owner, via, links)

    def customer(self, uid: str) -> str:
        """Who has an identifier, as stored."""
        found = self._identifiers[uid].customer
        if found is None:
            raise _Unclear
        return found

    def person(self, uid: str, owner: str) -> str:
        """A person's identifier by which an identifier is a customer's: itself, or one that a device was seen with."""
        if not self.is_device(uid):
            return uid
        centres = [other_end(ends, uid) for ends in self._links[uid] if self._is_person(other_end(ends, uid))]
        return min(centres, key=lambda one: (self._identifiers[one].customer != owner, one))

    def is_device(self, uid: str) -> bool:
        """Whether an identifier follows persons."""
        return self._class(uid) is IdentifierClass.DEVICE

    def _strongest(self, uid: str) -> int:
        """The rank sum of a device's strongest link to a person."""
        found = [link.rank_sum for ends, link in self._links[uid].items() if self._is_person(other_end(ends, uid))]
        if not found:
            raise _Unclear
        return min(found)

    def _is_person(self, uid: str) -> bool:
        return self._class(uid) is IdentifierClass.PERSON

    def _class(self, uid: str) -> IdentifierClass:
        return self._policy.of(self._namespaces[uid], uid not in self._unvouched).identifier_class

    def _followed(self, known: StoredIdentifier, rank_sum: int) -> tuple[StoredHold, ...]:
        """Its stretches with the sightings of this batch, all of which are newer than any before."""
        holds, last_ms = list(known.holds), known.holds[-1].start
        for at_ms, centre in sorted(self._sightings(known, rank_sum)):
            customer = self.customer(centre)
            if customer != holds[-1].customer:
                if at_ms <= last_ms:
                    raise _Unclear
                holds[-1:] = [holds[-1]._replace(end=at_ms), StoredHold(at_ms, None, centre, customer)]
            last_ms = at_ms
        return tuple(holds)

    def _sightings(self, known: StoredIdentifier, rank_sum: int) -> Iterator[tuple[int, str]]:
        """(event time, person's identifier) of the calls of the batch that count for whose a device is."""
        for call in self._calls.get(known.uid, ()):
            if call.call.at_ms <= self._people.seen_until[known.uid]:
                raise _Unclear
            usable = {
                seen.uid: seen.verified
                for seen in call.seen
                if seen.uid in self._namespaces and seen.uid not in self._shared
            }
            centre = strongest(usable, self._namespaces, self._policy)
            link = self._links[known.uid].get(pair(centre, known.uid))
            if centre != known.uid and link is not None and link.rank_sum == rank_sum:
                yield call.call.at_ms, centre


async def _write(
    tx: Transaction,
    handed: Sequence[_Handed],
    reader: _Reader,
    policy: IdentityPolicy,
    now_ms: int,
    found: Identified,
) -> None:
    if not handed:
        return
    owners = {one.uid: one.owner for one in handed}
    links: dict[tuple[str, str], Link] = {}
    lines: list[DecisionRow] = []
    moved: set[tuple[str, str]] = set()
    for one in handed:
        old = one.before[-1].customer
        for ends, candidate in one.links.items():
            if ends in links:
                continue
            a, b = (owners.get(uid) or reader.customer(uid) for uid in ends)
            link = links[ends] = _link(
                ends, candidate, None if a == b else (reader.person(ends[0], a), reader.person(ends[1], b))
            )
            if link.rejected and reader.customer(ends[0]) == reader.customer(ends[1]):
                lines.append(log_line(now_ms, "REJECT", a, b, link, link.rejected))
        if old != one.owner and (old, one.owner) not in moved:
            moved.add((old, one.owner))
            lines.append(log_line(now_ms, "MOVE", one.owner, old, links[pair(one.via, one.uid)]))
    holds = [_row(one) for one in handed if one.holds != one.before]
    rows = ResolutionRows(holds=holds, links=new_rows(links.values()), decisions=lines)
    await resolution_repository.write(tx, rows, policy.version, now_ms)
    for one in handed:
        if one.holds != one.before:
            _note(one, found)


def _link(ends: tuple[str, str], candidate: Candidate, persons: tuple[str, str] | None) -> Link:
    """A link as resolved; `persons` are those of its two sides where it is cut."""
    return Link(
        *ends,
        candidate.first_at,
        candidate.last_at,
        len(candidate.evidence),
        tuple(sorted(candidate.evidence)),
        Rejection.NO_BRIDGE if persons else None,
        pair(*persons) if persons else None,
        weak=True,
    )


def _row(one: _Handed) -> HoldsRow:
    """The open stretch ends, and others follow."""
    return HoldsRow(
        uid=one.uid,
        remove=[one.before[-1].start],
        add=[(hold.start, hold.end, hold.via, hold.customer, False) for hold in one.holds[len(one.before) - 1 :]],
    )


def _note(one: _Handed, found: Identified) -> None:
    found.owners[one.uid] = one.owner
    found.holds[one.uid] = one.holds
    found.moved.add(one.uid)
    found.changed |= {hold.customer for hold in one.holds[len(one.before) - 1 :]}
