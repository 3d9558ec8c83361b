"""How each kind of decision changes what the resolver is given, and how it is taken back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from base.errors import BadInput, NotFound
from graph.client import Transaction, TryAgain
from graph.repositories import call as call_repository
from graph.repositories import decision as decision_repository
from graph.repositories import identity as repository
from graph.repositories.identity import ACTIVE, BLOCKED, SHARED, StoredIdentifier
from workers.identity.observations import rebuild


class Kind(StrEnum):
    """Kinds of decisions that people make."""

    MUST_LINK = repository.MUST_LINK
    CANNOT_LINK = repository.CANNOT_LINK
    BLOCK = "BLOCK"
    UNBLOCK = "UNBLOCK"
    REVOKE_CALL = "REVOKE_CALL"
    UNDO = "UNDO"


@dataclass(frozen=True, slots=True)
class Given:
    """What the resolver has to look at anew.

    Args:
        start: locked identifiers.
        through: of them, those to walk through though they take part in no links.
        rechecked: of them, those that may be shared no more.
        unseen: of them, those that no call shows.
    """

    start: dict[str, StoredIdentifier]
    through: frozenset[str] = frozenset()
    rechecked: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()


async def change(
    tx: Transaction, kind: Kind, stands: bool, decision: str, subject: str | None, uids: Collection[str], now_ms: int
) -> Given:
    """Let a decision take effect (`stands`), or be as if it had never been made.

    Args:
        decision: id of the decision itself.
        uids: the identifiers that it names.

    Raises:
        BadInput, NotFound: it cannot be.
    """
    match kind:
        case Kind.MUST_LINK | Kind.CANNOT_LINK:
            await decision_repository.set_active(tx, decision, stands)
            return Given(await lock(tx, uids, now_ms))
        case Kind.BLOCK | Kind.UNBLOCK:
            return await set_aside(tx, uids, stands == (kind is Kind.BLOCK), now_ms)
        case Kind.REVOKE_CALL:
            if subject is None:
                raise NotFound("This decision names no call.")
            return await (_withdraw(tx, subject, decision, now_ms) if stands else _restore(tx, subject, now_ms))
        case Kind.UNDO:
            raise BadInput("An undo is taken back by what it undid.")
        case _:
            assert_never(kind)


async def lock(tx: Transaction, uids: Collection[str], now_ms: int) -> dict[str, StoredIdentifier]:
    """Identifiers under their write locks; unknown uids are missing."""
    namespaces = {uid: one.namespace for uid, one in (await repository.get_identifiers(tx, uids)).items()}
    rows = [repository.LockRow(uid=uid, namespace=namespaces[uid], cipher=None) for uid in sorted(namespaces)]
    return await repository.lock_identifiers(tx, rows, now_ms)


async def set_aside(
    tx: Transaction, uids: Collection[str], blocked: bool, now_ms: int, *, by_policy: bool = False
) -> Given:
    """Let identifiers take part in nothing any more, or in everything again (`blocked` false).

    Args:
        by_policy: its lists say so, not a person.
    """
    # Without those that are set aside now, others beside them may be shared no more.
    beside = await repository.list_shared_beside(tx, uids)
    start = await lock(tx, {*uids, *beside}, now_ms)
    if await repository.list_shared_beside(tx, uids) - start.keys():
        raise TryAgain("an identifier has become shared")
    rechecked = frozenset(uid for uid, one in start.items() if one.status == SHARED and uid not in uids)
    changing = [uid for uid, one in start.items() if uid in uids and (one.status == BLOCKED) != blocked]
    await repository.set_status(
        tx, dict.fromkeys(changing, BLOCKED if blocked else ACTIVE), by_policy=by_policy and blocked
    )
    moved = await (call_repository.hang_over(tx, changing) if blocked else call_repository.hang_back(tx, changing))
    await rebuild(tx, moved | set(changing))
    status = BLOCKED if blocked else ACTIVE
    start = {uid: one._replace(status=status) if uid in uids else one for uid, one in start.items()}
    return Given(
        start | await _others(tx, moved - start.keys()),
        through=frozenset(start),
        rechecked=rechecked,
        unseen=frozenset(await call_repository.list_unseen(tx, start)),
    )


async def _withdraw(tx: Transaction, call: str, decision: str, now_ms: int) -> Given:
    found = await call_repository.find_call(tx, call)
    if found is None:
        raise NotFound("No call with this message id took effect.")
    if found.withdrawn:
        raise BadInput("This call was taken back already.", hint="Undo that decision to let it count again.")
    start = await lock(tx, found.uids, now_ms)
    return await _recounted(tx, start, await call_repository.withdraw_call(tx, call, decision))


async def _restore(tx: Transaction, call: str, now_ms: int) -> Given:
    found = await call_repository.find_call(tx, call)
    if found is None:
        raise NotFound("The call is gone: its person was erased.")
    start = await lock(tx, found.uids, now_ms)
    return await _recounted(tx, start, await call_repository.restore_call(tx, call))


async def _recounted(
    tx: Transaction, start: dict[str, StoredIdentifier], hung: call_repository.HungCall | None
) -> Given:
    """Everything that is derived from the calls of these identifiers, derived again."""
    if hung is not None:
        if hung.evidence is not None:
            await call_repository.recount_evidence(tx, [hung.evidence])
        await rebuild(tx, [hung.uid])
    await call_repository.set_seen(tx, start)
    shared = frozenset(uid for uid, one in start.items() if one.status == SHARED)
    now = await repository.get_identifiers(tx, start)
    return Given(
        now, through=frozenset(now), rechecked=shared, unseen=frozenset(await call_repository.list_unseen(tx, now))
    )


async def _others(tx: Transaction, uids: Collection[str]) -> dict[str, StoredIdentifier]:
    return await repository.get_identifiers(tx, uids) if uids else {}
