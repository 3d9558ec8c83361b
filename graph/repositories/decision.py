"""Decisions of people about identity: what they name, and whether they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from graph.client import GraphClient, Transaction
from graph.queries import load

_CREATE = load("decision/create")
_LOCK = load("decision/lock")
_SET_ACTIVE = load("decision/set_active")
LIST_OF_CUSTOMER = load("decision/list_of_customer")


class MemberRow(TypedDict):
    """An identifier that a decision names, and on which side."""

    uid: str
    side: bool


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision to write.

    Args:
        kind: MUST_LINK, CANNOT_LINK, BLOCK, UNBLOCK, REVOKE_CALL or UNDO.
        subject: id of the call that is taken back, or of the decision that is undone.
        members: sorted by uid.
        customers: whom it is about, as far as they live.
    """

    id: str
    kind: str
    at_ms: int
    author: str
    reason: str
    policy_version: int
    subject: str | None
    members: Sequence[MemberRow]
    customers: Sequence[str]


@dataclass(frozen=True, slots=True)
class LockedDecision:
    """A stored decision; `active` is None for what the resolver did."""

    kind: str
    active: bool | None
    subject: str | None
    uids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One line of the log; identifiers are (uid, namespace, ciphertext)."""

    id: str
    kind: str
    at_ms: int
    author: str
    reason: str | None
    policy_version: int
    active: bool | None
    subject: str | None
    customer: str | None
    other: str | None
    evidence: str | None
    identifiers: tuple[tuple[str, str, bytes | None], ...]


async def create(tx: Transaction, decision: NewDecision) -> None:
    """Write a decision that stands."""
    await tx.run(
        _CREATE,
        id=decision.id,
        kind=decision.kind,
        at=decision.at_ms,
        author=decision.author,
        reason=decision.reason,
        policy_version=decision.policy_version,
        subject=decision.subject,
        members=decision.members,
        customers=decision.customers,
    )


async def find_locked(tx: Transaction, decision_id: str, now_ms: int) -> LockedDecision | None:
    """A decision under its write lock; None when there is none of that id."""
    rows = await tx.run(_LOCK, id=decision_id, now=now_ms)
    if not rows:
        return None
    row = rows[0]
    return LockedDecision(row["kind"], row["active"], row["subject"], tuple(row["uids"]))


async def set_active(tx: Transaction, decision_id: str, active: bool) -> None:
    """Let a decision stand, or stand no more."""
    await tx.run(_SET_ACTIVE, id=decision_id, active=active)


class DecisionRepository:
    """Reads of the decision log; every method is one statement."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def list_of_customer(self, customer: str, before_ms: int, before_id: str, count: int) -> list[DecisionRecord]:
        """What was decided and done about a customer, newest first, ties by id descending."""
        rows = await self._graph.read(LIST_OF_CUSTOMER, id=customer, before=before_ms, before_id=before_id, count=count)
        return [
            DecisionRecord(
                id=row["id"],
                kind=row["kind"],
                at_ms=row["at"],
                author=row["author"],
                reason=row["reason"],
                policy_version=row["policy_version"],
                active=row["active"],
                subject=row["subject"],
                customer=row["customer"],
                other=row["other"],
                evidence=row["evidence"],
                identifiers=tuple((uid, namespace, cipher) for uid, namespace, cipher in row["identifiers"]),
            )
            for row in rows
        ]
