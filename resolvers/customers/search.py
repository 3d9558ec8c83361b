"""Finding customers by what somebody types: an id, an e-mail, a phone, any other identifier, or a name."""

from __future__ import annotations

import asyncio

from base.errors import BadInput
from graph.repositories.customer import CustomerKey, ProfileNeed
from ingest.namespaces import ANONYMOUS_ID, DEVICE_ID, EMAIL, GAID, IDFA, PHONE, USER_ID
from resolvers.context import RequestContext, Services
from resolvers.customers import customers
from resolvers.customers.profiles import Profile
from resolvers.pages import Page, check_first

MAX_SEARCH_CHARS = 200
# Encrypted values can only be asked for whole, one namespace at a time. `crm:` comes on top, a source each.
_NAMESPACES = (USER_ID, EMAIL, PHONE, ANONYMOUS_ID, DEVICE_ID, "wx_unionid", "oaid", IDFA, GAID)
# Sources looked at for `crm:<source>`; a deployment has tens.
MAX_SOURCES = 100


async def search_page(
    context: RequestContext, text: str, need: ProfileNeed, *, first: int | None, after: str | None
) -> Page[Profile]:
    """Customers whose id begins with the text, who hold it as an identifier, whose name has its words, or whose phone
    ends with its four digits.

    Identifiers and names are encrypted and found by tokens: identifiers and words match whole. By customer id.

    Raises:
        BadInput: an empty or far too long text, page size, or a cursor that is none.
    """
    first = check_first(first)
    text = text.strip()
    if not 0 < len(text) <= MAX_SEARCH_CHARS:
        raise BadInput(f"A search has 1 to {MAX_SEARCH_CHARS} characters.", field="search")
    behind = customers.after_id(context, after)
    if customers.is_customer_id(text):
        ids = await context.services.customers.list_ids_by_prefix(text, behind, first + 1)
    else:
        repository = context.services.customers
        holders, named, reached = await asyncio.gather(
            _holders(context.services, text), repository.find_ids_by_name(text), repository.find_ids_by_last_four(text)
        )
        ids = sorted(found for found in holders.union(named, reached) if found > behind)[: first + 1]
    return await customers.page_of(context, ids, need, first=first, resumed=after is not None)


async def _holders(services: Services, text: str) -> set[str]:
    sources = (await services.events.list_sources())[:MAX_SOURCES]
    keys: list[CustomerKey] = []
    for namespace in (*_NAMESPACES, *(f"crm:{source}" for source in sources)):
        value, usable = services.spelling.spell(namespace, text)
        if usable:
            keys.append(CustomerKey(uid=services.keyring.uid(namespace, value)))
    return {found.id for found in (await services.customers.get_versions(keys)).values()}
