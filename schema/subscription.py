"""The root of all live streams."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import cast

import strawberry

from access.permissions import Permission
from resolvers import updates
from schema import declare
from schema.context import Info
from schema.types.update import CustomerUpdate, SegmentUpdate


@strawberry.type
class Subscription:
    @declare.subscription(
        Permission.UPDATES_SUBSCRIBE,
        "Customers entering and leaving segments, in order, each once. `after`: a cursor; "
        '"0" is the oldest kept; without it, from now on.',
        scoped=True,
    )
    async def segment_updates(
        self, info: Info, segments: list[str] | None = None, after: str | None = None
    ) -> AsyncGenerator[SegmentUpdate, None]:
        stream = await updates.subscribe(info.context, segments, after)
        return cast("AsyncGenerator[SegmentUpdate, None]", stream)

    @declare.subscription(
        Permission.UPDATES_SUBSCRIBE,
        "What happens to these customers, at most 100; a retired id means its successor. `MERGED`, `SPLIT` and "
        '`ERASED` come in order, each once. `after`: a cursor; "0" is the oldest kept; without it, from now on. '
        "`UPDATED` says within a second that something moved since the subscription began; several moves may be one.",
        scoped=True,
    )
    async def customer_updates(
        self, info: Info, ids: list[strawberry.ID], after: str | None = None
    ) -> AsyncGenerator[CustomerUpdate, None]:
        stream = await updates.subscribe_to_customers(info.context, ids, after)
        return cast("AsyncGenerator[CustomerUpdate, None]", stream)
