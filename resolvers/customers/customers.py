"""Customers: look-up, lists, search, and the parts of one profile."""

from __future__ import annotations

from collections.abc import Sequence

from strawberry import Parent

from base.clock import MIN_MS
from base.errors import BadInput
from base.ids import CUSTOMER_PREFIX
from graph.repositories.customer import CustomerKey, ProfileNeed
from graph.repositories.event import AFTER_ALL_MS, EventRecord, EventsAsked
from graph.repositories.segment import SegmentRecord
from graph.repositories.tag import TagRecord
from ingest.namespaces import parse_namespace
from resolvers.context import Info, RequestContext, Services
from resolvers.customers import scope
from resolvers.customers.profiles import Assignment, Attribute, Identifier, Membership, Profile, Rendered, Rendering
from resolvers.pages import Page, check_first

CUSTOMERS = "customers"
EVENTS = "events"
MAX_NAMES = 100


def key_of(services: Services, customer_id: str | None, identifier: tuple[str, str] | None) -> CustomerKey:
    """Whom the arguments of `customer` mean.

    Raises:
        BadInput: both or none given, or a namespace that cannot be one.
    """
    if (customer_id is None) == (identifier is None):
        raise BadInput(
            "Give either id or identifier.", hint='For example identifier: {namespace: "email", value: "…"}.'
        )
    if identifier is None:
        return CustomerKey(id=customer_id)
    namespace = parse_namespace(identifier[0])
    if namespace is None:
        raise BadInput(
            "This is no identifier namespace.",
            hint="For example user_id, email, phone, wx_openid:<app>.",
            field="identifier.namespace",
        )
    value, _ = services.spelling.spell(namespace, identifier[1])
    return CustomerKey(uid=services.keyring.uid(namespace, value))


async def find(
    context: RequestContext, key: CustomerKey, need: ProfileNeed, rendering: Rendering | None
) -> Profile | Rendered | None:
    """Who the key means now; already encoded when a rendering is given. None when nobody, or nobody in the scope."""
    if context.principal.scope is not None:
        found = await context.services.profiles.find(key, need, await context.sight())
        return found if found is not None and await scope.keep(context, [found.id]) else None
    if rendering is not None:
        return await context.services.profiles.find_rendered(key, need, await context.sight(), rendering)
    return await context.services.profiles.find(key, need, await context.sight())


async def page_of(
    context: RequestContext,
    ids: Sequence[str],
    need: ProfileNeed,
    *,
    first: int,
    resumed: bool,
    scanned_to: str | None = None,
) -> Page[Profile]:
    """The page of the first `first` of `ids`; one more says that the list goes on. A place is a customer id. Under a
    scope a page may be short, even empty, and yet say that more follow.

    Args:
        scanned_to: the customer behind which to read on, when the search stopped early.
    """
    shown = await scope.keep(context, ids[:first])
    profiles = await context.services.profiles.get_many(shown, need, await context.sight())
    return Page(
        profiles,
        cursors=context.services.cursors,
        scope=CUSTOMERS,
        place_of=lambda profile: (profile.id,),
        has_next_page=scanned_to is not None or len(ids) > first,
        resumed=resumed,
        end_place=(scanned_to or ids[:first][-1],) if scanned_to or ids else None,
    )


def after_id(context: RequestContext, after: str | None) -> str:
    """The customer id behind a cursor of customers; "" for none.

    Raises:
        BadInput: no such cursor.
    """
    if after is None:
        return ""
    return str(context.services.cursors.decode(CUSTOMERS, after, (str,))[0])


async def list_page(
    context: RequestContext, need: ProfileNeed, *, first: int | None, after: str | None
) -> Page[Profile]:
    """All customers by id."""
    first = check_first(first)
    ids = await context.services.customers.list_ids(after_id(context, after), first + 1)
    return await page_of(context, ids, need, first=first, resumed=after is not None)


def identifiers(root: Parent[Profile]) -> Sequence[Identifier]:
    """All identifiers the customer holds now."""
    assert root.identifiers is not None, "look-ahead missed identifiers"
    return root.identifiers


def attributes(root: Parent[Profile], names: list[str] | None = None) -> Sequence[Attribute]:
    """The attributes of these names, or all, by name."""
    wanted = root.attributes if names is None else root.attributes.keys() & set(names)
    return [root.attributes[name] for name in sorted(wanted)]


def segments(root: Parent[Profile]) -> Sequence[Membership]:
    """All segments the customer is in, by key."""
    assert root.memberships is not None, "look-ahead missed segments"
    return root.memberships


def tags(root: Parent[Profile]) -> Sequence[Assignment]:
    """All tags of which the customer has a value, by key."""
    assert root.tags is not None, "look-ahead missed tags"
    return root.tags


async def tag_of_assignment(root: Parent[Assignment], info: Info) -> TagRecord:
    """The tag with its present status."""
    return await info.context.loaders.tags.load(root.tag.key) or root.tag


async def segment_of_membership(root: Parent[Membership], info: Info) -> SegmentRecord:
    """The segment with its present status."""
    return await info.context.loaders.segments.load(root.segment.key) or root.segment


def asked_events(
    context: RequestContext,
    names: Sequence[str] | None,
    from_ms: int | None,
    to_ms: int | None,
    first: int | None,
    after: str | None,
) -> EventsAsked:
    """The page of events that the arguments mean, with one more event, which says that the list goes on.

    Raises:
        BadInput: page size, number of names, or a cursor that is none.
    """
    first = check_first(first)
    if names is not None and len(names) > MAX_NAMES:
        raise BadInput(f"At most {MAX_NAMES} names.", field="names")
    asked = EventsAsked(
        count=first + 1,
        names=None if names is None else tuple(names),
        from_ms=MIN_MS if from_ms is None else from_ms,
        to_ms=AFTER_ALL_MS if to_ms is None else to_ms,
    )
    if after is None:
        return asked
    at_ms, event_id = context.services.cursors.decode(EVENTS, after, (int, str))
    return EventsAsked(asked.count, asked.names, asked.from_ms, asked.to_ms, int(at_ms), str(event_id))


def events_page(
    context: RequestContext, found: Sequence[EventRecord], asked: EventsAsked, *, resumed: bool
) -> Page[EventRecord]:
    """The page of what was read for `asked`."""
    return Page(
        found[: asked.count - 1],
        cursors=context.services.cursors,
        scope=EVENTS,
        place_of=lambda event: (event.at_ms, event.id),
        has_next_page=len(found) >= asked.count,
        resumed=resumed,
    )


async def load_events(context: RequestContext, profile: Profile, asked: EventsAsked) -> Sequence[EventRecord]:
    """What look-ahead read, else by data loader."""
    found = profile.events.get(asked)
    if found is not None:
        return found
    mask, found = await context.mask(), await context.loaders.events(asked).load(profile.id)
    return found if mask is None else mask.events(found)


def is_customer_id(text: str) -> bool:
    """Whether a text is a customer's id, or the beginning of one that says more than the prefix."""
    return text.startswith(CUSTOMER_PREFIX) and len(text) > len(CUSTOMER_PREFIX)
