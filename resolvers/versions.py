"""Versions of what is defined, of segments and tags alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from base.errors import BadInput
from resolvers.context import RequestContext
from resolvers.pages import Page, check_first


class Numbered(Protocol):
    """A version."""

    @property
    def version(self) -> int:
        """1, 2, 3 …"""


V = TypeVar("V", bound=Numbered)


async def page_of(
    context: RequestContext,
    scope: str,
    newest: int,
    list_page: Callable[[int, int], Awaitable[Sequence[V]]],
    *,
    first: int | None,
    after: str | None,
) -> Page[V]:
    """Versions, newest first.

    Args:
        scope: of the cursors.
        list_page: (before this one, how many) → versions.
    """
    first = check_first(first)
    cursors = context.services.cursors
    before = newest + 1 if after is None else int(cursors.decode(scope, after, (int,))[0])
    found = await list_page(before, first + 1)
    return Page(
        found[:first],
        cursors=cursors,
        scope=scope,
        place_of=lambda version: (version.version,),
        has_next_page=len(found) > first,
        resumed=after is not None,
    )


def both(found: Mapping[int, V], from_: int, to: int) -> tuple[V, V]:
    """The two that are compared.

    Raises:
        BadInput: no such version.
    """
    for field, version in (("from", from_), ("to", to)):
        if version not in found:
            raise BadInput("There is no such version.", hint="`versions` lists them.", field=field)
    return found[from_], found[to]
