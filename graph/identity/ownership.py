"""Who held an identifier when: a device or a phone that changes hands leaves its past where it belongs. Pure.

An identifier belongs to one customer now: the one that `resolve` puts it into. Before, at each instant, it belonged to
whoever its strongest evidence had seen it with last. What came before the first such sighting belongs to the first:
a visitor is the person who logs in later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from base.clock import MIN_MS
from graph.identity.evidence import Decided, SeenTogether
from graph.identity.policy import Conflict, IdentityPolicy
from graph.identity.resolve import Resolution

# No event is older.
SINCE_EVER = MIN_MS


@dataclass(frozen=True, slots=True)
class Hold:
    """A stretch of time: start ≤ t < end, ms. `end` is None for the one that is open.

    Args:
        holder: an identifier of the customer who held it, by way of which it was held.
    """

    start: int
    end: int | None
    holder: str


@dataclass(frozen=True, slots=True)
class Ownership:
    """Result of `ownership`.

    Args:
        holds: uid → its stretches from `SINCE_EVER` on, without gaps; the last is open and of its group.
        unknown: keys of evidence whose exact times have to be known first; `holds` is not to be used until then.
    """

    holds: Mapping[str, tuple[Hold, ...]]
    unknown: frozenset[str]


@dataclass(slots=True)
class _Rays:
    """For each identifier the strongest evidence in which something stronger was seen with it: (centre, set)."""

    strength: tuple[bool, int]
    sightings: list[tuple[str, SeenTogether]] = field(default_factory=list)


def ownership(
    resolution: Resolution,
    namespaces: Mapping[str, str],
    policy: IdentityPolicy,
    decided: Decided,
    times: Mapping[str, Collection[int]],
) -> Ownership:
    """Stretches of time for every identifier of a resolved component.

    Args:
        namespaces: as given to `resolve`.
        times: evidence key → event times, ms, as far as they had to be looked up; see `Ownership.unknown`.
    """
    return Stretches(resolution, namespaces, policy, decided).follow(times)


class Stretches:
    """The same in several goes, where times become known in between; arguments as of `ownership`."""

    def __init__(self, resolution: Resolution, namespaces: Mapping[str, str], policy: IdentityPolicy, decided: Decided):
        # The strongest first, so that equal input gives equal output even where evidence is circular.
        self._order = sorted(namespaces, key=lambda uid: (policy.of(namespaces[uid]).rank, uid))
        self._group_of = {uid: number for number, group in enumerate(resolution.groups) for uid in group}
        self._rays = _rays(resolution, namespaces, policy, decided)
        self._times: Mapping[str, Collection[int]] = {}
        self._done: dict[str, tuple[Hold, ...]] = {}
        self._unknown: set[str] = set()
        # Whose stretches depend on times that are not known yet.
        self._open: set[str] = set()

    def follow(self, times: Mapping[str, Collection[int]]) -> Ownership:
        """Stretches with all times that are known by now."""
        self._times = times
        for uid in self._open:
            del self._done[uid]
        self._open, self._unknown = set(), set()
        return Ownership({uid: self._holds(uid) for uid in self._order}, frozenset(self._unknown))

    def _holds(self, uid: str) -> tuple[Hold, ...]:
        known = self._done.get(uid)
        if known is not None:
            return known
        # Stands while its centres are looked at: evidence may be circular.
        self._done[uid] = (Hold(SINCE_EVER, None, uid),)
        rays = self._rays.get(uid)
        if rays is not None:
            self._done[uid] = self._followed(uid, rays)
        return self._done[uid]

    def _followed(self, uid: str, rays: _Rays) -> tuple[Hold, ...]:
        own = self._group_of[uid]
        centres = list(dict.fromkeys(centre for centre, _ in rays.sightings))
        moving = [centre for centre in centres if len(self._holds(centre)) > 1]
        if not self._open.isdisjoint(centres):
            self._open.add(uid)
        if not moving and all(self._group_of[centre] == own for centre in centres):
            return (Hold(SINCE_EVER, None, uid),)
        by_centre: dict[str, list[SeenTogether]] = defaultdict(list)
        for centre, seen in rays.sightings:
            by_centre[centre].append(seen)
        sightings = sorted(
            # At one instant the customer who has it now comes last.
            (at, self._group_of[centre] == own, centre)
            for centre, sets in by_centre.items()
            for at in self._instants(uid, centre, sets, by_centre)
        )
        runs = _runs(sightings)
        stretches: list[Hold] = []
        for (start, centre), end in zip(runs, [start for start, _ in runs[1:]] + [None], strict=True):
            stretches += _within(self._holds(centre), start, end)
        if self._group_of[stretches[-1].holder] != own:
            # A link that was cut for another reason than its age claims the time in which it was seen, and no more.
            last = sightings[-1][0] + 1
            stretches = [*_within(stretches, SINCE_EVER, last), Hold(last, None, uid)]
        return self._joined(stretches, uid)

    def _instants(
        self, uid: str, centre: str, sets: Sequence[SeenTogether], by_centre: Mapping[str, Sequence[SeenTogether]]
    ) -> set[int]:
        """Event times of the sets: all of them where somebody else's lie between, else the first and the last."""
        others = [seen for other, theirs in by_centre.items() if other != centre for seen in theirs]
        found: set[int] = set()
        for seen in sets:
            found |= {seen.first_at, seen.last_at}
            if seen.last_at - seen.first_at < 2 or seen.count < 3:
                continue
            exact = self._times.get(seen.key)
            if exact is not None:
                found.update(exact)
            elif any(other.first_at < seen.last_at and other.last_at > seen.first_at for other in others):
                self._unknown.add(seen.key)
                self._open.add(uid)
        return found

    def _joined(self, stretches: Sequence[Hold], uid: str) -> tuple[Hold, ...]:
        """Neighbours of one group as one; the first begins with time itself; the open one is the identifier's own."""
        found: list[Hold] = []
        for one in stretches:
            if one.end is not None and one.end <= one.start:
                continue
            last = found[-1] if found else None
            if last is not None and self._group_of[last.holder] == self._group_of[one.holder]:
                found[-1] = Hold(last.start, one.end, last.holder)
            else:
                found.append(one)
        found[0] = Hold(SINCE_EVER, found[0].end, found[0].holder)
        if len(found) == 1:
            return (Hold(SINCE_EVER, None, uid),)
        return tuple(found)


