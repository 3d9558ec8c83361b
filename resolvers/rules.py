"""Rules as requests bring them, and questions about them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from base.clock import now_ms
from base.errors import BadInput, ErrorCode, KithError, NotFound, Unavailable
from delivery.consent import Aim
from graph.repositories.customer import CustomerKey, ProfileNeed
from graph.repositories.segment import OFFLINE, SegmentRecord
from graph.repositories.tag import TagRecord
from resolvers import counts
from resolvers.context import RequestContext
from resolvers.customers import customers, scope
from resolvers.customers.profiles import Rendered
from resolvers.registry.known_names import known_names
from resolvers.tags.tags import unknown_tag
from rules.checker import check
from rules.consent import consent_rule
from rules.evaluate import evaluate
from rules.explain import Explanation, explain
from rules.facts import Facts
from rules.names import names_in
from rules.operators import Operator
from rules.parser import parse_rule
from rules.printer import print_rule
from rules.tags.definition import is_only_read, is_over_everybody, rule_of
from rules.tags.explain import explain_tag
from rules.tags.parser import parse_definition
from rules.tree import All, Any_, Not, Rule, SegmentLeaf, TagLeaf, leaves_of
from rules.type_problems import ValueType
from workers.projection.client import Counted

Keep: TypeAlias = Callable[[Sequence[str]], Awaitable[Sequence[str]]]

# Customers whose facts are read in one statement.
SCAN_PAGE = 500
# A list filtered by a rule looks at so many customers a page, and then gives what it found and where to go on.
MAX_SCANNED_A_PAGE = 10_000


D = TypeVar("D", SegmentRecord, TagRecord)


async def checked_rule(context: RequestContext, document: Mapping[str, object], field: str) -> Rule:
    """The rule of an input that is used at once, its segments and tags known to exist, and no name off.

    Raises:
        BadInput: the first thing that is wrong.
    """
    rule = parse_rule(document, field)
    named = {leaf.key for leaf in leaves_of(rule) if isinstance(leaf, SegmentLeaf)}
    known = _seen(context, await context.services.segments.get_many(sorted(named))) if named else {}
    tagged = {leaf.key for leaf in leaves_of(rule) if isinstance(leaf, TagLeaf)}
    tags = _seen(context, await context.services.tags.get_many(sorted(tagged))) if tagged else {}
    context.services.usage.note(*(one.id for one in known.values()), *(one.id for one in tags.values()))
    types = {key: ValueType(tag.value_type) for key, tag in tags.items()}
    archived = {key for key, segment in known.items() if segment.status == OFFLINE}
    registered = await context.services.registry.get_named(names_in(rule))
    for problem in check(rule, known_names(registered, known.keys(), archived, types), field):
        raise BadInput(problem.message, hint=problem.hint, field=problem.field)
    return rule


def _seen(context: RequestContext, found: Mapping[str, D]) -> dict[str, D]:
    """Those that the asker may know of."""
    return {key: one for key, one in found.items() if context.viewer.sees(one.sharing)}


async def scan(
    context: RequestContext, rule: Rule, behind: str, at_ms: int, count: int, keep: Keep | None = None
) -> tuple[list[str], str | None]:
    """At least `count` customers behind an id for whom a checked rule holds at an instant, by id, from the graph.

    Args:
        keep: of some of them, those that are wanted.

    Returns:
        Fewer, with the id to read on behind, when as many were looked at as may; fewer and None at the end.
    """
    found: list[str] = []
    scanned = 0
    ended = False
    while len(found) < count and not ended and scanned < MAX_SCANNED_A_PAGE:
        ids = await context.services.customers.list_ids(behind, SCAN_PAGE)
        ended = len(ids) < SCAN_PAGE
        scanned += len(ids)
        behind = ids[-1] if ids else behind
        holding = await _holding(context, rule, ids, at_ms)
        found += holding if keep is None else await keep(holding)
    return found, behind if len(found) < count and not ended else None


@dataclass(frozen=True, slots=True)
class Estimated:
    """For how many customers a rule holds, as of when (ms).

    Args:
        withheld: how many of them may not be reached; None where no purpose was asked for.
        is_exact: or both are lower bounds.
    """

    count: int
    as_of_ms: int
    withheld: int | None
    is_exact: bool


async def asked_aim(context: RequestContext, purpose: str | None, channel: str | None) -> Aim | None:
    """For what customers are to be reached; None: no matter for what.

    Raises:
        BadInput: no such purpose, or a channel without one.
    """
    if purpose is None:
        if channel is not None:
            raise BadInput("A channel needs a purpose.", hint="`purposes` lists them.", field="channel")
        return None
    return await context.services.consenting.aim(purpose, channel)


def reachable(aim: Aim) -> Rule:
    """The rule, for the columnar store alone, of who may be reached now."""
    return consent_rule(aim.purpose, aim.channel, aim.granted, now_ms())


async def withheld(context: RequestContext, rule: Rule, aim: Aim) -> int | None:
    """How many of those for whom a rule holds may not be reached now; None while the columnar store cannot say."""
    with suppress(Unavailable, BadInput):
        held = (await _count(context, All((rule, Not(reachable(aim)))))).count
        return counts.shown_of_rule(context, held, scope.within(context, rule), "withheld", aim.purpose, aim.channel)
    return None


async def estimate(
    context: RequestContext, document: Mapping[str, object], purpose: str | None = None, channel: str | None = None
) -> Estimated:
    """For how many customers a rule holds, asked of the columnar store; of a purpose, those who may be reached.

    Raises:
        BadInput: a wrong rule.
        KithError: RATE_LIMITED, as many estimates run as may.
        Unavailable: the columnar store cannot be asked now.
    """
    rule = await checked_rule(context, document, "where")
    aim = await asked_aim(context, purpose, channel)
    asked, exact = scope.within(context, rule), counts.is_exact(context)
    if aim is None:
        counted = await _count(context, rule)
        return Estimated(counts.shown_of_rule(context, counted.count, asked), counted.as_of_ms, None, exact)
    everybody = await _count(context, rule)
    held = await _count(context, All((rule, Not(reachable(aim)))))
    aimed = (aim.purpose, aim.channel)
    return Estimated(
        counts.shown_of_rule(context, max(0, everybody.count - held.count), asked, "reachable", *aimed),
        everybody.as_of_ms,
        counts.shown_of_rule(context, held.count, asked, "withheld", *aimed),
        exact,
    )


async def _count(context: RequestContext, rule: Rule) -> Counted:
    slots = context.services.estimates
    if slots.locked():
        raise KithError(
            ErrorCode.RATE_LIMITED, "Other estimates are running.", hint="Ask again when one of them has ended."
        )
    async with slots:
        return await context.services.columns.count(print_rule(scope.within(context, rule)))


async def explain_for(
    context: RequestContext,
    customer_id: str,
    *,
    segment: str | None,
    tag: str | None,
    where: Mapping[str, object] | None,
) -> Explanation:
    """Why a rule, or a segment's rule, holds for a customer now, or why not; or why a tag has its value.

    Raises:
        BadInput: not exactly one of segment, tag and where, or a wrong rule.
        NotFound: no such customer, segment or tag.
    """
    if sum(each is not None for each in (segment, tag, where)) != 1:
        raise BadInput("Give one of segment, tag and where.")
    if tag is not None:
        return await _explain_tag(context, customer_id, tag)
    if where is not None:
        rule = await checked_rule(context, where, "where")
    else:
        stored = await context.loaders.segments.load(segment or "")
        if stored is None:
            raise NotFound("There is no segment of this key.", hint="`segments` lists them.")
        context.services.usage.note(stored.id)
        rule = parse_rule(msgspec.json.decode(stored.rule))
    at_ms = now_ms()
    return explain(rule, await _facts_of(context, customer_id, rule, at_ms), at_ms, context.services.zone)


async def _explain_tag(context: RequestContext, customer_id: str, key: str) -> Explanation:
    stored = await context.loaders.tags.load(key)
    if stored is None:
        raise unknown_tag()
    context.services.usage.note(stored.id)
    definition = parse_definition(msgspec.json.decode(stored.definition))
    at_ms = now_ms()
    stored_value = TagLeaf(key, Operator.SET)
    rule: Rule = rule_of(definition)
    if is_only_read(definition):
        rule = Any_((stored_value, rule)) if is_over_everybody(definition) else stored_value
    facts = await _facts_of(context, customer_id, rule, at_ms)
    zone = ZoneInfo(stored.zone) if stored.zone else context.services.zone
    return explain_tag(definition, facts, at_ms, zone, facts.tags.get(key))


async def _facts_of(context: RequestContext, customer_id: str, rule: Rule, at_ms: int) -> Facts:
    """What a rule reads of a living customer, or of the successor of a retired one."""
    found = await customers.find(context, CustomerKey(id=customer_id), ProfileNeed(), None)
    assert not isinstance(found, Rendered), "only a rendering gives one"
    facts = await context.services.facts.load(rule, [found.id], at_ms, with_event_ids=True) if found else {}
    if found is None or found.id not in facts:
        raise NotFound("There is no customer of this id.")
    return facts[found.id]


async def _holding(context: RequestContext, rule: Rule, ids: Sequence[str], at_ms: int) -> list[str]:
    facts = await context.services.facts.load(rule, ids, at_ms) if ids else {}
    zone = context.services.zone
    return [one for one in ids if one in facts and evaluate(rule, facts[one], at_ms, zone)]
