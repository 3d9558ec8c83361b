"""Writes changed memberships, tags and the outbox as the last statements of a transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from base.ids import change_id, customer_change_id
from delivery.change import AnyChange, Change, CustomerChange, CustomerChangeKind, encode_without_position
from graph.client import Transaction
from graph.identity.policy import IdentityPolicy
from graph.repositories import live as repository
from graph.repositories.apply import EventRow
from graph.repositories.live import CommitOrder, EnterRow, LeaveRow, MoveRow, RetagRow
from rules.tags.compiled import TagValue
from rules.values import as_time_ms
from workers.identity.outcome import Turn
from workers.live.catalogue import Catalogue
from workers.live.context import LiveContext
from workers.live.evaluation import AnyFlip, Flip, Move, TagFlip


@dataclass(slots=True)
class Memberships:
    """Rows that bring the stored memberships and tags of many customers up to date."""

    enter: list[EnterRow] = field(default_factory=list)
    leave: list[LeaveRow] = field(default_factory=list)
    retag: list[RetagRow] = field(default_factory=list)
    moves: list[MoveRow] = field(default_factory=list)


def membership_rows(flips: Sequence[AnyFlip]) -> Memberships:
    """One row for each interval that ended and one for each that is open at the end, and one for each tag.

    Returns:
        Rows sorted by customer and segment or tag. A stay that began and ended within the flips gives a closed
        interval; of the values of a tag only the last is written, of a life cycle every move.
    """
    rows = Memberships()
    newest: dict[tuple[str, str], Flip] = {}
    retagged: dict[tuple[str, str], TagFlip] = {}
    for flip in flips:
        if isinstance(flip, TagFlip):
            retagged[flip.customer, flip.tag] = flip
            if flip.move is not None:
                rows.moves.append(_move_row(flip, flip.move, len(rows.moves)))
            continue
        newest[flip.customer, flip.segment] = flip
        if flip.ended is not None:
            rows.leave.append(
                LeaveRow(
                    customer=flip.customer,
                    segment=flip.segment,
                    since=flip.ended.at,
                    until=flip.at,
                    entered_version=flip.ended.version,
                    version=flip.segment_version,
                    sequence=flip.sequence,
                    cause=flip.cause,
                )
            )
    rows.enter = [
        EnterRow(
            customer=flip.customer,
            segment=flip.segment,
            since=flip.at,
            version=flip.segment_version,
            sequence=flip.sequence,
        )
        for flip in newest.values()
        if flip.inside
    ]
    rows.leave.sort(key=lambda row: (row["customer"], row["segment"], row["sequence"]))
    rows.enter.sort(key=lambda row: (row["customer"], row["segment"]))
    rows.retag = [_retag_row(retagged[pair]) for pair in sorted(retagged)]
    return rows


def _retag_row(flip: TagFlip) -> RetagRow:
    tagged = flip.tagged
    value = tagged.value
    return RetagRow(
        customer=flip.customer,
        tag=flip.tag,
        value=None if value is None else _text(value),
        items=[_text(item) for item in value] if isinstance(value, list) else None,
        instant=as_time_ms(value),
        marks=_text(tagged.marks) if tagged.marks else None,
        since=tagged.at,
        version=tagged.version,
    )


def _move_row(flip: TagFlip, move: Move, number: int) -> MoveRow:
    return MoveRow(
        customer=flip.customer,
        tag=flip.tag,
        before=_stage(move.before),
        stage=_stage(flip.tagged.value),
        at=flip.tagged.at,
        reason=move.reason.value,
        version=flip.tagged.version,
        number=number,
    )


def _stage(value: TagValue | None) -> str | None:
    return value if isinstance(value, str) else None


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def changes_from(flips: Sequence[AnyFlip]) -> list[Change]:
    """The published form of changed memberships; their positions are not known yet."""
    return [
        Change(
            position=0,
            id=change_id(flip.customer, flip.segment, flip.sequence, flip.at),
            kind="ENTERED" if flip.inside else "EXITED",
            segment=flip.segment,
            segment_version=flip.segment_version,
            customer=flip.customer,
            sequence=flip.sequence,
            occurred_at=flip.at,
            cause=flip.cause,
            event_id=flip.event_id,
        )
        for flip in flips
        if isinstance(flip, Flip)
    ]


def customer_change(
    kind: CustomerChangeKind, customer: str, other: str | None, at_ms: int, decision: str | None = None
) -> CustomerChange:
    """A change of a customer whose position is not known yet."""
    return CustomerChange(
        position=0,
        id=customer_change_id(kind, customer, other, at_ms),
        kind=kind,
        customer=customer,
        other=other,
        occurred_at=at_ms,
        decision=decision,
    )


async def close(
    tx: Transaction,
    live: LiveContext,
    catalogue: Catalogue,
    flips: Sequence[AnyFlip],
    now_ms: int,
    evaluate_on: Callable[[int, int], list[AnyFlip]],
    events: Sequence[EventRow] = (),
    policy: IdentityPolicy | None = None,
    turns: Sequence[Turn] = (),
) -> list[AnyChange]:
    """End a transaction that evaluated customers: take the commit order, write the outbox, catch up with the sweep.

    TRICKY: together with `workers/live/sweep.py`. A sweep that was announced while this transaction ran looks only
    at committed facts, so instants between `now_ms` and the announcement are evaluated here, under the lock that
    announcements take too.

    Args:
        catalogue: the rules that were evaluated.
        flips: what the evaluation at `now_ms` found.
        evaluate_on: evaluates the same customers over (from, until] with the facts of this transaction.
        events: to create, in the same statement.
        policy: under which customers were identified, if any were.
        turns: of identity; they come before the flips, which follow from them.

    Returns:
        The changes, to be published after the commit.

    Raises:
        TryAgain: the rules or the policy are others by now.
    """
    turned = [customer_change(one.kind, one.customer, one.other, now_ms, one.decision) for one in turns]
    order, changes = await _write(tx, flips, now_ms, events, turned)
    live.confirm(catalogue, order, policy)
    if order.announced > now_ms and (more := evaluate_on(now_ms, order.announced)):
        changes += (await _write(tx, more, now_ms))[1]
    return changes


async def _write(
    tx: Transaction,
    flips: Sequence[AnyFlip],
    now_ms: int,
    events: Sequence[EventRow] = (),
    turned: Sequence[CustomerChange] = (),
) -> tuple[CommitOrder, list[AnyChange]]:
    rows = membership_rows(flips)
    changes: list[AnyChange] = [*turned, *changes_from(flips)]
    order = await commit(tx, rows, changes, now_ms, events)
    return order, positioned(changes, order)


async def commit(
    tx: Transaction, rows: Memberships, changes: Sequence[AnyChange], now_ms: int, events: Sequence[EventRow] = ()
) -> CommitOrder:
    """Write events, memberships, tags and the outbox in one statement."""
    bodies = [encode_without_position(change) for change in changes]
    return await repository.commit_changes(tx, rows.leave, rows.enter, bodies, now_ms, events, rows.retag, rows.moves)


def positioned(changes: Sequence[AnyChange], order: CommitOrder) -> list[AnyChange]:
    """The changes as they were written, with their positions."""
    first = order.last - len(changes) + 1
    return [msgspec.structs.replace(change, position=first + number) for number, change in enumerate(changes)]
