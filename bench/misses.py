"""Why an identifier or an event is with the wrong customer: from what the generator knows and the resolver cut."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bench.resolving import Resolved
from bench.streams.records import Mark, Record, Scene, Truth, extracted, uid_of
from graph.identity.policy import DEFAULT, IdentifierClass

UNKNOWN = "none of these"
UNSEEN = "never seen together"
SHARED = "shared by too many"
CUT = "link cut"
TABLET_BETWEEN = "household tablet, between log-ins"
_ORDER = {mark: place for place, mark in enumerate(Mark)}


@dataclass(slots=True)
class Tally:
    """How often something went wrong, and how many pairs or events it cost."""

    cases: int = 0
    cost: int = 0

    def add(self, cost: int) -> None:
        """One more case."""
        self.cases += 1
        self.cost += cost


class Event(NamedTuple):
    """One call as the truth knows it; `names` says whether anything but a device is named in it."""

    message_id: str
    person: int | None
    scene: Scene
    uids: tuple[str, ...]
    names: bool


class Facts:
    """What the calls and the truth say of each identifier. Repeated calls count once.

    Args:
        owners: of identifiers that calls named and that are of one person alone.
    """

    def __init__(self, records: Iterable[Record], truth: Truth):
        self.owners: dict[str, int] = {}
        self.events: list[Event] = []
        self._marks = truth.marks
        self._first: dict[str, int] = {}
        # Only of those that several used, which are few.
        self._users: dict[str, set[int]] = {}
        self._parent: dict[str, str] = {}
        taken: set[str] = set()
        for record in records:
            if record.message_id not in taken:
                taken.add(record.message_id)
                self._look_at(record, truth)

    def root(self, uid: str) -> str:
        """Names everything of the same owner that the owner's calls connect with an identifier."""
        while (above := self._parent[uid]) != uid:
            self._parent[uid] = self._parent[above]
            uid = above
        return uid

    def persons(self, uid: str) -> set[int]:
        """An identifier's owner and whoever used it."""
        several = self._users.get(uid)
        found = set(several) if several else {self._first[uid]} if uid in self._first else set()
        if uid in self.owners:
            found.add(self.owners[uid])
        return found

    def telling(self, uids: Iterable[str]) -> Mark | None:
        """The most telling mark among identifiers."""
        return min((self._marks[uid] for uid in uids if uid in self._marks), key=_ORDER.__getitem__, default=None)

    def _look_at(self, record: Record, truth: Truth) -> None:
        identifiers = extracted(record).identifiers
        if not identifiers:
            return
        uids = tuple(uid_of(one.namespace, one.value) for one in identifiers)
        classes = {DEFAULT.of(one.namespace, one.verified).identifier_class for one in identifiers}
        names = classes != {IdentifierClass.DEVICE}
        self.events.append(Event(record.message_id, record.person, record.scene, uids, names))
        own: list[str] = []
        for uid in uids:
            owner = truth.owners.get(uid)
            if owner is not None:
                self.owners[uid] = owner
                self._parent.setdefault(uid, uid)
                if owner == record.person:
                    own.append(uid)
            if record.person is not None and self._first.setdefault(uid, record.person) != record.person:
                self._users.setdefault(uid, {self._first[uid]}).add(record.person)
        for uid in own[1:]:
            self._parent[self.root(uid)] = self.root(own[0])


class Explainer:
    """Names a kind for everything that is wrong.

    Args:
        by_person, by_customer: identifiers, person → customer → count and the other way round.
    """

    def __init__(
        self,
        facts: Facts,
        resolved: Resolved,
        by_person: Mapping[int, Counter[int]],
        by_customer: Mapping[int, Counter[int]],
    ):
        self._facts = facts
        self._resolved = resolved
        self._by_person = by_person
        self._by_customer = by_customer
        self._cuts: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for cut in resolved.cuts:
            self._cuts[cut.a].append((cut.b, cut.reason))
            self._cuts[cut.b].append((cut.a, cut.reason))

    def missed(self) -> dict[str, Tally]:
        """Pairs of one person in two customers. Each part costs its pairs with all larger parts."""
        found: dict[str, Tally] = defaultdict(Tally)
        parts: dict[tuple[int, int], list[str]] = defaultdict(list)
        for uid, person in self._facts.owners.items():
            if len(self._by_person[person]) > 1:
                parts[person, self._resolved.customer_of[uid]].append(uid)
        for person in sorted({person for person, _ in parts}):
            larger: list[str] = []
            for customer in _largest_first(self._by_person[person]):
                part = parts[person, customer]
                if larger:
                    found[self._why_apart(person, customer, part, larger)].add(len(part) * len(larger))
                larger += part
        return dict(found)

    def wrong(self) -> dict[str, Tally]:
        """Pairs of two persons in one customer, counted likewise."""
        found: dict[str, Tally] = defaultdict(Tally)
        for customer, persons in self._by_customer.items():
            larger = 0
            for person in _largest_first(persons):
                if larger:
                    found[self._why_together(customer, person)].add(persons[person] * larger)
                larger += persons[person]
        return dict(found)

    def misattributed(self, event: Event, customer: int) -> str:
        """Why an event is with a customer that is not its person's."""
        if event.scene is Scene.TABLET and not event.names:
            return TABLET_BETWEEN
        why = UNKNOWN if event.person is None else self._why_together(customer, event.person)
        return f"{UNKNOWN} ({event.scene})" if why == UNKNOWN else why

    def _why_together(self, customer: int, person: int) -> str:
        """What a person has in common with another of the same customer."""
        others = self._by_customer.get(customer, {}).keys() - {person}
        bridges: list[str] = []
        for uid in self._resolved.customers[customer]:
            users = self._facts.persons(uid)
            if person in users and users & others:
                bridges.append(uid)
        if not bridges:
            return UNKNOWN
        return self._facts.telling(bridges) or f"via {min(bridges).partition('|')[0]}"

    def _why_apart(self, person: int, customer: int, part: Sequence[str], larger: Sequence[str]) -> str:
        if not {self._facts.root(uid) for uid in part} & {self._facts.root(uid) for uid in larger}:
            mark = self._facts.telling(part) or self._facts.telling(larger)
            return f"{UNSEEN}: {mark}" if mark else UNSEEN
        if self._resolved.shared.issuperset(part):
            return SHARED
        if next(iter(_largest_first(self._by_customer[customer]))) != person:
            return f"taken: {self._why_together(customer, person)}"
        rest = set(larger)
        reasons = [reason for uid in part for other, reason in self._cuts.get(uid, ()) if other in rest]
        return f"{CUT}: {min(reasons)}" if reasons else self._facts.telling(part) or UNKNOWN


def _largest_first(counts: Mapping[int, int]) -> list[int]:
    return sorted(counts, key=lambda one: (-counts[one], one))
