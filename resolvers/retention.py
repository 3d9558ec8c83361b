"""How long events and attributes are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from strawberry import Parent

from base.clock import now_ms
from base.errors import BadInput
from graph.client import Transaction
from graph.repositories import retention as repository
from graph.repositories.retention import Kept, RetentionRule, Run, key_of
from resolvers.context import Info, RequestContext
from resolvers.customers.profiles import READABLE_IDENTIFIERS
from resolvers.pages import check_first
from resolvers.refusal import Refusal, Refused
from rules.consent import is_reserved
from rules.limits import MAX_NAME_LENGTH
from rules.problems import Problem
from workers.decisions.execution import MAX_REASON_CHARS

MAX_RULES: Final = 500
# A century.
MAX_DAYS: Final = 36_525
DAY_MS: Final = timedelta(days=1) // timedelta(milliseconds=1)
# Identifiers that a preview looks at; it says when there are more.
PREVIEW_PAGE: Final = 5_000
MAX_PREVIEWED: Final = 100_000


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would remove now.

    Args:
        count: events, or values of identifiers.
        oldest_at_ms: None for nothing.
        complete: False where more was there than a preview looks at.
    """

    count: int
    oldest_at_ms: int | None
    complete: bool


@dataclass(frozen=True, slots=True)
class Removed:
    """A rule that is no more."""

    key: str


async def list_all(context: RequestContext) -> Sequence[RetentionRule]:
    """All rules, by kind and name."""
    return await context.services.retention.list_all()


def event(root: Parent[RetentionRule]) -> str | None:
    """The name of the event that it is about."""
    return root.name if root.kind is Kept.EVENT else None


def attribute(root: Parent[RetentionRule]) -> str | None:
    """The name of the attribute that it is about."""
    return root.name if root.kind is Kept.ATTRIBUTE else None


async def runs(root: Parent[RetentionRule], info: Info, first: int | None = None) -> Sequence[Run]:
    """What nights removed, newest first."""
    return await info.context.services.retention.list_runs(root.key, check_first(first))


async def preview(context: RequestContext, event: str | None, attribute: str | None, days: int) -> Preview:
    """What would be removed now if events or attributes of a name were kept for so many days. Nothing changes.

    Raises:
        BadInput: not one name, or days that cannot be.
    """
    kind, name = _named(event, attribute)
    before_ms = now_ms() - _days(days) * DAY_MS
    reader = context.services.retention
    if kind is Kept.EVENT:
        count, oldest_ms = await reader.count_events(name, before_ms)
        return Preview(count, oldest_ms, True)
    times: list[int] = []
    after: str | None = ""
    for _ in range(MAX_PREVIEWED // PREVIEW_PAGE):
        page = await reader.page_old_values(after or "", PREVIEW_PAGE, {name: before_ms})
        times += [one.at_ms for one in page.old]
        after = page.last
        if after is None:
            break
    return Preview(len(times), min(times, default=None), after is None)


async def put(
    context: RequestContext, event: str | None, attribute: str | None, days: int | None, reason: str
) -> RetentionRule | Removed | Refusal:
    """Keep events or attributes of a name for so many days; None: for ever."""
    try:
        kind, name = _named(event, attribute)
        kept_days = None if days is None else _days(days)
        if not 0 < len(reason.strip()) <= MAX_REASON_CHARS:
            raise BadInput(f"A rule needs a reason of 1 to {MAX_REASON_CHARS:,} characters.", field="reason")
    except BadInput as fault:
        return Refusal((Problem(fault.field or "", fault.message, fault.hint or ""),))

    async def work(tx: Transaction) -> RetentionRule | Removed:
        known = {one.key for one in await repository.lock(tx)}
        key = key_of(kind, name)
        if kept_days is None:
            await repository.delete(tx, key)
            return Removed(key)
        if key not in known and len(known) >= MAX_RULES:
            raise Refused(Problem("", f"There are at most {MAX_RULES} rules.", "Remove one, with days: null."))
        rule = RetentionRule(kind, name, kept_days, reason, now_ms())
        await repository.put(tx, rule)
        return rule

    try:
        return await context.services.graph.write("put_retention", work)
    except Refused as refused:
        return Refusal(refused.problems)


def _named(event: str | None, attribute: str | None) -> tuple[Kept, str]:
    """Raises:
    BadInput: not exactly one name, or one that nothing is kept under.
    """
    if (event is None) == (attribute is None):
        raise BadInput("Give either event or attribute.", field="event")
    kind, name = (Kept.EVENT, event) if attribute is None else (Kept.ATTRIBUTE, attribute)
    field = kind.lower()
    if not name or len(name) > MAX_NAME_LENGTH:
        raise BadInput(f"A name has 1 to {MAX_NAME_LENGTH} characters.", field=field)
    if kind is Kept.ATTRIBUTE and name in READABLE_IDENTIFIERS:
        hint = "It is kept as long as the person; `eraseCustomer` and `blockIdentifier` take it away."
        raise BadInput("This is an identifier.", hint=hint, field=field)
    if kind is Kept.ATTRIBUTE and is_reserved(name):
        raise BadInput("This name is kept for consents.", hint="A consent has an end of its own.", field=field)
    return kind, name


def _days(days: int) -> int:
    if not 1 <= days <= MAX_DAYS:
        raise BadInput(f"Days are 1 to {MAX_DAYS:,}.", hint="To keep for ever, set days to null.", field="days")
    return days
