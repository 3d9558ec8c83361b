"""Customers whom somebody bound to a scope may see: those for whom the scope's rule holds now. Others do not exist."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from base.clock import now_ms
from base.errors import NotFound
from resolvers.context import RequestContext
from rules.evaluate import evaluate
from rules.parser import parse_rule
from rules.tree import All, Rule

MAX_PARSED = 256


def scope_of(context: RequestContext) -> Rule | None:
    """The rule that whoever asks is bound to; None: to none."""
    scope = context.principal.scope
    return None if scope is None else _parsed(msgspec.json.encode(scope))


def within(context: RequestContext, rule: Rule) -> Rule:
    """A rule for those in the scope alone."""
    scope = scope_of(context)
    return rule if scope is None else All((rule, scope))


async def keep(context: RequestContext, ids: Sequence[str], *, gone: bool = False) -> list[str]:
    """Those of these living customers who are in the scope, in the order given.

    Args:
        gone: whether ids that are nobody's any more stay, which tell of nobody.
    """
    scope = scope_of(context)
    if scope is None or not ids:
        return list(ids)
    at_ms, zone = now_ms(), context.services.zone
    facts = await context.services.facts.load(scope, ids, at_ms)
    return [one for one in ids if (evaluate(scope, facts[one], at_ms, zone) if one in facts else gone)]


async def require(context: RequestContext, ids: Sequence[str]) -> None:
    """Let ids pass whose customers are in the scope, or that mean nobody. A retired id means its successor.

    Raises:
        NotFound: as if somebody did not exist.
    """
    if context.principal.scope is None:
        return
    paths = await context.services.customers.get_paths(list(dict.fromkeys(ids)))
    living = sorted({path.ids[-1] for path in paths.values() if path.version is not None})
    if len(await keep(context, living, gone=True)) < len(living):
        raise NotFound("There is no customer of this id.")


@lru_cache(MAX_PARSED)
def _parsed(scope: bytes) -> Rule:
    return parse_rule(msgspec.json.decode(scope))
