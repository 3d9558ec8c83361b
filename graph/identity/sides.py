"""The customers under construction: groups of identifiers that know what they hold and what may not join them. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from enum import StrEnum

from graph.identity.evidence import CannotLink
from graph.identity.policy import IdentityPolicy

DAY_MS = 86_400_000


class Rejection(StrEnum):
    """Why a link was not accepted."""

    LIMIT = "LIMIT"
    NO_BRIDGE = "NO_BRIDGE"
    CANNOT_LINK = "CANNOT_LINK"


Objection = tuple[Rejection, tuple[str, str]]


class Sides:
    """Union-find over identifiers.

    Args:
        namespaces: uid → namespace, of every identifier.
        persons: uids of class person.
        last_at: uid → when evidence saw it last, ms; for limits with a window.
    """

    def __init__(
        self,
        namespaces: Mapping[str, str],
        persons: frozenset[str],
        last_at: Mapping[str, int],
        cannot: Iterable[CannotLink],
        policy: IdentityPolicy,
    ):
        self._policy = policy
        self._last_at = last_at
        self._parent = {uid: uid for uid in namespaces}
        self._held: dict[str, dict[str, list[str]]] = {uid: {ns: [uid]} for uid, ns in namespaces.items()}
        self._size = dict.fromkeys(namespaces, 1)
        self._person: dict[str, str | None] = {uid: uid if uid in persons else None for uid in namespaces}
        # Root → (number of the decision, side of it) → the smallest uid that stands there.
        self._apart: dict[str, dict[tuple[int, bool], str]] = {}
        for number, one in enumerate(sorted(cannot, key=lambda each: each.decision)):
            for side, uids in ((False, one.left), (True, one.right)):
                for uid in uids & namespaces.keys():
                    self._apart.setdefault(uid, {})[number, side] = uid

    def root(self, uid: str) -> str:
        """Names the group of an identifier until the next `join`."""
        while self._parent[uid] != uid:
            self._parent[uid] = self._parent[self._parent[uid]]
            uid = self._parent[uid]
        return uid

    def forbidden(self, a: str, b: str) -> Objection | None:
        """Whether somebody decided against joining the groups of two roots."""
        apart_a, apart_b = self._apart.get(a), self._apart.get(b)
        if not apart_a or not apart_b:
            return None
        for number, side in sorted(apart_a):
            other = apart_b.get((number, not side))
            if other is not None:
                return Rejection.CANNOT_LINK, pair(apart_a[number, side], other)
        return None

    def objection(self, a: str, b: str, weak: bool) -> Objection | None:
        """What speaks against joining the groups of two roots; the smallest pair in question, so it is stable."""
        decided = self.forbidden(a, b)
        if decided is not None:
            return decided
        if weak:
            person_a, person_b = self._person[a], self._person[b]
            if person_a is not None and person_b is not None:
                return Rejection.NO_BRIDGE, pair(person_a, person_b)
        held_a, held_b = self._held[a], self._held[b]
        for namespace in sorted(held_a.keys() & held_b.keys()):
            if self._breaks_limit(namespace, held_a[namespace], held_b[namespace]):
                return Rejection.LIMIT, pair(min(held_a[namespace]), min(held_b[namespace]))
        return None

    def join(self, a: str, b: str) -> None:
        """Make one group of two roots'."""
        small, large = (a, b) if self._size[a] < self._size[b] else (b, a)
        self._parent[small] = large
        self._size[large] += self._size.pop(small)
        for namespace, uids in self._held.pop(small).items():
            self._held[large].setdefault(namespace, []).extend(uids)
        persons = [uid for uid in (self._person[small], self._person[large]) if uid is not None]
        self._person[large] = min(persons, default=None)
        if apart := self._apart.pop(small, None):
            known = self._apart.setdefault(large, {})
            for place, uid in apart.items():
                known[place] = min(uid, known.get(place, uid))

    def groups(self) -> tuple[frozenset[str], ...]:
        """All groups, by their smallest uid."""
        found: dict[str, list[str]] = {}
        for uid in self._parent:
            found.setdefault(self.root(uid), []).append(uid)
        return tuple(sorted((frozenset(uids) for uids in found.values()), key=min))

    def _breaks_limit(self, namespace: str, one: list[str], other: list[str]) -> bool:
        policy = self._policy.of(namespace)
        if policy.limit is None or len(one) + len(other) <= policy.limit:
            return False
        if policy.window_days is None:
            return True
        window_ms = policy.window_days * DAY_MS
        times = sorted(self._last_at.get(uid, 0) for uid in (*one, *other))
        return any(bisect_right(times, start + window_ms) - place > policy.limit for place, start in enumerate(times))


def pair(a: str, b: str) -> tuple[str, str]:
    """Two uids in order."""
    return (a, b) if a < b else (b, a)


def other_end(ends: tuple[str, str], uid: str) -> str:
    """The end of a pair that is not this one."""
    return ends[1] if ends[0] == uid else ends[0]
