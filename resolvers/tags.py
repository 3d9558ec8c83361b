"""Tags: part of the contract, none can be made yet."""

from __future__ import annotations

from resolvers.context import RequestContext
from resolvers.pages import Page, check_first


class NoTag:
    """Stands where a tag's record will; has no instances."""

    key: str
    name: str


def list_page(context: RequestContext, first: int | None, after: str | None) -> Page[NoTag]:
    """An empty page."""
    check_first(first)
    if after is not None:
        context.services.cursors.decode("tags", after, (str,))
    return Page(
        [],
        cursors=context.services.cursors,
        scope="tags",
        place_of=lambda tag: (tag.key,),
        has_next_page=False,
        resumed=False,
    )
