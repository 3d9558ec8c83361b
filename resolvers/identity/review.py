"""The review list: what somebody should look at, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graph.repositories.review import (
    LAST_PLACE,
    OPEN,
    ReviewItem,
    ReviewKind,
)
from resolvers.context import RequestContext
from resolvers.identity.identity import NamedValue, Names, readable
from resolvers.pages import Page, check_first

REVIEW = "review"
# Items whose cause is gone are passed over until the next night; a page looks so often for others.
MAX_LOOKS = 10
_TEXTS = {
    ReviewKind.REJECTED_LINK: (
        "Calls say that two customers are one, and together they would have more of a kind than one customer may.",
        "Accept: they are one person, and are joined. Dismiss: they are two.",
    ),
    ReviewKind.SHARED_IDENTIFIER: (
        "It was seen with so many people that it joins nobody any more.",
        "Accept: it is nobody's, and is blocked. Dismiss: it is somebody's, and stays shared.",
    ),
    ReviewKind.NEAR_LIMIT: (
        "The customer has nearly as many identifiers of a kind as one may have.",
        "Look whether it is one person, and split it if not; else dismiss.",
    ),
    ReviewKind.LARGE_CUSTOMER: (
        "The customer has more identifiers than a person.",
        "Look for what joins them with `explainIdentity`, split, block or take back; else dismiss.",
    ),
}


@dataclass(frozen=True, slots=True)
class ShownReview:
    """An item, its identifiers readable."""

    id: str
    kind: str
    customer_ids: Sequence[str]
    identifiers: Sequence[NamedValue]
    blocking: Sequence[NamedValue]
    namespace: str | None
    identifier_count: int | None
    since_ms: int
    reason: str
    suggestion: str
    place: str


async def review_page(
    context: RequestContext, kinds: Sequence[str] | None, first: int | None, after: str | None
) -> Page[ShownReview]:
    """Open items whose cause is there, newest first. A page may be short and still have a next one."""
    first = check_first(first)
    cursors, reviews = context.services.cursors, context.services.reviews
    place = LAST_PLACE if after is None else str(cursors.decode(REVIEW, after, (str,))[0])
    asked = sorted(set(ReviewKind if kinds is None else kinds))
    found: list[ReviewItem] = []
    more = True
    for _ in range(MAX_LOOKS):
        room = first - len(found)
        rows = await reviews.page_open(asked, place, room + 1)
        items = await reviews.get_many([item_id for item_id, _ in rows[:room]])
        for item_id, its_place in rows[:room]:
            place = its_place
            if (item := items.get(item_id)) is not None and item.state == OPEN:
                found.append(item)
        more = len(rows) > room
        if not more or len(found) == first:
            break
    names = await readable(
        context, (uid for item in found for uid in (*(one[0] for one in item.identifiers), *item.blocking))
    )
    return Page(
        [_shown(item, names) for item in found],
        cursors=cursors,
        scope=REVIEW,
        place_of=lambda one: (one.place,),
        has_next_page=more,
        resumed=after is not None,
        end_place=(place,) if more else None,
    )


def _shown(item: ReviewItem, names: Names) -> ShownReview:
    reason, suggestion = _TEXTS[item.kind]
    return ShownReview(
        id=item.id,
        kind=item.kind,
        customer_ids=item.customers,
        identifiers=names.many(uid for uid, *_ in item.identifiers),
        blocking=names.many(item.blocking),
        namespace=item.namespace,
        identifier_count=item.size if item.least is not None else None,
        since_ms=item.since_ms,
        reason=reason,
        suggestion=suggestion,
        place=str(item.place),
    )
