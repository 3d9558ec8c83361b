"""Counts of customers as whoever asks may know them: exact, or lower bounds that tell nothing certain of one person.

Bounds are multiples of `KITH_SMALL_COUNT`, less than twice that below what was counted, and 0 for all that is smaller.
Where
the steps lie hangs, by a keyed hash, on what is counted: the same question has the same answer, and the answers to two
questions that differ by one person differ, or do not, whether or not that person is in them. See docs/adr/0035.
"""

from __future__ import annotations

import msgspec

from access.permissions import Permission
from resolvers.context import RequestContext
from rules.printer import print_rule
from rules.tree import Rule


def is_exact(context: RequestContext) -> bool:
    """Whether whoever asks is told counts as they are."""
    return context.services.settings.small_count == 0 or Permission.COUNTS_SMALL in context.principal.permissions


def shown(context: RequestContext, count: int, *what: str | None) -> int:
    """A count as whoever asks may know it.

    Args:
        what: is counted, by names. The same things must always have the same ones.
    """
    if is_exact(context):
        return count
    step = context.services.settings.small_count
    name = msgspec.json.encode(what).decode()
    return lower_bound(count, step, context.services.keyring.offset(name, step))


def shown_of_rule(context: RequestContext, count: int, rule: Rule, *what: str | None) -> int:
    """A count of those for whom a rule holds, as whoever asks may know it."""
    if is_exact(context):
        return count
    return shown(context, count, "rule", msgspec.json.encode(print_rule(rule)).decode(), *what)


def lower_bound(count: int, step: int, offset: int) -> int:
    """A multiple of `step` that is at most `count`; 0 for a count below `step`. Pure.

    Args:
        offset: 0 ≤ offset < step, by which the steps lie higher.
    """
    return max(0, (count - offset) // step * step)
