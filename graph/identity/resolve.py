"""`resolve()`: identifiers to customers, as a pure function of evidence, decisions and policy (identity.md §3).

The order in which evidence arrived plays no part: links are derived from all evidence again, ordered by strength,
then by the newest event time, then by name, and joined greedily under the limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graph.identity.evidence import NOTHING_DECIDED, Decided, SeenTogether
from graph.identity.policy import IdentifierClass, IdentityPolicy
from graph.identity.sides import Objection, Rejection, Sides, pair
from graph.identity.stars import Star, find_stars


@dataclass(frozen=True, slots=True)
class Link:
    """Two identifiers that evidence or a decision joins, `a < b`.

    Args:
        first_at, last_at: event times of the evidence, ms; 0 for a decision without evidence.
        evidence: keys of the sets that say so, sorted.
        rejected: None when accepted: when both ends are one customer's.
        blocking: the pair of identifiers that this link would have put into one customer wrongly.
        decision: of a must-link; else None.
        weak: an end is a device, or a contact that no call vouched for.
    """

    a: str
    b: str
    first_at: int
    last_at: int
    count: int
    evidence: tuple[str, ...]
    rejected: Rejection | None
    blocking: tuple[str, str] | None
    decision: str | None = None
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Resolution:
    """Result of `resolve`: a partition of all given identifiers, the links and the shared identifiers.

    Args:
        stars: what the evidence says, from which the links were made.
    """

    groups: tuple[frozenset[str], ...]
    links: tuple[Link, ...]
    shared: frozenset[str]
    stars: tuple[Star, ...] = field(compare=False, repr=False)


@dataclass(slots=True)
class Candidate:
    """What evidence says of two identifiers: a link before it is accepted or rejected.

    Args:
        strength_at: the newest event time of the strongest evidence.
    """

    device_end: bool
    rank_sum: int
    weak: bool
    first_at: int
    last_at: int
    strength_at: int
    evidence: list[str]


def resolve(
    namespaces: Mapping[str, str],
    evidence: Iterable[SeenTogether],
    policy: IdentityPolicy,
    decided: Decided = NOTHING_DECIDED,
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
    sets = usable_sets(namespaces, evidence)
    shared = find_shared(namespaces, sets, policy) | (already_shared & namespaces.keys())
    stars = find_stars(namespaces, sets, shared, policy)
    candidates = star_links(stars)
    sides = Sides(namespaces, _persons(namespaces, sets, policy), _last_seen(sets, policy), decided.cannot, policy)
    objections: dict[tuple[str, str], Objection | None] = {}
    must: dict[tuple[str, str], str] = {}
    for one in sorted(decided.must, key=lambda each: (pair(each.a, each.b), each.decision)):
        ends = pair(one.a, one.b)
        if one.a == one.b or not namespaces.keys() >= set(ends) or shared & set(ends):
            continue
        must.setdefault(ends, one.decision)
        # Who decided knows of the limits; only another decision stands against it.
        _try(sides, ends, objections, sides.forbidden(sides.root(one.a), sides.root(one.b)))
    for ends, candidate in sorted(candidates.items(), key=link_order):
        if ends in must:
            continue
        root_a, root_b = sides.root(ends[0]), sides.root(ends[1])
        _try(sides, ends, objections, None if root_a == root_b else sides.objection(root_a, root_b, candidate.weak))
    links = [
        _link(ends, candidates.get(ends), must.get(ends), None if sides.root(ends[0]) == sides.root(ends[1]) else found)
        for ends, found in objections.items()
    ]
    return Resolution(groups=sides.groups(), links=tuple(links), shared=shared, stars=stars)


def _try(
    sides: Sides,
    ends: tuple[str, str],
    objections: dict[tuple[str, str], Objection | None],
    objection: Objection | None,
) -> None:
    objections[ends] = objection
    root_a, root_b = sides.root(ends[0]), sides.root(ends[1])
    if objection is None and root_a != root_b:
        sides.join(root_a, root_b)


def _link(
    ends: tuple[str, str], candidate: Candidate | None, decision: str | None, objection: Objection | None
) -> Link:
    return Link(
        a=ends[0],
        b=ends[1],
        first_at=candidate.first_at if candidate else 0,
        last_at=candidate.last_at if candidate else 0,
        count=len(candidate.evidence) if candidate else 0,
        evidence=tuple(sorted(candidate.evidence)) if candidate else (),
        rejected=objection[0] if objection else None,
        blocking=objection[1] if objection else None,
        decision=decision,
        weak=candidate.weak if candidate else False,
    )


def usable_sets(namespaces: Mapping[str, str], evidence: Iterable[SeenTogether]) -> list[SeenTogether]:
    """The evidence over the given identifiers alone, where that leaves two or more."""
    return [kept for kept in (_known(seen, namespaces) for seen in evidence) if len(kept.members) > 1]


def find_shared(namespaces: Mapping[str, str], sets: Iterable[SeenTogether], policy: IdentityPolicy) -> frozenset[str]:
    """Identifiers seen together with too many distinct one-per-customer identifiers of one namespace."""
    unique = {uid for uid, namespace in namespaces.items() if policy.of(namespace).limit == 1}
    open_to = {uid for uid, namespace in namespaces.items() if policy.of(namespace).shared_above is not None}
    partners: dict[str, dict[str, set[str]]] = {}
    for seen in sets:
        for other in [uid for uid in seen.members if uid in unique]:
            for uid in seen.members:
                if uid != other and uid in open_to:
                    partners.setdefault(uid, {}).setdefault(namespaces[other], set()).add(other)
    return frozenset(
        uid
        for uid, by_namespace in partners.items()
        if max(map(len, by_namespace.values())) > (policy.of(namespaces[uid]).shared_above or 0)
    )


def _known(seen: SeenTogether, namespaces: Mapping[str, str]) -> SeenTogether:
    if all(uid in namespaces for uid in seen.members):
        return seen
    members = {uid: verified for uid, verified in seen.members.items() if uid in namespaces}
    return SeenTogether(seen.key, members, seen.first_at, seen.last_at, seen.count)


def _persons(namespaces: Mapping[str, str], sets: Iterable[SeenTogether], policy: IdentityPolicy) -> frozenset[str]:
    """Identifiers of class person. A phone or e-mail is one as soon as any evidence vouches for it."""
    vouched = {uid for seen in sets for uid, verified in seen.members.items() if verified}
    return frozenset(
        uid
        for uid, namespace in namespaces.items()
        if policy.of(namespace, uid in vouched).identifier_class is IdentifierClass.PERSON
    )


def _last_seen(sets: Iterable[SeenTogether], policy: IdentityPolicy) -> dict[str, int]:
    """When each was seen last; only limits with a window need it."""
    spaces = (*policy.namespaces.values(), policy.unverified, policy.unknown)
    if all(space.limit is None or space.window_days is None for space in spaces):
        return {}
    found: dict[str, int] = {}
    for seen in sets:
        for uid in seen.members:
            found[uid] = max(seen.last_at, found.get(uid, seen.last_at))
    return found


def star_links(stars: Iterable[Star]) -> dict[tuple[str, str], Candidate]:
    """The links that stars make: from the centre of each to its others."""
    found: dict[tuple[str, str], Candidate] = {}
    for centre, seen, rays in stars:
        for uid, device_end, rank_sum, weak in rays:
            ends = pair(centre, uid)
            old = found.get(ends)
            if old is None:
                found[ends] = Candidate(
                    device_end, rank_sum, weak, seen.first_at, seen.last_at, seen.last_at, [seen.key]
                )
                continue
            old.evidence.append(seen.key)
            old.first_at = min(old.first_at, seen.first_at)
            old.last_at = max(old.last_at, seen.last_at)
            # A link is as strong as its best evidence, and as new as the newest evidence of that strength.
            new_strength, strength = (device_end, rank_sum, weak), (old.device_end, old.rank_sum, old.weak)
            if new_strength < strength:
                old.rank_sum, old.weak, old.device_end, old.strength_at = rank_sum, weak, device_end, seen.last_at
            elif new_strength == strength:
                old.strength_at = max(old.strength_at, seen.last_at)
    return found


def link_order(item: tuple[tuple[str, str], Candidate]) -> tuple[bool, int, bool, int, tuple[str, str]]:
    """In which order links are looked at: strength first. Weak links after strong ones of one rank sum: so an accepted
    link that is seen again, and moves forward among its like, never changes the groups (see `settled`).
    """
    ends, candidate = item
    return candidate.device_end, candidate.rank_sum, candidate.weak, -candidate.strength_at, ends
