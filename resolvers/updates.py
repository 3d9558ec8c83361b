"""Updates of segments and customers, from the change log."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

import msgspec

from base.errors import BadInput
from delivery.change import PublishedChange
from delivery.customers import CustomerUpdate
from graph.repositories.customer import CustomerKey, ProfileNeed
from graph.repositories.segment import SegmentRecord
from resolvers.context import RequestContext
from resolvers.customers import customers, scope
from resolvers.customers.profiles import Profile, Rendered

MAX_SEGMENTS = 1_000


@dataclass(frozen=True, slots=True)
class Cause:
    """What made the rule's answer change."""

    kind: str
    event_id: str | None


@dataclass(frozen=True, slots=True)
class Update:
    """One published change; `segment_key` and `customer_id` name what is read when it is asked for."""

    cursor: str
    id: str
    kind: str
    segment_key: str
    segment_version: int
    customer_id: str
    sequence: int
    occurred_at_ms: int
    published_at_ms: int
    cause: Cause


async def subscribe(
    context: RequestContext, segments: Sequence[str] | None, after: str | None
) -> AsyncGenerator[Update, None]:
    """Changes of these segments (None: all that the asker may see) in order, each once.

    Args:
        after: a cursor behind which they begin; "0" for all kept, None for those from now on.

    Raises:
        BadInput: too many or unknown segments, or a cursor that is none.
        KithError: CURSOR_EXPIRED, or RATE_LIMITED for a reader that is too slow.
    """
    keys = None if segments is None else frozenset(segments)
    ids: tuple[str, ...] = ()
    if keys is not None:
        if len(keys) > MAX_SEGMENTS:
            raise BadInput(f"At most {MAX_SEGMENTS} segments; leave them out to hear of all.", field="segments")
        found = await context.services.segments.get_many(sorted(keys))
        unknown = keys - {key for key, one in found.items() if context.viewer.sees(one.sharing)}
        # With a cursor, what is named may have been deleted since, and its last changes are still to be read.
        if unknown and after is None:
            raise BadInput(f"There is no segment {sorted(unknown)[0]!r}.", field="segments")
        ids = tuple(one.id for key, one in found.items() if key not in unknown)
    return _updates(context, keys, after, ids)


async def _updates(
    context: RequestContext, keys: frozenset[str] | None, after: str | None, ids: Sequence[str]
) -> AsyncGenerator[Update, None]:
    """Args:
    ids: of the segments that were named, which are in use for as long as somebody listens.
    """
    services = context.services
    async with aclosing(services.updates.subscribe(keys, after)) as changes:
        with services.usage.held(ids):
            async for published in changes:
                change = published.change
                # Looked at each time: what is shared, and with whom, changes under a stream.
                if await services.closed.sees(context.viewer, change.segment) and await scope.keep(
                    context, [change.customer], gone=True
                ):
                    yield _update(published)


async def segment(context: RequestContext, update: Update) -> SegmentRecord:
    """The segment as it is now; one deleted since shows its key only, as OFFLINE."""
    return await context.loaders.segments.load(update.segment_key) or bare_segment(update)


def bare_segment(update: Update) -> SegmentRecord:
    """What the change tells of its segment: id and key."""
    return SegmentRecord(
        id=f"seg_{update.segment_key}",
        key=update.segment_key,
        name=update.segment_key,
        folder="",
        description="",
        rule=msgspec.Raw(b"null"),
        version=update.segment_version,
        status="OFFLINE",
        as_of_ms=None,
        last_error=None,
        progress=0.0,
        created_at_ms=update.occurred_at_ms,
        updated_at_ms=update.occurred_at_ms,
    )


async def subscribe_to_customers(
    context: RequestContext, ids: Sequence[str], after: str | None
) -> AsyncGenerator[CustomerUpdate, None]:
    """What happens to these customers behind a cursor ("0": all kept; None: from now on), in order, each once.

    Raises:
        BadInput, KithError: see `delivery.customers.CustomerUpdates.subscribe`.
        NotFound: somebody outside of the scope.
    """
    await scope.require(context, ids)
    return context.services.customer_updates.subscribe(ids, after)


async def customer(context: RequestContext, update: Update | CustomerUpdate, need: ProfileNeed) -> Profile | None:
    """The customer as it is now, under another id if it was merged since; None when erased."""
    found = await customers.find(context, CustomerKey(id=update.customer_id), need, None)
    assert not isinstance(found, Rendered), "only a rendering gives one"
    return found


def _update(published: PublishedChange) -> Update:
    change = published.change
    return Update(
        cursor=published.cursor,
        id=change.id,
        kind=change.kind,
        segment_key=change.segment,
        segment_version=change.segment_version,
        customer_id=change.customer,
        sequence=change.sequence,
        occurred_at_ms=change.occurred_at,
        published_at_ms=published.published_at,
        cause=Cause(change.cause, change.event_id),
    )
