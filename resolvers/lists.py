"""The list of customers, in its three forms."""

from __future__ import annotations

from collections.abc import Mapping

from base.errors import BadInput
from graph.repositories.customer import ProfileNeed
from resolvers import customers, rules, search
from resolvers.context import RequestContext
from resolvers.pages import Page
from resolvers.profiles import Profile


async def customers_page(
    context: RequestContext,
    where: Mapping[str, object] | None,
    text: str | None,
    need: ProfileNeed,
    *,
    first: int | None,
    after: str | None,
) -> Page[Profile]:
    """Customers by id: all, those a rule holds for, or those a search finds.

    Raises:
        BadInput: both a rule and a search, or what the form at hand refuses.
    """
    if where is not None and text is not None:
        raise BadInput("Give either where or search.", hint="Search first, then look at the customers found.")
    if where is not None:
        return await rules.list_page(context, where, need, first=first, after=after)
    if text is not None:
        return await search.search_page(context, text, need, first=first, after=after)
    return await customers.list_page(context, need, first=first, after=after)
