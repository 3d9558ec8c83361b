"""Every call of a stream resolved at once, in this process: what the graph would hold, without a graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from bench.streams.records import Record, extracted, uid_of
from graph.identity.evidence import NOTHING_DECIDED, SeenTogether
from graph.identity.ownership import Hold, Stretches
from graph.identity.policy import DEFAULT, IdentityPolicy
from graph.identity.resolve import Link, find_shared, resolve
from graph.identity.sides import Rejection


class Held(NamedTuple):
    """A stretch of time, start ≤ t < end, ms, and the customer who had an identifier then; `end` None: still has."""

    start: int
    end: int | None
    customer: int


class Cut(NamedTuple):
    """A link that was not accepted."""

    a: str
    b: str
    reason: Rejection


@dataclass(frozen=True, slots=True)
class Resolved:
    """Who is who. Equal whatever the order and the repetitions of the calls.

    Args:
        customers: their identifiers, ordered by the smallest; a customer's number is its place.
        customer_of: uid → customer now.
        holds: uid → its stretches, where there is more than one.
        shared: identifiers that join nobody; each is a customer of its own.
        attributed: message id → customer.
        cuts: rejected links, sorted.
        links: all of them, rejected and accepted.
    """

    customers: tuple[frozenset[str], ...]
    customer_of: Mapping[str, int]
    holds: Mapping[str, tuple[Held, ...]]
    shared: frozenset[str]
    attributed: Mapping[str, int]
    cuts: tuple[Cut, ...]
    links: tuple[Link, ...] = field(compare=False, repr=False)

    def customer_at(self, uid: str, at_ms: int) -> int:
        """Whose an identifier was at an instant."""
        for hold in self.holds.get(uid, ()):
            if hold.start <= at_ms and (hold.end is None or at_ms < hold.end):
                return hold.customer
        return self.customer_of[uid]


class _Event(NamedTuple):
    message_id: str
    at_ms: int
    uids: tuple[str, ...]


@dataclass(slots=True)
class _Gathered:
    """Everything that the calls said.

    Args:
        members, times: by evidence key.
        events: each call once, its identifiers strongest first.
    """

    namespaces: dict[str, str] = field(default_factory=dict)
    members: dict[str, dict[str, bool]] = field(default_factory=dict)
    times: dict[str, list[int]] = field(default_factory=dict)
    events: list[_Event] = field(default_factory=list)


@dataclass(slots=True)
class _Found:
    groups: list[frozenset[str]] = field(default_factory=list)
    holds: dict[str, tuple[Hold, ...]] = field(default_factory=dict)
    cuts: list[Cut] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


def resolve_all(records: Iterable[Record], policy: IdentityPolicy = DEFAULT) -> Resolved:
    """Normalise the calls, drop placeholders, resolve each component, and give every call to a customer.

    A call that names no usable identifier goes to quarantine when it is taken in, and is left out here.
    """
    gathered = _gather(records, policy)
    namespaces = gathered.namespaces
    sets = [
        SeenTogether(key, members, min(gathered.times[key]), max(gathered.times[key]), len(gathered.times[key]))
        for key, members in gathered.members.items()
    ]
    shared = find_shared(namespaces, sets, policy)
    found = _Found(groups=[frozenset([uid]) for uid in shared])
    met: set[str] = set(shared)
    for component in _components(sets, shared):
        uids = {uid for seen in component for uid in seen.members}
        met |= uids
        _resolve_one({uid: namespaces[uid] for uid in uids}, component, shared, policy, gathered.times, found)
    found.groups += [frozenset([uid]) for uid in namespaces.keys() - met]
    customers = tuple(sorted(found.groups, key=min))
    customer_of = {uid: number for number, group in enumerate(customers) for uid in group}
    holds = {
        uid: tuple(Held(one.start, one.end, customer_of[one.holder]) for one in stretches)
        for uid, stretches in found.holds.items()
    }
    resolved = Resolved(customers, customer_of, holds, shared, {}, tuple(sorted(found.cuts)), tuple(found.links))
    attributed = {
        event.message_id: resolved.customer_at(_hangs_on(event.uids, shared), event.at_ms) for event in gathered.events
    }
    return replace(resolved, attributed=attributed)


def _gather(records: Iterable[Record], policy: IdentityPolicy) -> _Gathered:
    found = _Gathered()
    known: dict[str, str] = {}
    taken: set[str] = set()
    for record in records:
        if record.message_id in taken:
            continue
        taken.add(record.message_id)
        members: dict[str, bool] = {}
        for namespace, value, verified in extracted(record).identifiers:
            uid = uid_of(namespace, value)
            # One text for each, however many calls name it.
            uid = known.setdefault(uid, uid)
            found.namespaces[uid] = namespace
            members[uid] = verified
        if not members:
            continue
        ranked = sorted((policy.of(found.namespaces[uid], verified).rank, uid) for uid, verified in members.items())
        found.events.append(_Event(record.message_id, record.at_ms, tuple(uid for _, uid in ranked)))
        if len(members) > 1:
            key = "\x01".join(sorted(f"{uid}\x00{verified:d}" for uid, verified in members.items()))
            found.members.setdefault(key, members)
            found.times.setdefault(key, []).append(record.at_ms)
    return found


def _components(sets: Iterable[SeenTogether], shared: frozenset[str]) -> Sequence[Sequence[SeenTogether]]:
    """The sets of each component: what is reached over evidence, not through shared identifiers."""
    parent: dict[str, str] = {}

    def root(uid: str) -> str:
        while (above := parent.setdefault(uid, uid)) != uid:
            parent[uid] = parent[above]
            uid = above
        return uid

    centres: list[tuple[str, SeenTogether]] = []
    for seen in sets:
        usable = [uid for uid in seen.members if uid not in shared]
        if not usable:
            continue
        for uid in usable[1:]:
            parent[root(uid)] = root(usable[0])
        centres.append((usable[0], seen))
    found: dict[str, list[SeenTogether]] = {}
    for centre, seen in centres:
        found.setdefault(root(centre), []).append(seen)
    return list(found.values())


def _resolve_one(
    namespaces: Mapping[str, str],
    sets: Sequence[SeenTogether],
    shared: frozenset[str],
    policy: IdentityPolicy,
    all_times: Mapping[str, Sequence[int]],
    found: _Found,
) -> None:
    """One component; the shared identifiers that it meets are given too, since they say what a call vouched for."""
    resolution = resolve(namespaces, sets, policy, already_shared=shared & namespaces.keys())
    stretches = Stretches(resolution, namespaces, policy, NOTHING_DECIDED)
    times: dict[str, Sequence[int]] = {}
    while (owned := stretches.follow(times)).unknown:
        times |= {key: all_times[key] for key in owned.unknown}
    found.groups += [group for group in resolution.groups if not group <= shared]
    found.holds |= {uid: holds for uid, holds in owned.holds.items() if len(holds) > 1}
    found.links += resolution.links
    found.cuts += [Cut(link.a, link.b, link.rejected) for link in resolution.links if link.rejected is not None]


def _hangs_on(uids: Sequence[str], shared: frozenset[str]) -> str:
    """The strongest identifier that takes part in links, else the strongest."""
    return next((uid for uid in uids if uid not in shared), uids[0])
