"""How each kind of decision changes what the resolver is given, and how it is taken back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import assert_never

from base.errors import BadInput, NotFound
from graph.client import Transaction, TryAgain
from graph.repositories import call as call_repository
from graph.repositories import decision as decision_repository
from graph.repositories import identity as repository
from graph.repositories import review as review_repository
from graph.repositories.identity import ACTIVE, BLOCKED, SHARED, StoredIdentifier
from workers.decisions import imports
from workers.decisions.given import Given, give_back, lock, take_back
from workers.identity.observations import rebuild
from workers.identity.review import grown

# Of the calls by which people say what customers agree to.
PRIVACY_SOURCE = "kith:privacy"


class Kind(StrEnum):
    """Kinds of decisions that people make."""

    MUST_LINK = repository.MUST_LINK
    CANNOT_LINK = repository.CANNOT_LINK
    BLOCK = "BLOCK"
    UNBLOCK = "UNBLOCK"
    REVOKE_CALL = "REVOKE_CALL"
    REVOKE_IMPORT = "REVOKE_IMPORT"
    DISMISS = "DISMISS"
    ERASE = "ERASE"
    CONSENT = "CONSENT"
    RESTRICT = "RESTRICT"
    LIFT = "LIFT"
    UNDO = "UNDO"


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
            blocks = await decision_repository.list_blocks(tx, uids)
            return await set_aside(tx, uids, any(blocks.get(uid, False) for uid in uids), now_ms)
        case Kind.REVOKE_CALL:
            if subject is None:
                raise NotFound("This decision names no call.")
            return await (
                take_back(tx, [subject], decision, now_ms) if stands else _restore(tx, subject, decision, now_ms)
            )
        case Kind.REVOKE_IMPORT:
            return await imports.begin(tx, decision, now_ms)
        case Kind.DISMISS:
            return await _dismiss(tx, str(subject), stands)
        case Kind.ERASE:
            raise BadInput("An erasure cannot be undone: nothing is left of it.", hint="What comes from now on counts.")
        case Kind.CONSENT | Kind.RESTRICT | Kind.LIFT:
            return await _say(tx, str(subject).split("\n"), decision, stands, now_ms)
        case Kind.UNDO:
            raise BadInput("An undo is taken back by what it undid.")
        case _:
            assert_never(kind)


async def _say(tx: Transaction, calls: Sequence[str], decision: str, stands: bool, now_ms: int) -> Given:
    """Let what was said of consents count again, or be as if nobody had said it."""
    if not stands:
        return await take_back(tx, calls, decision, now_ms)
    await decision_repository.lock_source(tx, PRIVACY_SOURCE, now_ms)
    return await give_back(tx, calls, decision, now_ms)


async def _dismiss(tx: Transaction, item: str, dismissed: bool) -> Given:
    if not dismissed:
        await review_repository.settle(tx, item, review_repository.OPEN)
        return Given({})
    found = (await review_repository.list_true(tx, [item])).get(item)
    if found is not None:
        await review_repository.settle(tx, item, review_repository.DISMISSED, grown(found))
    return Given({})


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
    rehung = await rebuild(tx, moved | set(changing))
    status = BLOCKED if blocked else ACTIVE
    start = {uid: one._replace(status=status) if uid in uids else one for uid, one in start.items()}
    return Given(
        start | await _others(tx, moved - start.keys()),
        through=frozenset(start),
        rechecked=rechecked,
        unseen=frozenset(await call_repository.list_unseen(tx, start)),
        rehung=rehung,
    )


async def _restore(tx: Transaction, call: str, decision: str, now_ms: int) -> Given:
    found = await call_repository.find_call(tx, call)
    if found is None:
        raise NotFound("The call is gone: its person was erased.")
    await decision_repository.lock_source(tx, found.source, now_ms)
    return await give_back(tx, [call], decision, now_ms)


async def _others(tx: Transaction, uids: Collection[str]) -> dict[str, StoredIdentifier]:
    return await repository.get_identifiers(tx, uids) if uids else {}
