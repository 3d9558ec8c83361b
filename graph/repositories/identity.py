"""Reads a component of identifiers and writes what the resolver changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from graph.client import Transaction
from graph.identity.assign import KnownIdentifier
from graph.identity.policy import POLICY_VERSION
from graph.identity.resolve import Link, SeenTogether
from graph.queries import load

_EXPAND = load("identity/expand_component")
_GET_LINKS = load("identity/get_links")
_MOVE = load("identity/move_identifiers")
_RETIRE = load("identity/retire_customers")
_WRITE_LINKS = load("identity/write_links")
_SET_SHARED = load("identity/set_shared")
_CREATE_DECISIONS = load("identity/create_decisions")

SHARED = "SHARED"


@dataclass(slots=True)
class Component:
    """Everything reachable over evidence, shared identifiers included but not walked through."""

    identifiers: dict[str, KnownIdentifier] = field(default_factory=dict)
    evidence: dict[str, SeenTogether] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)

    def customers(self) -> set[str]:
        """Ids of the present owners."""
        return {known.customer for known in self.identifiers.values() if known.customer is not None}


class MoveRow(TypedDict):
    """An identifier's new owner from an event time on."""

    uid: str
    customer: str
    at: int
    via: str


class DecisionRow(TypedDict):
    """One line of the decision log."""

    id: str
    kind: str
    at: int
    customer: str
    other: str | None
    evidence: str | None


async def load_component(tx: Transaction, start: Iterable[KnownIdentifier], shared: Iterable[str]) -> Component:
    """Walk the evidence from some identifiers until nothing new appears.

    Each step is one statement; people have short chains, so two or three steps are the rule.
    """
    found = Component({known.uid: known for known in start}, {}, set(shared))
    frontier = sorted(found.identifiers.keys() - found.shared)
    while frontier:
        reached: set[str] = set()
        for row in await tx.run(_EXPAND, uids=frontier):
            if row["key"] in found.evidence:
                continue
            members: dict[str, bool] = {}
            for member in row["members"]:
                uid = member["uid"]
                members[uid] = member["verified"]
                if uid not in found.identifiers:
                    found.identifiers[uid] = KnownIdentifier(
                        uid, member["namespace"], member["first_seen"], member["customer"]
                    )
                    if member["status"] == SHARED:
                        found.shared.add(uid)
                    else:
                        reached.add(uid)
            found.evidence[row["key"]] = SeenTogether(row["key"], members, row["first_at"], row["last_at"])
        frontier = sorted(reached)
    return found


async def write_links(tx: Transaction, uids: Sequence[str], links: Iterable[Link]) -> None:
    """Write the links that differ from the stored ones."""
    stored = {
        (row["a"], row["b"]): (row["status"], row["reason"], row["last_at"], row["count"])
        for row in await tx.run(_GET_LINKS, uids=uids)
    }
    rows = [
        {
            "a": link.a,
            "b": link.b,
            "status": status,
            "reason": link.rejected,
            "blocking": list(link.blocking) if link.blocking else None,
            "first_at": link.first_at,
            "last_at": link.last_at,
            "count": link.count,
            "evidence": list(link.evidence),
        }
        for link in links
        for status in ("accepted" if link.rejected is None else "rejected",)
        if stored.get((link.a, link.b)) != (status, link.rejected, link.last_at, link.count)
    ]
    if rows:
        await tx.run(_WRITE_LINKS, rows=sorted(rows, key=lambda row: str(row["a"])), rule_version=POLICY_VERSION)


async def move_identifiers(tx: Transaction, rows: Sequence[MoveRow]) -> None:
    """Close the open intervals of identifiers and open new ones."""
    if rows:
        await tx.run(_MOVE, rows=sorted(rows, key=lambda row: row["uid"]))


async def retire_customers(tx: Transaction, merged: dict[str, str], at: int) -> None:
    """Make retired ids answer with their survivors."""
    if merged:
        rows = [{"retired": retired, "survivor": survivor} for retired, survivor in sorted(merged.items())]
        await tx.run(_RETIRE, rows=rows, at=at)


async def set_shared(tx: Transaction, uids: Iterable[str]) -> None:
    """Mark identifiers as shared."""
    ordered = sorted(uids)
    if ordered:
        await tx.run(_SET_SHARED, uids=ordered)


async def create_decisions(tx: Transaction, rows: Sequence[DecisionRow]) -> None:
    """Append to the decision log."""
    if rows:
        await tx.run(_CREATE_DECISIONS, rows=rows, policy_version=POLICY_VERSION)
