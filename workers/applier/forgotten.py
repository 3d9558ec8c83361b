"""Calls of people who were erased since: input of before does not bring them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graph.client import Transaction
from graph.repositories import identity as repository
from graph.repositories.identity import ACTIVE
from workers.applier.batch import PreparedCall, Preparer, without


async def keep_of_others(
    tx: Transaction, calls: Sequence[PreparedCall], preparer: Preparer, erased: Mapping[str, int]
) -> Sequence[PreparedCall]:
    """What of calls may take effect: those of an erased person are gone, those of others name it no more.

    A call is of whom its strongest identifier that takes part in links is, as where it would hang says.

    Args:
        erased: tombstones of the calls and their identifiers → when (ms).
    """
    if not erased:
        return calls
    kept: list[PreparedCall] = []
    for call in calls:
        if preparer.was_erased(call, erased):
            continue
        gone = preparer.erased_of(call, erased)
        if not gone:
            kept.append(call)
        elif call.seen[0].uid not in gone and not await _hangs_on(tx, call, gone):
            kept.append(without(call, gone))
    return kept


async def _hangs_on(tx: Transaction, call: PreparedCall, gone: set[str]) -> bool:
    """Whether only identifiers that take part in no links are stronger than one that was erased."""
    first = next(place for place, seen in enumerate(call.seen) if seen.uid in gone)
    stronger = [seen.uid for seen in call.seen[:first]]
    known = await repository.get_identifiers(tx, stronger)
    return not any(uid not in known or known[uid].status == ACTIVE for uid in stronger)
