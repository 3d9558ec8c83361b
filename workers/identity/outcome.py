"""What a transaction found out about who is who."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from graph.identity.policy import IdentityPolicy
from graph.repositories.identity import ACTIVE, SHARED, StoredHold, StoredIdentifier


class Turn(NamedTuple):
    """Two customers became one, one became two, or one was erased; see `delivery.change.CustomerChange` for who is who.

    Args:
        decision: the line of the decision log that tells of it.
    """

    kind: Literal["MERGED", "SPLIT", "ERASED"]
    customer: str
    other: str | None
    decision: str | None


@dataclass(slots=True)
class Identified:
    """Who has what now, and what is new about it.

    Args:
        policy: under which it was found out.
        owners: uid → customer, for every identifier that was looked at; blocked ones have none.
        holds: uid → its stretches of time, where there is more than one.
        statuses: uid → status, where it is not ACTIVE.
        versions: customer → its new version; every customer that was looked at is locked.
        created: customers that did not exist before.
        changed: customers whose facts are others now: those that existed and whose identifiers changed, and new ones
            that took an identifier over.
        moved: identifiers that belonged to somebody else before, at any time.
        retired: retired id → survivor, None without one.
        returned: retired ids that are somebody again.
        erased: of the retired ids, those of people who were erased.
        turns: what of this everybody is told, in order.
        absorbed: survivor → retired ids whose facts are its own now as they were, where nothing else about it changed.
        regrouped: keys of groups that lost calls together with their identifiers.
        rehung: identifiers that other calls hang on than before: some were hung over, taken back or restored.
    """

    policy: IdentityPolicy
    owners: dict[str, str] = field(default_factory=dict)
    holds: dict[str, tuple[StoredHold, ...]] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    retired: dict[str, str | None] = field(default_factory=dict)
    returned: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    turns: list[Turn] = field(default_factory=list)
    absorbed: dict[str, set[str]] = field(default_factory=dict)
    rehung: set[str] = field(default_factory=set)
    regrouped: set[str] = field(default_factory=set)

    def look_at(self, known: StoredIdentifier) -> None:
        """Note an identifier as it is stored."""
        if known.customer is not None:
            self.owners[known.uid] = known.customer
        if len(known.holds) > 1:
            self.holds[known.uid] = known.holds
        if known.status != ACTIVE:
            self.statuses[known.uid] = known.status

    def hangs_on(self, uids: Iterable[str]) -> str:
        """The identifier that a call hangs on: its strongest that takes part in links, else the strongest.

        Args:
            uids: of the call, the strongest first; not empty.
        """
        ordered = list(uids)
        for usable in ((ACTIVE,), (ACTIVE, SHARED)):
            for uid in ordered:
                if self.statuses.get(uid, ACTIVE) in usable:
                    return uid
        return ordered[0]

    def customer_at(self, uid: str, at_ms: int) -> str | None:
        """Whose an identifier was at an instant; None for a blocked one."""
        for hold in self.holds.get(uid, ()):
            if hold.start <= at_ms and (hold.end is None or at_ms < hold.end):
                return hold.customer
        return self.owners.get(uid)
