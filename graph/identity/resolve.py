"""`resolve()`: identifiers to customers, as a pure function of evidence and policy (identity.md §3).

The order in which evidence arrived plays no part: links are derived from all evidence again, ordered by strength,
then by the newest event time, then by name, and joined greedily under the limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from graph.identity.policy import IdentifierClass, policy_of


@dataclass(frozen=True, slots=True)
class SeenTogether:
    """One distinct set of identifiers from one source, with the event times at which it was seen.

    Args:
        key: names the set and its source.
        members: uid → whether the call vouched for the value.
        first_at, last_at: event times, ms.
    """

    key: str
    members: Mapping[str, bool]
    first_at: int
    last_at: int


class Rejection(StrEnum):
    """Why a link was not accepted."""

    LIMIT = "LIMIT"
    NO_BRIDGE = "NO_BRIDGE"


@dataclass(frozen=True, slots=True)
class Link:
    """Two identifiers that evidence joins, `a < b`.

    Args:
        rejected: None when accepted.
        blocking: the pair of identifiers that this link would have put into one customer wrongly.
        evidence: keys of the sets that say so, sorted.
    """

    a: str
    b: str
    first_at: int
    last_at: int
    count: int
    evidence: tuple[str, ...]
    rejected: Rejection | None
    blocking: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Resolution:
    """Result of `resolve`: a partition of all given identifiers, the links and the shared identifiers."""

    groups: tuple[frozenset[str], ...]
    links: tuple[Link, ...]
    shared: frozenset[str]


@dataclass(slots=True)
class _Candidate:
    device_end: bool
    rank_sum: int
    weak: bool
    first_at: int
    last_at: int
    strength_at: int
    evidence: list[str]


class _Sides:
    """Union-find that knows what each side holds."""

    def __init__(self, namespaces: Mapping[str, str], persons: frozenset[str]):
        self._parent = {uid: uid for uid in namespaces}
        self._held: dict[str, dict[str, list[str]]] = {uid: {ns: [uid]} for uid, ns in namespaces.items()}
        self._person: dict[str, str | None] = {uid: uid if uid in persons else None for uid in namespaces}

    def root(self, uid: str) -> str:
        while self._parent[uid] != uid:
            self._parent[uid] = self._parent[self._parent[uid]]
            uid = self._parent[uid]
        return uid

    def objection(self, a: str, b: str, weak: bool) -> tuple[Rejection, tuple[str, str]] | None:
        """What speaks against joining the sides of two roots; the smallest pair in question, so it is stable."""
        if weak:
            person_a, person_b = self._person[a], self._person[b]
            if person_a is not None and person_b is not None:
                return Rejection.NO_BRIDGE, _pair(person_a, person_b)
        held_a, held_b = self._held[a], self._held[b]
        for namespace in sorted(held_a.keys() & held_b.keys()):
            limit = policy_of(namespace).limit
            if limit is not None and len(held_a[namespace]) + len(held_b[namespace]) > limit:
                return Rejection.LIMIT, _pair(min(held_a[namespace]), min(held_b[namespace]))
        return None

    def join(self, a: str, b: str) -> None:
        small, large = sorted((a, b), key=lambda root: sum(map(len, self._held[root].values())))
        self._parent[small] = large
        for namespace, uids in self._held.pop(small).items():
            self._held[large].setdefault(namespace, []).extend(uids)
        persons = [uid for uid in (self._person[small], self._person[large]) if uid is not None]
        self._person[large] = min(persons, default=None)

    def groups(self) -> tuple[frozenset[str], ...]:
        found: dict[str, list[str]] = {}
        for uid in self._parent:
            found.setdefault(self.root(uid), []).append(uid)
        return tuple(sorted((frozenset(uids) for uids in found.values()), key=min))


def resolve(
    namespaces: Mapping[str, str],
    evidence: Iterable[SeenTogether],
    already_shared: frozenset[str] = frozenset(),
) -> Resolution:
    """Partition a component's identifiers into customers.

    Args:
        namespaces: every identifier of the component, uid → namespace; blocked ones left out by the caller.
        evidence: every set over them; members that are not in `namespaces` are ignored.
        already_shared: known to be shared from evidence that is not given here, since a component is not walked
            through its shared identifiers. Empty when all evidence is given.

    Returns:
        Groups that cover all identifiers; a shared one is a group of its own. Equal input in any order gives an
        equal result.
    """
    sets = [kept for kept in (_known(seen, namespaces) for seen in evidence) if len(kept.members) > 1]
    shared = find_shared(namespaces, sets) | (already_shared & namespaces.keys())
    candidates = _star_links(namespaces, sets, shared)
    persons = _persons(namespaces, sets)
    sides = _Sides(namespaces, persons)
    links: list[Link] = []
    for (a, b), candidate in sorted(candidates.items(), key=_link_order):
        root_a, root_b = sides.root(a), sides.root(b)
        objection = None if root_a == root_b else sides.objection(root_a, root_b, candidate.weak)
        if root_a != root_b and objection is None:
            sides.join(root_a, root_b)
        links.append(
            Link(
                a=a,
                b=b,
                first_at=candidate.first_at,
                last_at=candidate.last_at,
                count=len(candidate.evidence),
                evidence=tuple(sorted(candidate.evidence)),
                rejected=objection[0] if objection else None,
                blocking=objection[1] if objection else None,
            )
        )
    return Resolution(groups=sides.groups(), links=tuple(links), shared=shared)


def find_shared(namespaces: Mapping[str, str], sets: Iterable[SeenTogether]) -> frozenset[str]:
    """Identifiers seen together with too many distinct one-per-customer identifiers of one namespace."""
    partners: dict[str, dict[str, set[str]]] = {}
    for seen in sets:
        unique = [uid for uid in seen.members if policy_of(namespaces[uid]).limit == 1]
        if not unique:
            continue
        for uid in seen.members:
            if policy_of(namespaces[uid]).shared_above is None:
                continue
            for other in unique:
                partners.setdefault(uid, {}).setdefault(namespaces[other], set()).add(other)
    return frozenset(
        uid
        for uid, by_namespace in partners.items()
        if max(map(len, by_namespace.values())) > (policy_of(namespaces[uid]).shared_above or 0)
    )


def strongest(members: Mapping[str, bool], namespaces: Mapping[str, str]) -> str:
    """The member with the best rank; equal ranks by uid. `members` is not empty."""
    return min(members, key=lambda uid: (policy_of(namespaces[uid], members[uid]).rank, uid))


def _known(seen: SeenTogether, namespaces: Mapping[str, str]) -> SeenTogether:
    if all(uid in namespaces for uid in seen.members):
        return seen
    members = {uid: verified for uid, verified in seen.members.items() if uid in namespaces}
    return SeenTogether(seen.key, members, seen.first_at, seen.last_at)


def _persons(namespaces: Mapping[str, str], sets: Iterable[SeenTogether]) -> frozenset[str]:
    """Identifiers of class person. A phone or e-mail is one as soon as any evidence vouches for it."""
    vouched = {uid for seen in sets for uid, verified in seen.members.items() if verified}
    return frozenset(
        uid
        for uid, namespace in namespaces.items()
        if policy_of(namespace, uid in vouched).identifier_class is IdentifierClass.PERSON
    )


def _star_links(
    namespaces: Mapping[str, str], sets: Iterable[SeenTogether], shared: frozenset[str]
) -> dict[tuple[str, str], _Candidate]:
    found: dict[tuple[str, str], _Candidate] = {}
    for seen in sets:
        members = {uid: verified for uid, verified in seen.members.items() if uid not in shared}
        if len(members) < 2:
            continue
        centre = strongest(members, namespaces)
        centre_policy = policy_of(namespaces[centre], members[centre])
        for uid, verified in members.items():
            if uid == centre:
                continue
            ray_policy = policy_of(namespaces[uid], verified)
            classes = (centre_policy.identifier_class, ray_policy.identifier_class)
            device_end = IdentifierClass.DEVICE in classes
            _strengthen(
                found,
                _pair(centre, uid),
                seen,
                device_end=device_end,
                rank_sum=centre_policy.rank + ray_policy.rank,
                weak=device_end or IdentifierClass.CONTACT in classes,
            )
    return found


def _strengthen(
    found: dict[tuple[str, str], _Candidate],
    pair: tuple[str, str],
    seen: SeenTogether,
    *,
    device_end: bool,
    rank_sum: int,
    weak: bool,
) -> None:
    old = found.get(pair)
    if old is None:
        found[pair] = _Candidate(device_end, rank_sum, weak, seen.first_at, seen.last_at, seen.last_at, [seen.key])
        return
    old.evidence.append(seen.key)
    old.first_at = min(old.first_at, seen.first_at)
    old.last_at = max(old.last_at, seen.last_at)
    # A link is as strong as its best evidence, and as new as the newest evidence of that strength.
    if rank_sum < old.rank_sum:
        old.rank_sum, old.weak, old.device_end, old.strength_at = rank_sum, weak, device_end, seen.last_at
    elif rank_sum == old.rank_sum:
        old.strength_at = max(old.strength_at, seen.last_at)


def _link_order(item: tuple[tuple[str, str], _Candidate]) -> tuple[bool, int, int, tuple[str, str]]:
    pair, candidate = item
    return candidate.device_end, candidate.rank_sum, -candidate.strength_at, pair


def _pair(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)
