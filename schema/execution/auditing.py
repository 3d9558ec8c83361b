"""Writes what operations do into the operation log: changes around their resolvers, reads before their answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from graphql import GraphQLResolveInfo, GraphQLSchema

from access.principal import Principal
from audit.entry import MAX_NAMED, MAX_TEXT, Entry, Outcome
from base.clock import now_ms
from base.errors import ErrorCode
from resolvers.refusal import Refusal
from schema.execution.audited import CHANGES, Audited

if TYPE_CHECKING:
    from schema.context import OperationContext
    from schema.execution.reads import Reads

# The address of the client of the request that this task answers.
CLIENT_IP: ContextVar[str | None] = ContextVar("client_ip", default=None)

Resolver = Callable[..., object]


def audit_changes(schema: GraphQLSchema, changes: Mapping[str, Audited] = CHANGES) -> None:
    """Have every mutation of a schema logged, with its outcome.

    Raises:
        LookupError: the log has no name for a mutation.
    """
    if schema.mutation_type is None:
        return
    for name, field in schema.mutation_type.fields.items():
        if name not in changes:
            raise LookupError(f"The operation log has no name for {name}: see schema.execution.audited")
        assert field.resolve is not None
        field.resolve = partial(_change, changes[name], name, field.resolve)


async def audit_read(context: OperationContext, reads: Reads, started_ms: int) -> None:
    """Log what was read of people, before the answer is given.

    Raises:
        Unavailable: it cannot be logged, so the answer must not be given.
    """
    shown = context.customers_read
    await context.services.audit.write(
        _entry(
            context,
            started_ms,
            module=reads.module,
            action=reads.action,
            customers=tuple(list(shown)[:MAX_NAMED]),
            customer_count=len(shown),
            # Masked, nothing is shown in clear.
            fields=reads.fields if context.reveals else (),
        )
    )


def refused_entry(principal: Principal, request_id: str, action: str) -> Entry:
    """What is logged of an operation that somebody may not run.

    Args:
        action: the fields of its root, with commas.
    """
    return Entry(
        at_ms=now_ms(),
        module="access",
        action=action[:MAX_TEXT],
        outcome=Outcome.REFUSED,
        code=ErrorCode.FORBIDDEN,
        request_id=request_id,
        **_who(principal),
    )


async def _change(
    audited: Audited,
    name: str,
    resolve: Resolver,
    source: Any,
    info: GraphQLResolveInfo[OperationContext],
    /,
    **args: Any,
) -> Any:
    context = info.context
    entry = _entry(
        context,
        now_ms(),
        module=audited.module,
        action=name,
        object=audited.about(context.services, args),
        dry_run=_is_dry_run(args),
        **_customers(args),
    )
    async with context.services.audit.change(entry) as change:
        result = resolve(source, info, **args)
        if isawaitable(result):
            result = await _awaited(result)
        if isinstance(result, Refusal):
            change.refused(ErrorCode.BAD_USER_INPUT)
        return result


async def _awaited(result: Awaitable[object]) -> object:
    return await result


def _is_dry_run(args: Mapping[str, Any]) -> bool:
    given = args.get("input")
    return bool(args.get("dryRun") or (isinstance(given, Mapping) and given.get("dryRun")))


def _customers(args: Mapping[str, Any]) -> dict[str, Any]:
    """Whom a list of ids names."""
    ids = args.get("ids") or ()
    # An id that is none may be anything.
    named = [one for one in ids[:MAX_NAMED] if one.startswith("cus_") and one.isascii() and len(one) < MAX_TEXT]
    return {"customers": tuple(named), "customer_count": len(ids)}


def _entry(context: OperationContext, at_ms: int, **more: Any) -> Entry:
    return Entry(
        at_ms=at_ms,
        purpose=context.purpose if context.reveals else None,
        request_id=context.request_id,
        **_who(context.principal),
        **more,
    )


def _who(principal: Principal) -> dict[str, Any]:
    return {
        "user": principal.id,
        "user_name": principal.name,
        "roles": principal.roles,
        "ip": CLIENT_IP.get(),
    }
