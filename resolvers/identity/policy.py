"""The policy of identity: read, tried and changed."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from base.errors import BadInput
from graph.identity.blocked import BlockedValues, bare
from graph.identity.policy import Conflict, IdentifierClass, IdentityPolicy, NamespacePolicy, Normalisation
from graph.repositories.policy import PENDING, PolicyRecord
from resolvers.context import RequestContext
from resolvers.refusal import Refusal
from rules.problems import Problem
from workers.decisions.execution import Said
from workers.policy.office import Refused, enact

FOLLOW_TASK = "follow_policy"
# A small graph has followed by then, so the answer has the result.
WAIT_S = 5.0
POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Fields:
    """What was given of the policy of a namespace; names as in `NamespacePolicy`, null where a limit is lifted."""

    given: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Edit:
    """What was given to change; the rest stays.

    Args:
        blocked: (namespace, values, patterns): the whole lists of a namespace; without any, they go.
        source_order: (attribute, sources); without sources it goes.
    """

    namespaces: Sequence[tuple[str, Fields]] = ()
    removed: Sequence[str] = ()
    unverified: Fields | None = None
    unknown: Fields | None = None
    blocked: Sequence[tuple[str, Sequence[str], Sequence[str]]] = ()
    source_order: Sequence[tuple[str, Sequence[str]]] = ()


async def find(context: RequestContext, policy_id: str | None, version: int | None) -> PolicyRecord | None:
    """A policy by its id or version; the one in force without either.

    Raises:
        BadInput: both.
    """
    if policy_id is not None and version is not None:
        raise BadInput("Give either id or version.")
    return await context.services.policies.find(policy_id, version)


async def update(context: RequestContext, edit: Edit, reason: str, dry_run: bool) -> PolicyRecord | Refusal:
    """Put an edited policy into force, or try it; waits a moment for the graph to follow.

    Returns:
        The stored policy with how far the graph has come, or why it was refused; then nothing changed.
    """
    services = context.services
    try:
        policy_id = await enact(
            services.graph, lambda old: edited(old, edit), Said(context.principal.id, reason, dry_run)
        )
    except Refused as fault:
        return Refusal(fault.problems)
    except BadInput as fault:
        return Refusal((Problem(fault.field or "", fault.message, fault.hint),))
    await services.jobs.enqueue(FOLLOW_TASK, policy_id)
    await services.spelling.refresh()
    deadline_s = time.monotonic() + WAIT_S
    while True:
        record = await services.policies.find(policy_id)
        assert record is not None, "policies stay"
        if record.state != PENDING or time.monotonic() > deadline_s:
            return record
        await asyncio.sleep(POLL_S)


def edited(old: IdentityPolicy, edit: Edit) -> IdentityPolicy:
    """A policy with an edit; its version does not count.

    Raises:
        BadInput: a new namespace without class or rank, one to remove that is not there, or two edits of one thing.
    """
    _check_once(edit)
    namespaces = dict(old.namespaces)
    for name in edit.removed:
        if namespaces.pop(name, None) is None:
            raise BadInput(f"The policy has no namespace {name}.", field="removeNamespaces")
    for name, fields in edit.namespaces:
        namespaces[name] = _namespace(name, namespaces.get(name), fields)
    blocked = dict(old.blocked)
    for name, values, patterns in edit.blocked:
        blocked.pop(name, None)
        if values or patterns:
            blocked[name] = BlockedValues(tuple(sorted({bare(value) for value in values})), tuple(patterns))
    order = dict(old.source_order)
    for name, sources in edit.source_order:
        order.pop(name, None)
        if sources:
            order[name] = tuple(sources)
    return IdentityPolicy(
        old.version,
        namespaces,
        _namespace("unverified", old.unverified, edit.unverified or Fields({})),
        _namespace("unknown", old.unknown, edit.unknown or Fields({})),
        blocked,
        order,
    )


def _check_once(edit: Edit) -> None:
    """Refuse what would be said twice: of two edits of one thing the first would be lost without a word."""
    removed = [("namespaces", name) for name in edit.removed]
    changed = [("namespaces", name) for name, _ in edit.namespaces]
    listed = [("blocked", name) for name, *_ in edit.blocked]
    ordered = [("sourceOrder", name) for name, _ in edit.source_order]
    for (field, name), times in Counter([*removed, *changed, *listed, *ordered]).items():
        if times > 1:
            raise BadInput(f"{name} is given twice.", field=f"{field}.{name}", hint="Say at once what becomes of it.")


def _namespace(name: str, old: NamespacePolicy | None, fields: Fields) -> NamespacePolicy:
    given = dict(fields.given)
    if old is None:
        if given.get("identifier_class") is None or given.get("rank") is None:
            raise BadInput("A new namespace needs a class and a rank.", field=f"namespaces.{name}")
        old = NamespacePolicy(IdentifierClass.PERSON, 0, None, None)
    for field in ("identifier_class", "rank", "conflict", "normalisation"):
        if field in given and given[field] is None:
            shown = "class" if field == "identifier_class" else field
            raise BadInput("This cannot be empty.", field=f"namespaces.{name}.{shown}")
    for field, kind in (
        ("identifier_class", IdentifierClass),
        ("conflict", Conflict),
        ("normalisation", Normalisation),
    ):
        if field in given:
            given[field] = kind(str(given[field]))
    return replace(old, **given)  # type: ignore[arg-type]
