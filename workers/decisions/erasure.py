"""Erases a person: at once for every reader, then call by call, until nothing is left but keyed hashes.

One transaction takes everything that is a person's alone out of the graph's sight: identifiers, evidence, stretches,
links, attributes, memberships. Others who met them are resolved anew as if the person had never been. Calls may be
many; they hang on nodes that nobody finds any more, and are deleted in pages.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from base.errors import BadInput
from base.ids import review_id
from base.keys import Keyring
from graph.client import Transaction, TryAgain
from graph.identity.evidence import evidence_key
from graph.repositories import apply as apply_repository
from graph.repositories import call as call_repository
from graph.repositories import decision as decision_repository
from graph.repositories import erasure as repository
from graph.repositories import group as group_repository
from graph.repositories import review as review_repository
from graph.repositories.apply import EvidenceRow
from graph.repositories.decision import RUNNING
from graph.repositories.erasure import Held, NamingSet, Place, RenameRow, StretchRow
from graph.repositories.review import ReviewKind
from workers.decisions.given import Given, as_of_now, lock
from workers.identity.observations import rebuild

# One transaction: a person has some dozen identifiers, a hundred with all cookies.
MAX_IDENTIFIERS = 5_000
# Calls that are deleted in one transaction: a tenth of a second.
PAGE_CALLS = 1_000


@dataclass(frozen=True, slots=True)
class Erased:
    """A person who is being erased, inside the transaction.

    Args:
        customer: its id.
        merged: ids that had been merged into it.
        lost: uids that it had, those of others among them, sorted.
        groups: keys of groups that it was in.
        bare: identifiers that nothing shows any more once the others are resolved without the person.
        alone_count: identifiers that were the person's alone.
    """

    customer: str
    merged: Sequence[str]
    lost: tuple[str, ...]
    groups: frozenset[str]
    bare: frozenset[str]
    alone_count: int


@dataclass(frozen=True, slots=True)
class _Touched:
    """Identifiers of others that lost calls, and those of the person's that are the person's alone."""

    alone: set[str]
    others: set[str]
    held: dict[str, Held]


async def begin(tx: Transaction, customer: str, decision: str, keyring: Keyring, now_ms: int) -> tuple[Given, Erased]:
    """Take a living customer out of the graph; what others have left is to be resolved anew.

    Raises:
        BadInput: too many identifiers for one person.
        TryAgain: something changed meanwhile.
    """
    touched = await _locked(tx, customer, now_ms)
    alone = touched.alone
    await _forget_reviews(tx, customer, alone)
    stretches = [
        StretchRow(uid=one.uid, start=start, end=end)
        for one in touched.held.values()
        if not one.alone
        for start, end in one.stretches
    ]
    taken = await repository.take_calls(tx, stretches, decision)
    renamed = await _rename_sets(tx, alone)
    groups = {one.key for one in await group_repository.list_memberships(tx, sorted(alone))}
    merged = await repository.release_customer(tx, customer)
    await _release(tx, alone, decision, keyring, now_ms)
    bare_sets = await repository.list_bare_sets(tx, taken.evidence)
    await repository.delete_sets(tx, bare_sets)
    await call_repository.recount_evidence(tx, (taken.evidence | renamed) - bare_sets)
    rehung = await rebuild(tx, taken.uids)
    await call_repository.set_seen(tx, touched.others)
    bare = await repository.list_bare_identifiers(tx, touched.others)
    await repository.clear_log(tx, [customer, *merged], alone | bare)
    given = replace(await as_of_now(tx, touched.others), rehung=rehung)
    lost = sorted(uid for uid, one in touched.held.items() if any(end is None for _, end in one.stretches))
    return given, Erased(customer, merged, tuple(lost), frozenset(groups), frozenset(bare), len(alone))


async def finish(tx: Transaction, erased: Erased, decision: str, keyring: Keyring, now_ms: int) -> int:
    """End the transaction that erases somebody, when all that follows is written; how many calls are to be deleted."""
    await _forget_reviews(tx, erased.customer, erased.bare)
    await _release(tx, erased.bare, decision, keyring, now_ms)
    await repository.clear_customers(tx, [erased.customer, *erased.merged], now_ms)
    count = await repository.count_calls(tx, decision)
    left = await _delete_page(tx, decision, keyring, now_ms, count)
    await repository.set_work(tx, decision, count, left)
    await repository.put_place(tx, decision, Place.GRAPH, erased.alone_count + len(erased.bare), now_ms)
    return count


async def carry_on(tx: Transaction, decision: str, keyring: Keyring, now_ms: int) -> bool:
    """Delete the next page of calls; False when none is left."""
    found = await decision_repository.find_locked(tx, decision, now_ms)
    if found is None or found.work is None or found.work.state != RUNNING:
        return False
    left = await repository.count_calls(tx, decision)
    if not left:
        return False
    left = await _delete_page(tx, decision, keyring, now_ms, left)
    await repository.set_work(tx, decision, found.work.call_count, left)
    return True


async def reach(tx: Transaction, decision: str, place: Place, count: int | None, now_ms: int) -> bool:
    """Note that nothing of the person is left in a place; False, and nothing is noted, while calls are."""
    found = await decision_repository.find_locked(tx, decision, now_ms)
    if found is None or found.work is None or await repository.count_calls(tx, decision):
        return False
    await repository.put_place(tx, decision, place, count, now_ms)
    return True


async def end(tx: Transaction, decision: str, now_ms: int) -> None:
    """Everything is done."""
    found = await decision_repository.find_locked(tx, decision, now_ms)
    if found is not None and found.work is not None and not await repository.count_calls(tx, decision):
        await repository.set_work(tx, decision, found.work.call_count, None)


async def _locked(tx: Transaction, customer: str, now_ms: int) -> _Touched:
    """What the erasure changes, under locks: identifiers first, then everybody who has or had one."""
    before = await _look(tx, customer)
    start = await lock(tx, {*before.held, *before.others}, now_ms)
    holders = {hold.customer for one in start.values() for hold in one.holds}
    await apply_repository.lock_customers(tx, sorted(holders | {customer}), now_ms)
    now = await _look(tx, customer)
    if (now.held, now.others) != (before.held, before.others):
        raise TryAgain("a person to erase has changed")
    return now


async def _look(tx: Transaction, customer: str) -> _Touched:
    held = await repository.list_held(tx, customer)
    alone = {uid for uid, one in held.items() if one.alone}
    beside = await repository.list_beside(tx, alone, MAX_IDENTIFIERS + 1)
    if max(len(held), len(beside)) > MAX_IDENTIFIERS:
        raise BadInput(
            f"This customer has, or was seen with, more than {MAX_IDENTIFIERS} identifiers: it is no single person.",
            hint="Split it, or block what joins so many people; identityReview lists such identifiers.",
        )
    return _Touched(alone, (held.keys() | beside) - alone, held)


async def _rename_sets(tx: Transaction, alone: Collection[str]) -> set[str]:
    """Sets that name the person go; what calls of others say without the person stays. Keys of what is left."""
    sets = await repository.get_sets(tx, alone)
    rest = {one.key: _without(one, alone) for one in sets}
    rows = [RenameRow(key=key, evidence=left.key if left else None) for key, left in rest.items()]
    shown = await repository.rename_sets(tx, rows, alone)
    await repository.delete_sets(tx, rest)
    kept = {left.key: left for key in shown if (left := rest[key]) is not None}
    if not kept:
        return set()
    # Their counts come from the calls.
    await apply_repository.merge_evidence(
        tx,
        [
            EvidenceRow(
                key=key,
                source=one.source,
                first_at=one.first_at_ms,
                last_at=one.last_at_ms,
                count=0,
                members=list(one.members.items()),
            )
            for key, one in sorted(kept.items())
        ],
    )
    return set(kept)


def _without(one: NamingSet, uids: Collection[str]) -> NamingSet | None:
    """What is left of a set; None when that is a single identifier, or nothing."""
    members = {uid: verified for uid, verified in one.members.items() if uid not in uids}
    return one._replace(key=evidence_key(one.source, members.items()), members=members) if len(members) > 1 else None


async def _release(tx: Transaction, uids: Collection[str], decision: str, keyring: Keyring, now_ms: int) -> None:
    await repository.put_tombstones(tx, map(keyring.tombstone, uids), now_ms)
    await repository.release_identifiers(tx, uids, decision)


async def _forget_reviews(tx: Transaction, customer: str, uids: Collection[str]) -> None:
    if not uids:
        return
    namespaces = {uid.partition("|")[0] for uid in uids}
    ids = {review_id(ReviewKind.SHARED_IDENTIFIER, uid) for uid in uids}
    ids |= {review_id(ReviewKind.REJECTED_LINK, a, b) for a, b in await repository.list_linked(tx, uids)}
    ids |= {review_id(ReviewKind.NEAR_LIMIT, customer, namespace) for namespace in namespaces}
    ids.add(review_id(ReviewKind.LARGE_CUSTOMER, customer))
    await review_repository.delete(tx, ids)


async def _delete_page(tx: Transaction, decision: str, keyring: Keyring, now_ms: int, count: int) -> int:
    """Delete calls of an erasure, of which `count` are there; how many are left."""
    calls = await repository.list_calls(tx, decision, PAGE_CALLS)
    await repository.delete_calls(tx, {call: keyring.tombstone(call) for call in calls}, now_ms)
    if len(calls) == count:
        await repository.delete_remains(tx, decision)
    return count - len(calls)