def _runs(sightings: Sequence[tuple[int, bool, str]]) -> list[tuple[int, str]]:
    """(first sighting, centre) of each stretch without another centre; of one instant the last counts."""
    runs: list[tuple[int, str]] = []
    for at, _, centre in sightings:
        if runs and runs[-1][1] == centre:
            continue
        if runs and runs[-1][0] == at:
            runs.pop()
            if runs and runs[-1][1] == centre:
                continue
        runs.append((at, centre))
    first_centre = runs[0][1]
    return [(SINCE_EVER, first_centre), *runs[1:]]


def _within(holds: Sequence[Hold], start: int, end: int | None) -> list[Hold]:
    """The parts of stretches that lie in start ≤ t < end."""
    found: list[Hold] = []
    for one in holds:
        first = max(one.start, start)
        last = one.end if end is None else end if one.end is None else min(one.end, end)
        if last is None or first < last:
            found.append(Hold(first, last, one.holder))
    return found


def _rays(
    resolution: Resolution, namespaces: Mapping[str, str], policy: IdentityPolicy, decided: Decided
) -> dict[str, _Rays]:
    # One that is rejected where two claim it changes hands by no evidence.
    steady = {uid for uid, name in namespaces.items() if policy.of(name).conflict is Conflict.REJECT}
    found: dict[str, _Rays] = {}
    for centre, seen, rays in resolution.stars:
        for uid, device_end, rank_sum, _ in rays:
            # What somebody took apart was never together.
            if uid in steady or (decided.cannot and any(one.separates(centre, uid) for one in decided.cannot)):
                continue
            strength = device_end, rank_sum
            known = found.get(uid)
            if known is None or strength < known.strength:
                known = found[uid] = _Rays(strength)
            if strength == known.strength:
                known.sightings.append((centre, seen))
    return found
