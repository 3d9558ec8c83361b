"""Does a rule hold for a customer at an instant? And why?"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from rules.compiled import compiled
from rules.explain import Explanation, explain
from rules.facts import Facts
from rules.tree import Rule

__all__ = ["Explanation", "evaluate", "explain"]


def evaluate(rule: Rule, facts: Facts, now_ms: int, zone: ZoneInfo) -> bool:
    """Whether a checked rule holds. Total: any facts give an answer.

    Args:
        rule: what the parser gave; compiled at its first use and kept with the object, so pass the same one.
        facts: of one customer; events after `now_ms` do not count.
        now_ms: the instant of the question.
        zone: for calendar days.
    """
    return compiled(rule).holds(facts, now_ms, zone)
