"""Calls and decisions as a model knows them, and what the pure function makes of all that was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graph.identity.evidence import CannotLink, Decided, MustLink, SeenTogether
from graph.identity.ownership import Hold, ownership
from graph.identity.policy import DEFAULT
from graph.identity.resolve import Resolution, resolve
from workers.applier.attributes import encode_document
from workers.applier.batch import PreparedCall, without


@dataclass
class Told:
    """A decision as the model knows it."""

    kind: str
    subject: str | None = None
    left: frozenset[str] = frozenset()
    right: frozenset[str] = frozenset()
    stands: bool = True


@dataclass
class Resolved:
    """What the pure function says of everything that was said."""

    resolution: Resolution
    holds: Mapping[str, Sequence[Hold]]
    group_of: Mapping[str, frozenset[str]]


@dataclass
class Model:
    """Everything that was said, in order, but for what was erased."""

    calls: dict[str, PreparedCall] = field(default_factory=dict)
    decisions: dict[str, Told] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)

    def target_of(self, undone: str) -> tuple[str, bool]:
        """The decision that an undo is about in the end, and whether it stands then."""
        target, stands = undone, False
        while self.decisions[target].kind == "UNDO":
            target, stands = str(self.decisions[target].subject), not stands
        return target, stands

    def can_undo(self, undone: str) -> bool:
        """A call that was erased cannot count again, and an erasure stays."""
        target, stands = self.target_of(undone)
        told = self.decisions[target]
        gone = told.kind == "REVOKE_CALL" and told.subject not in self.calls and not stands
        return self.decisions[undone].stands and told.kind != "ERASE" and not gone

    def erase(self, group: frozenset[str]) -> set[str]:
        """Somebody was erased; the calls that count and were theirs."""
        resolved, revoked, blocked = self.resolved(), self.revoked(), self.blocked()
        shared = resolved.resolution.shared
        alone = {
            uid
            for uid, holds in resolved.holds.items()
            if holds and all(resolved.group_of[one.holder] == group for one in holds)
        }

        def is_theirs(call: PreparedCall) -> bool:
            uids = [seen.uid for seen in call.seen if seen.uid not in blocked]
            hung = next((uid for uid in uids if uid not in shared), uids[0] if uids else None)
            return hung is not None and any(
                resolved.group_of[one.holder] == group
                for one in resolved.holds[hung]
                if one.start <= call.call.at_ms and (one.end is None or call.call.at_ms < one.end)
            )

        theirs = {id for id, call in self.calls.items() if id not in revoked and is_theirs(call)}
        self.erased |= alone
        self.calls = {
            id: without(call, alone)
            for id, call in self.calls.items()
            if id not in theirs and any(seen.uid not in alone for seen in call.seen)
        }
        for told in self.decisions.values():
            told.left, told.right = told.left - alone, told.right - alone
        return theirs

    def shown(self) -> set[str]:
        """Identifiers of calls, those that were taken back too."""
        return {seen.uid for call in self.calls.values() for seen in call.seen}

    def revoked(self) -> set[str | None]:
        """Calls that do not count."""
        return {one.subject for one in self.decisions.values() if one.stands and one.kind == "REVOKE_CALL"}

    def undo(self, decision: str, undone: str) -> None:
        """An undo was made: what it takes back, and what that took back, turns round."""
        self.decisions[decision] = Told("UNDO", undone)
        target, stands = undone, False
        self.decisions[target].stands = stands
        while self.decisions[target].kind == "UNDO":
            target, stands = str(self.decisions[target].subject), not stands
            self.decisions[target].stands = stands

    def blocked(self) -> set[str]:
        """Of decisions about one value the newest that stands counts."""
        found: dict[str, bool] = {}
        for _, one in sorted(self.decisions.items()):
            if one.stands and one.kind in ("BLOCK", "UNBLOCK"):
                found |= dict.fromkeys(one.left, one.kind == "BLOCK")
        return {uid for uid, blocked in found.items() if blocked}

    def expected(self) -> tuple[set[frozenset[str]], set[tuple[str, int, int | None, frozenset[str]]]]:
        """Groups, and stretches with the group of their holder."""
        resolved = self.resolved()
        holds = {
            (uid, one.start, one.end, resolved.group_of[one.holder])
            for uid, theirs in resolved.holds.items()
            for one in theirs
        }
        return set(resolved.resolution.groups), holds

    def resolved(self) -> Resolved:
        """All that was said, resolved anew."""
        standing = [(name, one) for name, one in self.decisions.items() if one.stands]
        revoked, blocked = self.revoked(), self.blocked()
        namespaces: dict[str, str] = {}
        sets: dict[str, SeenTogether] = {}
        times: dict[str, set[int]] = {}
        for call in self.calls.values():
            if call.id in revoked:
                continue
            namespaces |= {one.uid: one.namespace for one in call.seen if one.uid not in blocked}
            key, at = call.evidence or call.id, call.call.at_ms
            times.setdefault(key, set()).add(at)
            members = {one.uid: one.verified for one in call.seen}
            known = sets.get(key, SeenTogether(key, members, at, at, 0))
            first, last = min(at, known.first_at), max(at, known.last_at)
            sets[key] = SeenTogether(key, members, first, last, known.count + 1)
        decided = Decided(
            tuple(
                MustLink(name, *one.left, *one.right)
                for name, one in standing
                if one.kind == "MUST_LINK" and one.left and one.right
            ),
            tuple(CannotLink(name, one.left, one.right) for name, one in standing if one.kind == "CANNOT_LINK"),
        )
        resolution = resolve(namespaces, sets.values(), DEFAULT, decided)
        owned = ownership(resolution, namespaces, DEFAULT, decided, times)
        return Resolved(resolution, owned.holds, {uid: group for group in resolution.groups for uid in group})

    def named(self) -> dict[str, tuple[int, str]]:
        """Groups → when and how the newest call describes them."""
        revoked = self.revoked()
        found: dict[str, tuple[int, str]] = {}
        for call in self.calls.values():
            if call.call.group_id is not None and call.id not in revoked:
                told = call.call.at_ms, encode_document(call.call.traits)
                found[call.call.group_id] = max(told, found.get(call.call.group_id, told))
        return found
