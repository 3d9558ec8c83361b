"""Writes changed memberships and their outbox entries as the last statements of a transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from base.ids import change_id
from delivery.change import Change, encode
from graph.client import Transaction
from graph.repositories import live as repository
from graph.repositories.live import ChangeRow, EnterRow, LeaveRow
from workers.live.evaluation import Flip


@dataclass(slots=True)
class Memberships:
    """Rows that bring the stored memberships of many customers up to date."""

    enter: list[EnterRow] = field(default_factory=list)
    leave: list[LeaveRow] = field(default_factory=list)


def membership_rows(flips: Sequence[Flip]) -> Memberships:
    """One row for each interval that ended and one for each that is open at the end.

    Returns:
        Rows sorted by customer and segment. A stay that began and ended within the flips gives a closed interval.
    """
    rows = Memberships()
    newest: dict[tuple[str, str], Flip] = {}
    for flip in flips:
        newest[flip.customer, flip.segment] = flip
        if not flip.inside:
            rows.leave.append(
                LeaveRow(
                    customer=flip.customer,
                    segment=flip.segment,
                    since=flip.since if flip.since is not None else flip.at,
                    until=flip.at,
                    version=flip.segment_version,
                    sequence=flip.sequence,
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
    return rows


def changes_from(flips: Sequence[Flip], first_position: int) -> list[Change]:
    """The published form of flips, positions counting on from `first_position`."""
    return [
        Change(
            position=position,
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
        for position, flip in enumerate(flips, first_position)
    ]


async def close(
    tx: Transaction,
    flips: list[Flip],
    now_ms: int,
    evaluate_on: Callable[[int, int], list[Flip]],
) -> list[Change]:
    """End a transaction that evaluated customers: take the commit order, catch up with the sweep, write the outbox.

    TRICKY: together with `workers/live/sweep.py`. A sweep that was announced while this transaction ran looks only
    at committed facts, so instants between `now_ms` and the announcement are evaluated here, under the lock that
    announcements take too. Nothing may be written before this that a later flip would have to change.

    Args:
        flips: what the evaluation at `now_ms` found.
        evaluate_on: evaluates the same customers over (from, until] with the facts of this transaction.

    Returns:
        The changes, to be published after the commit.
    """
    last, swept_ms = await repository.take_positions(tx, len(flips))
    if swept_ms > now_ms:
        more = evaluate_on(now_ms, swept_ms)
        if more:
            last, _ = await repository.take_positions(tx, len(more))
            flips = flips + more
    if not flips:
        return []
    rows = membership_rows(flips)
    await repository.leave_segments(tx, rows.leave)
    await repository.enter_segments(tx, rows.enter)
    changes = changes_from(flips, last - len(flips) + 1)
    await repository.create_changes(
        tx, [ChangeRow(position=change.position, body=encode(change).decode()) for change in changes], now_ms
    )
    return changes
