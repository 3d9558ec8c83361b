"""Reads a component of identifiers, and writes who has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypedDict

from graph.client import GraphClient, Transaction, TryAgain
from graph.identity.assign import KnownIdentifier, Past, Retired
from graph.identity.evidence import CannotLink, Decided, MustLink, SeenTogether
from graph.queries import load
from graph.search_tokens import PHONE, last_four

_EXPAND = load("identity/expand_component")
_GET_IDENTIFIERS = load("identity/get_identifiers")
_GET_DECIDED = load("identity/get_decided")
_GET_TIMES = load("identity/get_times")
_LIST_RETIRED = load("identity/list_retired")
_GET_OWN = load("identity/get_own")
_PAGE_IDENTIFIERS = load("identity/page_identifiers")
_RETURN = load("identity/return_customers")
_SET_STATUS = load("identity/set_status")
_LOCK_IDENTIFIERS = load("identity/lock_identifiers")
_LIST_OF_CUSTOMERS = load("identity/list_of_customers")
_GET_EVIDENCE = load("identity/get_evidence")
_LIST_NEIGHBOURS = load("identity/list_neighbours")
GET_VALUES = load("identity/get_values")
_LIST_PARTNERS = load("identity/list_partners")
_LIST_SHARED_BESIDE = load("identity/list_shared_beside")
_GET_VERSIONS = load("identity/get_versions")

ACTIVE = "ACTIVE"
SHARED = "SHARED"
BLOCKED = "BLOCKED"

MUST_LINK = "MUST_LINK"
CANNOT_LINK = "CANNOT_LINK"


class StoredHold(NamedTuple):
    """A stretch of time, start ≤ t < end in ms, in which a customer had an identifier; the open one has no end."""

    start: int
    end: int | None
    via: str
    customer: str


class StoredLink(NamedTuple):
    """What is stored of a link beside its times: status, reason if it is rejected, number of sets, and the pair that it
    would have joined wrongly.
    """

    status: str
    reason: str | None
    set_count: int
    blocking: tuple[str, str] | None


class StoredIdentifier(NamedTuple):
    """An identifier as stored.

    Args:
        decided: whether somebody decided anything about it.
        holds: by start; without any, this transaction created it.
    """

    uid: str
    namespace: str
    status: str
    first_seen: int
    decided: bool
    holds: tuple[StoredHold, ...]

    @property
    def customer(self) -> str | None:
        """Who has it now."""
        if self.holds and self.holds[-1].end is None:
            return self.holds[-1].customer
        return next((hold.customer for hold in self.holds if hold.end is None), None)

    def known(self) -> KnownIdentifier:
        """What the assignment of ids needs of it."""
        return KnownIdentifier(self.uid, self.namespace, self.first_seen, self.customer)


@dataclass(slots=True)
class Component:
    """Everything reachable over evidence and must-links; shared identifiers are met and not walked through.

    Args:
        walked: identifiers whose sets were asked for. All sets of the others were met on the way.
        met: identifiers that some set of them showed.
        links: those stored from an identifier that was met to another, by (a, b).
    """

    identifiers: dict[str, StoredIdentifier] = field(default_factory=dict)
    evidence: dict[str, SeenTogether] = field(default_factory=dict)
    must: dict[str, MustLink] = field(default_factory=dict)
    cannot: dict[str, CannotLink] = field(default_factory=dict)
    walked: set[str] = field(default_factory=set)
    met: set[str] = field(default_factory=set)
    links: dict[tuple[str, str], StoredLink] = field(default_factory=dict)

    def customers(self) -> set[str]:
        """Ids of everybody who has or had one of the identifiers."""
        return {hold.customer for known in self.identifiers.values() for hold in known.holds}

    def unseen(self, but: Container[str] = ()) -> frozenset[str]:
        """Identifiers that only a decision reaches: all calls that showed them were taken back.

        Args:
            but: those that the present transaction has just seen.
        """
        bare = {uid for uid, known in self.identifiers.items() if not known.holds and uid not in but}
        return frozenset(bare.difference(*(seen.members for seen in self.evidence.values())) if bare else ())

    def decided(self) -> Decided:
        """What people decided about these identifiers."""
        return Decided(tuple(self.must.values()), tuple(self.cannot.values()))


class TimesRow(TypedDict):
    """A set of identifiers whose sightings in a range (ms, both ends included) are asked for, and its centre."""

    centre: str
    key: str
    first_at: int
    last_at: int


def stored_identifier(row: Sequence[Any], holds: Iterable[Sequence[Any]]) -> StoredIdentifier:
    """The record behind `[uid, namespace, status, first_seen, decided, …]` of a statement; a stretch that names no
    other identifier is by way of this one.
    """
    ordered = [StoredHold(start, end, via or row[0], customer) for start, end, via, customer in holds]
    ordered.sort(key=lambda hold: hold.start)
    return StoredIdentifier(row[0], row[1], row[2], row[3], row[4], tuple(ordered))


async def get_identifiers(tx: Transaction, uids: Iterable[str]) -> dict[str, StoredIdentifier]:
    """Identifiers by uid; unknown ones are missing."""
    rows = (await tx.run(_GET_IDENTIFIERS, uids=sorted(uids)))[0]["members"]
    return {row[0]: stored_identifier(row, row[6]) for row in rows}


class Surroundings(NamedTuple):
    """Sets that saw some identifiers, by key; all their members, by uid; how many sets saw each of these; and the links
    that are stored from these.
    """

    sets: dict[str, SeenTogether]
    identifiers: dict[str, StoredIdentifier]
    degrees: dict[str, int]
    links: dict[tuple[str, str], StoredLink]


async def get_surroundings(tx: Transaction, uids: Sequence[str], *, with_links: bool = False) -> Surroundings:
    """What identifiers were seen together with: one step of a walk. uids sorted; links only where asked for."""
    rows = await tx.run(_EXPAND, uids=uids, with_links=with_links) if uids else ()
    sets = {
        key: SeenTogether(key, dict(members), first_at, last_at, count)
        for row in rows
        for key, first_at, last_at, count, members in row["sets"]
    }
    members = {member[0]: member for row in rows for member in row["identifiers"]}
    return Surroundings(
        sets,
        {uid: stored_identifier(member, member[6]) for uid, member in members.items()},
        {uid: member[5] for uid, member in members.items()},
        {(uid, b): stored_link(*link) for uid, member in members.items() for b, *link in member[7]},
    )


def stored_link(status: str, reason: str | None, set_count: int, blocking: Sequence[str] | None) -> StoredLink:
    """The record behind `[…, status, reason, number of sets, blocking]` of a statement."""
    return StoredLink(status, reason, set_count, (blocking[0], blocking[1]) if blocking else None)


async def load_component(
    tx: Transaction, start: Mapping[str, StoredIdentifier], walk_through: Iterable[str] = (), first: Iterable[str] = ()
) -> Component:
    """Walk the evidence from some identifiers until nothing new appears.

    Each step is one statement; people have short chains, so two or three steps are the rule.

    Args:
        walk_through: shared or blocked identifiers to walk through all the same.
        first: uids that are walked from in the first step too: those of an earlier walk, or identifiers of which
            nothing is known yet but that they are in evidence.
    """
    found = Component(dict(start))
    through = set(walk_through)
    known_before = set(first)
    frontier = [known for known in start.values() if known.status == ACTIVE or known.uid in through]
    # How many sets that saw an identifier are met, of how many: most devices are in one set, and lead nowhere else.
    met: Counter[str] = Counter()
    degree: dict[str, int] = {}
    while frontier or known_before:
        reached: dict[str, StoredIdentifier] = {}
        next_step = {known.uid for known in frontier if met[known.uid] < degree.get(known.uid, 1)} | known_before
        walked = sorted(next_step - found.walked)
        known_before = set()
        found.walked.update(walked)
        surroundings = await get_surroundings(tx, walked, with_links=True)
        for key, seen in surroundings.sets.items():
            if key not in found.evidence:
                found.evidence[key] = seen
                # Not `met.update(seen.members)`: that adds what they are worth, and unverified ones are worth nothing.
                for uid in seen.members:
                    met[uid] += 1
        found.met.update(surroundings.identifiers)
        found.links |= surroundings.links
        for uid, one in surroundings.identifiers.items():
            if uid not in found.identifiers:
                reached[uid] = found.identifiers[uid] = one
                degree[uid] = surroundings.degrees[uid]
        reached |= await _decided(tx, found, [known.uid for known in frontier if known.decided])
        frontier = [known for known in reached.values() if known.status == ACTIVE or known.uid in through]
    return found


async def _decided(tx: Transaction, found: Component, uids: Sequence[str]) -> dict[str, StoredIdentifier]:
    """Add what was decided about identifiers; those that a must-link reaches."""
    if not uids:
        return {}
    missing: set[str] = set()
    for row in await tx.run(_GET_DECIDED, uids=sorted(uids)):
        left = frozenset(uid for uid, side in row["members"] if not side)
        right = frozenset(uid for uid, side in row["members"] if side)
        if row["kind"] == CANNOT_LINK:
            found.cannot[row["id"]] = CannotLink(row["id"], left, right)
            continue
        for a in left:
            for b in right:
                found.must[row["id"]] = MustLink(row["id"], a, b)
        missing |= (left | right) - found.identifiers.keys()
    reached = await get_identifiers(tx, missing) if missing else {}
    found.identifiers |= reached
    return reached


async def get_versions(tx: Transaction, customers: Iterable[str]) -> dict[str, int]:
    """Versions of customers, without locks; unknown ids are missing."""
    return dict((await tx.run(_GET_VERSIONS, ids=sorted(customers)))[0]["versions"])


async def list_neighbours(tx: Transaction, uids: Iterable[str]) -> set[str]:
    """Identifiers that were ever seen together with these, by calls that were taken back too."""
    return set((await tx.run(_LIST_NEIGHBOURS, uids=sorted(uids)))[0]["uids"])


async def page_uids(tx: Transaction, after: str, size: int) -> list[str]:
    """Uids of all identifiers after one, ascending, at most `size`."""
    return [row["uid"] for row in await tx.run(_PAGE_IDENTIFIERS, after=after, size=size)]


async def get_times(tx: Transaction, rows: Sequence[TimesRow]) -> dict[str, set[int]]:
    """Evidence key → event times (ms) at which the set was seen, as far as calls in the graph say."""
    found: dict[str, set[int]] = {}
    for row in await tx.run(_GET_TIMES, rows=rows) if rows else ():
        found.setdefault(row["key"], set()).update(row["times"])
    return found


async def get_past(tx: Transaction, uids: Iterable[str], customers: Iterable[str]) -> Past:
    """Retired customers that had any of the identifiers, and what all these customers had of their own."""
    retired = await tx.run(_LIST_RETIRED, uids=sorted(uids))
    own = await tx.run(_GET_OWN, ids=sorted(customers))
    return Past(
        tuple(Retired(row["id"], frozenset(row["had"]), row["depth"]) for row in retired),
        {row["id"]: row["own"] for row in (*own, *retired) if row["own"]},
    )


async def return_customers(tx: Transaction, ids: Iterable[str]) -> None:
    """Make retired ids, which are locked, somebody again."""
    if ordered := sorted(ids):
        tx.touched.customers.update(ordered)
        await tx.run(_RETURN, ids=ordered)


async def set_status(tx: Transaction, statuses: Mapping[str, str], *, by_policy: bool = False) -> None:
    """Change statuses of identifiers: uid → status.

    Args:
        by_policy: its lists block them, so that they are free again when the lists name them no more.
    """
    if statuses:
        rows = [{"uid": uid, "status": statuses[uid]} for uid in sorted(statuses)]
        await tx.run(_SET_STATUS, rows=rows, by_policy=by_policy)


class LockRow(TypedDict):
    """An identifier to lock; `cipher` is stored when nobody has seen it yet."""

    uid: str
    namespace: str
    cipher: bytes | None


class CustomerIdentifiers(NamedTuple):
    """A living customer and its identifiers: (uid, namespace, status, first seen in ms)."""

    id: str
    identifiers: tuple[tuple[str, str, str, int], ...]


async def lock_identifiers(tx: Transaction, rows: Sequence[LockRow], now: int) -> dict[str, StoredIdentifier]:
    """Lock identifiers, in the order of the rows (sorted by uid), and create those that nobody has seen yet.

    Raises:
        TryAgain: one was erased while this waited for its lock.
    """
    sent = [{**row, "last_four": _last_four(tx, row)} for row in rows]
    found = (await tx.run(_LOCK_IDENTIFIERS, rows=sent, now=now))[0]["members"]
    if {row["uid"] for row in rows} != {one[0] for one in found}:
        raise TryAgain("an identifier was erased")
    return {row[0]: stored_identifier(row, row[6]) for row in found}


def _last_four(tx: Transaction, row: LockRow) -> str | None:
    if row["cipher"] is None or row["namespace"] != PHONE:
        return None
    keyring = tx.personal.keyring
    return last_four(keyring, row["namespace"], keyring.open_display(row["cipher"], row["uid"]))


class SealedValue(NamedTuple):
    """An identifier's value, to be opened with `Keyring.open_display` and its uid; None when nobody has seen it."""

    uid: str
    namespace: str
    cipher: bytes | None


