"""The incremental way without a database: one sighting at a time, only the component that it touches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from graph.identity.evidence import SeenTogether
from graph.identity.policy import DEFAULT
from graph.identity.resolve import resolve
from graph.identity.settled import is_settled
from tests.property.identity.streams import Sighting, evidence_of, namespace_of


@dataclass
class Incremental:
    """What the graph would hold: evidence, the owner of each identifier, who is shared.

    Args:
        resolved_count: how often something was resolved.
    """

    sightings: list[Sighting] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    resolved_count: int = 0
    _ids: int = 0

    def apply(self, batch: Iterable[Sighting]) -> None:
        """Take in sightings as one transaction does: all their evidence first, then one resolution."""
        batch = list(batch)
        known = {one.key for one in self.sightings}
        self.sightings += batch
        unsettled = [
            one
            for one in batch
            if not is_settled(
                (self.owners.get(uid) for uid, _ in one.members if uid not in self.shared),
                len(one.members) > 1 and one.key not in known,
            )
        ]
        if unsettled:
            self._resolve({uid for one in unsettled for uid, _ in one.members})

    def partition(self) -> set[frozenset[str]]:
        """The identifiers of each customer."""
        groups: dict[str, set[str]] = {}
        for uid, owner in self.owners.items():
            groups.setdefault(owner, set()).add(uid)
        return {frozenset(group) for group in groups.values()}

    def _resolve(self, start: set[str]) -> None:
        self.resolved_count += 1
        members, sets = self._component(start)
        shared = frozenset(self.shared & members)
        resolution = resolve({uid: namespace_of(uid) for uid in members}, sets, DEFAULT, already_shared=shared)
        self.shared |= resolution.shared
        for group in resolution.groups:
            self._ids += 1
            self.owners.update(dict.fromkeys(group, f"c{self._ids}"))

    def _component(self, start: set[str]) -> tuple[set[str], list[SeenTogether]]:
        """Everything reachable over evidence; shared identifiers are met and not walked through."""
        sets = evidence_of(self.sightings)
        members, used = set(start), {seen.key: seen for seen in sets if seen.members.keys() <= start}
        frontier = start - self.shared
        while frontier:
            met = {seen.key: seen for seen in sets if seen.members.keys() & frontier and seen.key not in used}
            used |= met
            reached = {uid for seen in met.values() for uid in seen.members} - members
            members |= reached
            frontier = reached - self.shared
        return members, list(used.values())
