"""Customers for whom a rule holds, or in an order, from the columnar store; from the graph where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final

import msgspec

from analytics.query.order import FIRST, By, Order, Place, by_id
from base.clock import now_ms
from base.errors import BadInput, ErrorCode, KithError, Unavailable
from delivery.consent import Aim
from graph.repositories.customer import ProfileNeed
from resolvers import rules
from resolvers.context import RequestContext
from resolvers.cursors import Place as CursorPlace
from resolvers.customers.profiles import READABLE_IDENTIFIERS, Profile
from resolvers.customers.scope import scope_of, within
from resolvers.pages import Page, check_first
from rules.limits import MAX_NAME_LENGTH
from rules.names import Names, enclosing
from rules.printer import print_rule
from rules.tree import All, Everyone, Rule
from rules.type_problems import ValueType

LISTING: Final = "customer-listing"
# How long the store may take where the graph can answer too: its owner may have died a moment ago.
WAIT_S = 8.0


@dataclass(frozen=True, slots=True)
class AskedOrder:
    """An order as a request brings it: exactly one of attribute, tag, last_event and created_at."""

    attribute: str | None = None
    tag: str | None = None
    last_event: str | None = None
    created_at: bool = False
    descending: bool = False


@dataclass(frozen=True, slots=True)
class _Slice:
    """The places of a page.

    Args:
        end: where to read on; None when nothing was found.
        as_of_ms: of the store; None from the graph.
        now_ms: the instant of the rule.
    """

    places: Sequence[Place]
    more: bool
    end: Place | None
    as_of_ms: int | None
    now_ms: int


async def list_page(
    context: RequestContext,
    document: Mapping[str, object] | None,
    asked: AskedOrder | None,
    need: ProfileNeed,
    *,
    first: int | None,
    after: str | None,
    aim: Aim | None = None,
) -> Page[Profile]:
    """Customers for whom a rule holds (all without one), by id or in an order.

    The store answers as of one state; on all pages the rule is asked at the instant of the first one. Without a store
    those of a rule come from the graph, and such a page may be short, even empty, and yet say that more may follow.

    Args:
        aim: only those who may be reached for it, as of each page.

    Raises:
        BadInput: a wrong rule, order or cursor.
        Unavailable: an order, and nobody to ask.
        KithError: RATE_LIMITED, as many lists are made as may.
    """
    first = check_first(first)
    rule = scope_of(context)
    if document is not None:
        rule = within(context, await rules.checked_rule(context, document, "where"))
    order, is_known = (Order(), True) if asked is None else await _checked(context, asked)
    scope = _scope(rule, order, aim)
    place, at_ms = _place(context, scope, after)
    in_graph = (rule is not None or aim is not None) and order.by is By.ID
    asked_rule = rule if aim is None else rules.reachable(aim) if rule is None else All((rule, rules.reachable(aim)))
    found: _Slice | None = None
    try:
        async with asyncio.timeout(WAIT_S if in_graph else None):
            found = await _from_store(context, asked_rule, order, is_known, place, first, at_ms)
    except Unavailable as fault:
        if not in_graph:
            raise Unavailable(f"There is no order now. {fault.message}", hint=fault.hint) from None
    except BadInput:
        # The store has no room for a name of the rule; the graph has.
        if not in_graph:
            raise
    except TimeoutError:
        pass
    if found is None:
        assert in_graph, "only such lists are in the graph"
        found = await _from_graph(context, rule or Everyone(), place, first, now_ms() if at_ms is None else at_ms, aim)
    if aim is not None:
        # The store may be a moment behind; a withdrawal counts at once.
        allowed = set((await context.services.consenting.kept([each.id for each in found.places], aim)).kept)
        found = replace(found, places=[each for each in found.places if each.id in allowed])
    ids = [each.id for each in found.places]
    profiles = await context.services.profiles.get_by_id(ids, need, await context.sight())
    # Who was merged away since has no place any more: their successor has its own.
    placed = {each.id: each for each in found.places if each.id in profiles and profiles[each.id].id == each.id}
    return Page(
        [profiles[each] for each in placed],
        cursors=context.services.cursors,
        scope=scope,
        place_of=lambda profile: _told(found.now_ms, placed[profile.id]),
        has_next_page=found.more,
        resumed=after is not None,
        end_place=None if found.end is None else _told(found.now_ms, found.end),
        sealed=True,
        as_of_ms=found.as_of_ms,
        withheld=None if aim is None else lambda: rules.withheld(context, rule or Everyone(), aim),
    )


async def _from_store(
    context: RequestContext,
    rule: Rule | None,
    order: Order,
    is_known: bool,
    place: Place,
    first: int,
    at_ms: int | None,
) -> _Slice:
    slots = context.services.listings
    if slots.locked():
        raise KithError(ErrorCode.RATE_LIMITED, "Other lists are being made.", hint="Ask again in a second.")
    async with slots:
        listed = await context.services.columns.list_customers(
            None if rule is None else print_rule(rule),
            order,
            is_known=is_known,
            after=place,
            count=first + 1,
            now_ms=at_ms,
        )
    places = listed.places[:first]
    more = len(listed.places) > first
    return _Slice(places, more, places[-1] if places else None, listed.as_of_ms, listed.now_ms)


async def _from_graph(
    context: RequestContext, rule: Rule, place: Place, first: int, at_ms: int, aim: Aim | None
) -> _Slice:
    async def keep(ids: Sequence[str]) -> Sequence[str]:
        return ids if aim is None else (await context.services.consenting.kept(ids, aim)).kept

    ids, scanned_to = await rules.scan(context, rule, place.id, at_ms, first + 1, keep)
    places = [by_id(each) for each in ids[:first]]
    end = by_id(scanned_to) if scanned_to is not None else places[-1] if places else None
    return _Slice(places, scanned_to is not None or len(ids) > first, end, None, at_ms)


async def _checked(context: RequestContext, asked: AskedOrder) -> tuple[Order, bool]:
    """The order, and whether the registry knows the name in it.

    Raises:
        BadInput: not exactly one thing to order by, or one that is none, is off or has no order.
    """
    given = [name for name in ("attribute", "tag", "last_event") if getattr(asked, name) is not None]
    if len(given) + asked.created_at != 1:
        hint = "One of attribute, tag, lastEvent and createdAt."
        raise BadInput("Order by exactly one thing.", hint=hint, field="orderBy")
    if asked.attribute is not None:
        is_known = await _is_known(context, asked.attribute, is_event=False)
        return Order(By.ATTRIBUTE, asked.attribute, asked.descending), is_known
    if asked.last_event is not None:
        is_known = await _is_known(context, asked.last_event, is_event=True)
        return Order(By.LAST_EVENT, asked.last_event, asked.descending), is_known
    if asked.tag is not None:
        tag = await context.loaders.tags.load(asked.tag)
        if tag is None:
            raise BadInput("There is no tag of this key.", hint="`tags` lists them.", field="orderBy.tag")
        if tag.value_type == ValueType.LIST:
            raise BadInput("Lists have no order.", hint="Order by a tag of another type.", field="orderBy.tag")
        context.services.usage.note(tag.id)
        return Order(By.TAG, tag.key, asked.descending), True
    return Order(By.CREATED_AT, "", asked.descending), True


async def _is_known(context: RequestContext, name: str, *, is_event: bool) -> bool:
    """Raises:
    BadInput: the name cannot be one, or is off.
    """
    field = "orderBy.lastEvent" if is_event else "orderBy.attribute"
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        raise BadInput(f"A name has 1 to {MAX_NAME_LENGTH} characters.", field=field)
    if is_event:
        found = (await context.services.registry.get_named(Names(events=frozenset({name})))).events
        names = [name]
        active = {each: one.active for each, one in found.items()}
    else:
        names = list(enclosing(name))
        attributes = (await context.services.registry.get_named(Names(frozenset(names)))).attributes
        active = {each: one.active for each, one in attributes.items()}
    if not all(active.values()):
        what = "event" if is_event else "attribute"
        raise BadInput(f"This {what} is off.", hint="Switch it on in the registry of names first.", field=field)
    return name in active or (not is_event and name in READABLE_IDENTIFIERS)


def _scope(rule: Rule | None, order: Order, aim: Aim | None) -> str:
    """Names the list, so that a cursor of one is none of another."""
    document = None if rule is None else print_rule(rule)
    asked = msgspec.json.encode([document, order] if aim is None else [document, order, aim.purpose, aim.channel])
    return f"{LISTING} {blake2b(asked, digest_size=16).hexdigest()}"


def _place(context: RequestContext, scope: str, after: str | None) -> tuple[Place, int | None]:
    """Where the page begins, and the instant of the first page.

    Raises:
        BadInput: the cursor is not one of this list.
    """
    if after is None:
        return FIRST, None
    at_ms, rank, value, id_ = context.services.cursors.unseal(scope, after, (int, int, str, str))
    return Place(int(rank), str(value), str(id_)), int(at_ms)


def _told(at_ms: int, place: Place) -> CursorPlace:
    return (at_ms, *place)