class EvidenceRecord(NamedTuple):
    """Where a set of identifiers was seen, how often, and when first and last (ms)."""

    key: str
    source: str
    first_at_ms: int
    last_at_ms: int
    call_count: int


async def get_evidence(tx: Transaction, keys: Iterable[str]) -> dict[str, EvidenceRecord]:
    """Evidence by key."""
    return {
        row["key"]: EvidenceRecord(row["key"], row["source"], row["first_at"], row["last_at"], row["count"])
        for row in await tx.run(_GET_EVIDENCE, keys=sorted(keys))
    }


class IdentityRepository:
    """Reads of identifiers; every method is one statement."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def get_values(self, uids: Iterable[str]) -> dict[str, SealedValue]:
        """Sealed values by uid; unknown ones are missing."""
        rows = await self._graph.read(GET_VALUES, uids=sorted(set(uids)))
        return {row["uid"]: SealedValue(row["uid"], row["namespace"], row["cipher"]) for row in rows}


async def list_of_customers(tx: Transaction, ids: Iterable[str]) -> dict[str, CustomerIdentifiers | None]:
    """Asked id → the living customer behind it, with its identifiers; None for one that was erased; ids that nobody
    ever had, and of customers who lost everything, are missing.
    """
    return {
        row["asked"]: CustomerIdentifiers(row["id"], tuple(tuple(one) for one in row["identifiers"]))
        if row["id"] is not None
        else None
        for row in await tx.run(_LIST_OF_CUSTOMERS, ids=sorted(ids))
    }


async def list_shared_beside(tx: Transaction, uids: Iterable[str]) -> set[str]:
    """Shared identifiers that were seen together with any of these."""
    return {row["uid"] for row in await tx.run(_LIST_SHARED_BESIDE, uids=sorted(uids))}


async def list_partners(
    tx: Transaction, uids: Iterable[str], prefixes: Sequence[str], count: int
) -> dict[str, list[str]]:
    """Identifier → those that it was seen with, at most `count`, of namespaces whose uids begin with a prefix."""
    rows = await tx.run(_LIST_PARTNERS, uids=sorted(uids), prefixes=prefixes, count=count)
    return {row["uid"]: row["partners"] for row in rows}
