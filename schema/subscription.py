"""The root of all live streams."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import cast

import strawberry

from resolvers import updates
from schema import declare
from schema.context import Info
from schema.types.update import SegmentUpdate


@strawberry.type
class Subscription:
    @declare.subscription(
        "Customers entering and leaving segments, in order, each once. `after`: a cursor; "
        '"0" is the oldest kept; without it, from now on.'
    )
    async def segment_updates(
        self, info: Info, segments: list[str] | None = None, after: str | None = None
    ) -> AsyncGenerator[SegmentUpdate, None]:
        stream = await updates.subscribe(info.context, segments, after)
        return cast("AsyncGenerator[SegmentUpdate, None]", stream)
