"""Rules as requests bring them, and questions about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from base.clock import now_ms
from base.errors import BadInput, ErrorCode, KithError, NotFound
from graph.repositories.customer import CustomerKey, ProfileNeed
from graph.repositories.segment import OFFLINE
from resolvers import customers
from resolvers.context import RequestContext
from resolvers.known_names import known_names
from resolvers.pages import Page, check_first
from resolvers.profiles import Profile
from rules.checker import check
from rules.evaluate import evaluate
from rules.explain import Explanation, explain
from rules.names import names_in
from rules.parser import parse_rule
from rules.printer import print_rule
from rules.tree import Rule, SegmentLeaf, leaves_of
from workers.projection.asking import Counted

# Customers whose facts are read in one statement.
SCAN_PAGE = 500
# A list filtered by a rule looks at so many customers a page, and then gives what it found and where to go on.
MAX_SCANNED_A_PAGE = 10_000


async def checked_rule(context: RequestContext, document: Mapping[str, object], field: str) -> Rule:
    """The rule of an input that is used at once, its segments known to exist, and no name off.

    Raises:
        BadInput: the first thing that is wrong.
    """
    rule = parse_rule(document, field)
    named = {leaf.key for leaf in leaves_of(rule) if isinstance(leaf, SegmentLeaf)}
    known = await context.services.segments.get_many(sorted(named)) if named else {}
    archived = {key for key, segment in known.items() if segment.status == OFFLINE}
    registered = await context.services.registry.get_named(names_in(rule))
    for problem in check(rule, known_names(registered, known.keys(), archived), field):
        raise BadInput(problem.message, hint=problem.hint, field=problem.field)
    return rule


async def list_page(
    context: RequestContext,
    document: Mapping[str, object],
    need: ProfileNeed,
    *,
    first: int | None,
    after: str | None,
) -> Page[Profile]:
    """Customers for whom a rule holds now, by id. A page may be short, even empty, and yet say that more may follow."""
    first = check_first(first)
    rule = await checked_rule(context, document, "where")
    behind = customers.after_id(context, after)
    found: list[str] = []
    at_ms = now_ms()
    scanned = 0
    ended = False
    while len(found) <= first and not ended and scanned < MAX_SCANNED_A_PAGE:
        ids = await context.services.customers.list_ids(behind, SCAN_PAGE)
        ended = len(ids) < SCAN_PAGE
        scanned += len(ids)
        behind = ids[-1] if ids else behind
        found += await _holding(context, rule, ids, at_ms)
    unfinished = len(found) <= first and not ended
    return await customers.page_of(
        context,
        found,
        need,
        first=first,
        resumed=after is not None,
        scanned_to=behind if unfinished else None,
    )


async def estimate(context: RequestContext, document: Mapping[str, object]) -> Counted:
    """For how many customers a rule holds, asked of the columnar store.

    Raises:
        BadInput: a wrong rule.
        KithError: RATE_LIMITED, as many estimates run as may.
        Unavailable: the columnar store cannot be asked now.
    """
    rule = await checked_rule(context, document, "where")
    slots = context.services.estimates
    if slots.locked():
        raise KithError(
            ErrorCode.RATE_LIMITED, "Other estimates are running.", hint="Ask again when one of them has ended."
        )
    async with slots:
        return await context.services.columns.count(print_rule(rule))


async def explain_for(
    context: RequestContext,
    customer_id: str,
    *,
    segment: str | None,
    tag: str | None,
    where: Mapping[str, object] | None,
) -> Explanation:
    """Why a rule, or a segment's rule, holds for a customer now, or why not.

    Raises:
        BadInput: not exactly one of segment and where, or a wrong rule.
        NotFound: no such customer or segment.
    """
    if tag is not None:
        raise BadInput("There are no tags yet.", hint="Give either segment or where.", field="tag")
    if (segment is None) == (where is None):
        raise BadInput("Give either segment or where.")
    if where is not None:
        rule = await checked_rule(context, where, "where")
    else:
        stored = await context.loaders.segments.load(segment or "")
        if stored is None:
            raise NotFound("There is no segment of this key.", hint="`segments` lists them.")
        rule = parse_rule(msgspec.json.decode(stored.rule))
    found = await context.services.profiles.find(CustomerKey(id=customer_id), ProfileNeed())
    at_ms = now_ms()
    facts = await context.services.facts.load(rule, [found.id], at_ms, with_event_ids=True) if found else {}
    if found is None or found.id not in facts:
        raise NotFound("There is no customer of this id.")
    return explain(rule, facts[found.id], at_ms, context.services.zone)


async def _holding(context: RequestContext, rule: Rule, ids: Sequence[str], at_ms: int) -> list[str]:
    facts = await context.services.facts.load(rule, ids, at_ms) if ids else {}
    zone = context.services.zone
    return [one for one in ids if one in facts and evaluate(rule, facts[one], at_ms, zone)]
