"""Decisions of people about identity: what they name, and whether they stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

from graph.client import GraphClient, Row, Transaction
from graph.queries import load

_CREATE = load("decision/create")
_LOCK = load("decision/lock")
_LIST_BLOCKS = load("decision/list_blocks")
_SET_ACTIVE = load("decision/set_active")
_LOCK_SOURCE = load("decision/lock_source")
_BEGIN_WORK = load("decision/begin_work")
_SET_WORK = load("decision/set_work")
_NOTE_CUSTOMERS = load("decision/note_customers")
_LIST_RUNNING = load("decision/list_running")
GET = load("decision/get")
LIST_OF_CUSTOMER = load("decision/list_of_customer")

RUNNING = "RUNNING"
DONE = "DONE"


class MemberRow(TypedDict):
    """An identifier that a decision names, and on which side."""

    uid: str
    side: bool


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision to write.

    Args:
        kind: MUST_LINK, CANNOT_LINK, BLOCK, UNBLOCK, REVOKE_CALL, REVOKE_IMPORT or UNDO.
        subject: the call or source that is taken back, or the decision that is undone.
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


class Work(NamedTuple):
    """How far a decision is that takes effect, or is taken back, in the background: in passes over all identifiers.

    Args:
        state: RUNNING or DONE.
        after: the last identifier that this pass is done with, "" at its beginning; None between passes.
        looked_at_count: identifiers of this pass.
        pass_count: complete passes.
        found_count: calls that this pass found.
        closing: whether all that was received in time had been applied when this pass began.
        call_count: calls that the decision has taken back.
    """

    state: str
    after: str | None
    looked_at_count: int
    pass_count: int
    found_count: int
    closing: bool
    call_count: int


@dataclass(frozen=True, slots=True)
class LockedDecision:
    """A stored decision; `active` is None for what the resolver did, `work` for what takes effect at once."""

    kind: str
    at_ms: int
    active: bool | None
    subject: str | None
    uids: tuple[str, ...]
    work: Work | None


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One line of the log; identifiers are (uid, namespace, ciphertext).

    `state`, `progress` (0 to 1) and `call_count` are those of a decision that takes effect in the background.
    """

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
    state: str | None
    progress: float | None
    call_count: int | None


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
    work = Work(*row["work"]) if row["work"] else None
    return LockedDecision(row["kind"], row["at"], row["active"], row["subject"], tuple(row["uids"]), work)


async def set_active(tx: Transaction, decision_id: str, active: bool) -> None:
    """Let a decision stand, or stand no more."""
    await tx.run(_SET_ACTIVE, id=decision_id, active=active)


async def lock_source(tx: Transaction, key: str, now_ms: int) -> bool:
    """Lock a source; False when no call of it took effect."""
    return bool(await tx.run(_LOCK_SOURCE, key=key, now=now_ms))


async def begin_work(tx: Transaction, decision_id: str) -> None:
    """Let a decision about a source take effect, or be taken back, from the beginning."""
    await tx.run(_BEGIN_WORK, id=decision_id)


async def set_work(tx: Transaction, decision_id: str, work: Work) -> None:
    """Note how far a decision is."""
    await tx.run(
        _SET_WORK,
        id=decision_id,
        state=work.state,
        after=work.after,
        looked_at=work.looked_at_count,
        passes=work.pass_count,
        found=work.found_count,
        closing=work.closing,
        calls=work.call_count,
    )


async def note_customers(tx: Transaction, decision_id: str, customers: Iterable[str]) -> None:
    """Let the log of customers, who are locked, show a decision."""
    await tx.run(_NOTE_CUSTOMERS, id=decision_id, customers=sorted(customers))


async def list_blocks(tx: Transaction, uids: Iterable[str]) -> dict[str, bool]:
    """Identifiers about which a decision to block or unblock stands → whether the newest of them blocks."""
    return {row["uid"]: row["blocked"] for row in await tx.run(_LIST_BLOCKS, uids=sorted(uids))}


class DecisionRepository:
    """Reads of the decision log; every method is one statement."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def list_of_customer(self, customer: str, before_ms: int, before_id: str, count: int) -> list[DecisionRecord]:
        """What was decided and done about a customer, newest first, ties by id descending."""
        rows = await self._graph.read(LIST_OF_CUSTOMER, id=customer, before=before_ms, before_id=before_id, count=count)
        return [_record(row) for row in rows]

    async def find(self, decision_id: str) -> DecisionRecord | None:
        """One line of the log; None when there is none of that id."""
        rows = await self._graph.read(GET, id=decision_id)
        return _record(rows[0]) if rows else None

    async def list_running(self) -> list[str]:
        """Ids of decisions that a job has to carry out, in no order."""
        return [row["id"] for row in await self._graph.read(_LIST_RUNNING)]


def _record(row: Row) -> DecisionRecord:
    return DecisionRecord(
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
        state=row["state"],
        progress=row["progress"],
        call_count=row["calls"],
    )
