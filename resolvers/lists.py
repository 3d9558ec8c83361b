"""The list of customers, in its three forms."""

from __future__ import annotations

from collections.abc import Mapping

from base.errors import BadInput
from graph.repositories.customer import ProfileNeed
from resolvers import rules
from resolvers.context import RequestContext
from resolvers.customers import customers, search
from resolvers.customers import listing as customer_listing
from resolvers.customers.listing import AskedOrder
from resolvers.customers.profiles import Profile
from resolvers.pages import Page


async def customers_page(
    context: RequestContext,
    where: Mapping[str, object] | None,
    text: str | None,
    order: AskedOrder | None,
    need: ProfileNeed,
    *,
    first: int | None,
    after: str | None,
    purpose: str | None = None,
    channel: str | None = None,
) -> Page[Profile]:
    """Customers: all by id, those a rule holds for, in an order, or those a search finds.

    Raises:
        BadInput: a search with a rule or an order, or what the form at hand refuses.
    """
    if where is not None and text is not None:
        raise BadInput("Give either where or search.", hint="Search first, then look at the customers found.")
    if order is not None and text is not None:
        hint = "What a search finds is in an order of its own."
        raise BadInput("Give either orderBy or search.", hint=hint, field="orderBy")
    aim = await rules.asked_aim(context, purpose, channel)
    if aim is not None and text is not None:
        hint = "A search is for one person; lists are for a purpose."
        raise BadInput("Give either purpose or search.", hint=hint, field="purpose")
    is_bound = text is None and context.principal.scope is not None
    if where is not None or order is not None or aim is not None or is_bound:
        return await customer_listing.list_page(context, where, order, need, first=first, after=after, aim=aim)
    if text is not None:
        return await search.search_page(context, text, need, first=first, after=after)
    return await customers.list_page(context, need, first=first, after=after)
