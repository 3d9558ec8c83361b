"""What every connection shares."""

from __future__ import annotations

import strawberry

from schema import declare


@strawberry.type(description="Where a page lies in its list.")
@declare.needs(declare.ANYONE)
class PageInfo:
    has_next_page: bool = strawberry.field(description="More items follow `endCursor`.")
    has_previous_page: bool = strawberry.field(description="True when the page began after a cursor.")
    start_cursor: str | None
    end_cursor: str | None = strawberry.field(description="Pass it as `after` to read on.")
