"""What of a resolved component somebody should look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from math import ceil
from typing import assert_never

from base import clock
from base.ids import review_id
from graph.client import GraphClient, Transaction
from graph.identity.policy import IdentifierClass, IdentityPolicy
from graph.identity.resolve import Link, Resolution
from graph.repositories import apply as apply_repository
from graph.repositories import review as repository
from graph.repositories.identity import SHARED, Component
from graph.repositories.review import (
    ReviewItem,
    ReviewKind,
    ReviewRepository,
    ReviewRow,
)

# Of a limit: of five e-mails the fourth, of two phones the second.
NEAR_SHARE = 0.8
# People have a handful of identifiers and some dozen cookies; more is a machine, or several people.
LARGE_IDENTIFIERS = 51
# A large customer that was dismissed is looked at again when it has grown by half.
GROWTH = 1.5
PAGE_ITEMS = 500


def find_items(
    component: Component,
    resolution: Resolution,
    owners: Mapping[str, str],
    rejected: Iterable[Link],
    policy: IdentityPolicy,
    all_customers: bool,
) -> list[ReviewRow]:
    """Items that arise from a resolution.

    Args:
        owners: uid → customer, from now on.
        rejected: links that were cut now and not before.
        all_customers: look at customers who got nothing, too.
    """
    known = component.identifiers
    rows = [
        _row(ReviewKind.REJECTED_LINK, (link.a, link.b))
        for link in rejected
        if _joins_people(link, component, owners, policy)
    ]
    rows += [_row(ReviewKind.SHARED_IDENTIFIER, (uid,)) for uid in resolution.shared if known[uid].status != SHARED]
    for group in resolution.groups:
        if all_customers or any(known[uid].customer != owners[uid] for uid in group):
            customer = owners[next(iter(group))]
            rows += _of_customer(customer, Counter(known[uid].namespace for uid in group), policy)
    return rows


def _joins_people(link: Link, component: Component, owners: Mapping[str, str], policy: IdentityPolicy) -> bool:
    """Whether a cut link says of two persons that they may be one; not of a device or an app that changed hands."""
    return (
        link.rejected == "LIMIT"
        and not link.weak
        and owners.get(link.a) != owners.get(link.b)
        and all(
            policy.of(component.identifiers[uid].namespace).identifier_class is IdentifierClass.PERSON
            for uid in (link.a, link.b)
        )
    )


def _of_customer(customer: str, counts: Counter[str], policy: IdentityPolicy) -> list[ReviewRow]:
    rows: list[ReviewRow] = []
    for namespace, size in counts.items():
        limit = policy.of(namespace).limit
        if limit is not None and limit > 1 and size >= (least := ceil(NEAR_SHARE * limit)):
            rows.append(_row(ReviewKind.NEAR_LIMIT, (), customer, namespace, least, size))
    if (size := counts.total()) >= LARGE_IDENTIFIERS:
        rows.append(_large(customer, size))
    return rows


def _large(customer: str, size: int) -> ReviewRow:
    return _row(ReviewKind.LARGE_CUSTOMER, (), customer, None, LARGE_IDENTIFIERS, size)


def _row(
    kind: ReviewKind,
    uids: Collection[str],
    customer: str | None = None,
    namespace: str | None = None,
    least: int | None = None,
    size: int | None = None,
) -> ReviewRow:
    parts = [*uids, *(part for part in (customer, namespace) if part is not None)]
    return ReviewRow(
        id=review_id(kind, *parts),
        kind=kind,
        uids=list(uids),
        customer=customer,
        namespace=namespace,
        least=least,
        size=size,
    )


def grown(item: ReviewItem) -> int | None:
    """From which size on an item that is dismissed now is open again; None: not by its size."""
    match item.kind:
        case ReviewKind.NEAR_LIMIT:
            return item.size + 1
        case ReviewKind.LARGE_CUSTOMER:
            return ceil(item.size * GROWTH)
        case ReviewKind.REJECTED_LINK | ReviewKind.SHARED_IDENTIFIER:
            return None
        case _:
            assert_never(item.kind)


async def refresh(graph: GraphClient, large: Mapping[str, int]) -> int:
    """Note customers who grew large without being resolved, and forget items whose cause is gone.

    Args:
        large: customer → number of its identifiers.

    Returns:
        How many items were forgotten.

    Raises:
        Unavailable: Neo4j is away.
    """
    ordered = sorted(large)
    for start in range(0, len(ordered), PAGE_ITEMS):
        await _note_large(graph, {customer: large[customer] for customer in ordered[start : start + PAGE_ITEMS]})
    forgotten, after = 0, ""
    while ids := await ReviewRepository(graph).page_all(after, PAGE_ITEMS):
        after = ids[-1]
        forgotten += await _forget_untrue(graph, ids)
    return forgotten


async def _note_large(graph: GraphClient, large: Mapping[str, int]) -> None:
    async def work(tx: Transaction) -> None:
        now_ms = clock.now_ms()
        locked = await apply_repository.lock_customers(tx, sorted(large), now_ms)
        await repository.merge_items(tx, [_large(customer, large[customer]) for customer in locked], now_ms)

    await graph.write("note_large_customers", work)


async def _forget_untrue(graph: GraphClient, ids: list[str]) -> int:
    async def work(tx: Transaction) -> int:
        # Under their locks, so that an item that arises again is not forgotten with its earlier cause.
        await repository.lock(tx, ids)
        gone = set(ids) - (await repository.list_true(tx, ids)).keys()
        await repository.delete(tx, gone)
        return len(gone)

    return await graph.write("forget_review_items", work)
