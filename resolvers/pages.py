"""Pages of lists in Relay's shape, read by keyset: no page costs more for lying far behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from base.errors import BadInput
from resolvers.cursors import Cursors, Place

T = TypeVar("T")

DEFAULT_PAGE_ITEMS = 20
MAX_PAGE_ITEMS = 100


def check_first(first: int | None) -> int:
    """The number of items of a page; without one, the default.

    Raises:
        BadInput: fewer than 1 or more than `MAX_PAGE_ITEMS`.
    """
    if first is None:
        return DEFAULT_PAGE_ITEMS
    if not 1 <= first <= MAX_PAGE_ITEMS:
        raise BadInput(
            f"A page has 1 to {MAX_PAGE_ITEMS} items.", hint="Read on with `after: endCursor`.", field="first"
        )
    return first


class Edge(Generic[T]):
    """An item in its list; the cursor is made when somebody asks for it."""

    __slots__ = ("_cursor_of", "node")

    def __init__(self, node: T, cursor_of: Callable[[T], str]):
        self.node = node
        self._cursor_of = cursor_of

    @property
    def cursor(self) -> str:
        """The place behind this item."""
        return self._cursor_of(self.node)


class Page(Generic[T]):
    """One page: `edges`, and itself as `page_info`.

    Args:
        items: in list order.
        place_of: an item's place in the list.
        has_next_page: whether more items follow.
        resumed: whether the page began after a cursor.
        end_place: where to read on, when that is not behind the last item.
        sealed: whether places hold values of people.
        as_of_ms: the state of the columnar store that the page is from; None for the graph, which is never behind.
        withheld: finds out how many the whole list leaves out for want of consent; None where nobody asked for any.
    """

    __slots__ = (
        "_end_place",
        "_make_cursor",
        "_place_of",
        "_scope",
        "as_of_ms",
        "edges",
        "has_next_page",
        "has_previous_page",
        "withheld",
    )

    def __init__(
        self,
        items: Sequence[T],
        *,
        cursors: Cursors,
        scope: str,
        place_of: Callable[[T], Place],
        has_next_page: bool,
        resumed: bool,
        end_place: Place | None = None,
        sealed: bool = False,
        as_of_ms: int | None = None,
        withheld: Callable[[], Awaitable[int | None]] | None = None,
    ):
        self._make_cursor = cursors.seal if sealed else cursors.encode
        self._scope = scope
        self._place_of = place_of
        self._end_place = end_place
        self.edges = [Edge(item, self._cursor_of) for item in items]
        self.has_next_page = has_next_page
        self.has_previous_page = resumed
        self.as_of_ms = as_of_ms
        self.withheld = withheld

    @property
    def page_info(self) -> Page[T]:
        """Where the page lies."""
        return self

    @property
    def start_cursor(self) -> str | None:
        """The cursor of the first item."""
        return self.edges[0].cursor if self.edges else None

    @property
    def end_cursor(self) -> str | None:
        """Where to read on."""
        if self._end_place is not None:
            return self._make_cursor(self._scope, self._end_place)
        return self.edges[-1].cursor if self.edges else None

    def _cursor_of(self, item: T) -> str:
        return self._make_cursor(self._scope, self._place_of(item))
