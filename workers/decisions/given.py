"""What a decision leaves to the resolver, and how calls are taken back and given back for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from graph.client import Transaction
from graph.repositories import call as call_repository
from graph.repositories import identity as repository
from graph.repositories.call import HungCalls
from graph.repositories.identity import StoredIdentifier
from workers.identity.observations import rebuild
from workers.identity.sharing import part_shared


@dataclass(frozen=True, slots=True)
class Given:
    """What the resolver has to look at anew.

    Args:
        start: locked identifiers.
        through: of them, those to walk through though they take part in no links.
        rechecked: of them, those that may be shared no more.
        unseen: of them, those that no call shows.
        rehung: identifiers that other calls hang on than before.
        call_count: calls that were taken back or count again.
        imported: the decision about a source that goes on in the background.
        planned: whether all of it is left to the background.
        whole: whether everything that the customers concerned have must have been reached; see `Unreached`.
    """

    start: dict[str, StoredIdentifier]
    through: frozenset[str] = frozenset()
    rechecked: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    rehung: frozenset[str] = frozenset()
    call_count: int = 0
    imported: str | None = None
    planned: bool = False
    whole: bool = False


class Unreached(Exception):
    """In a graph that is wrong, customers have identifiers that the walk over evidence does not reach.

    Args:
        uids: of them; to be looked at together with the others.
    """

    def __init__(self, uids: frozenset[str]):
        super().__init__()
        self.uids = uids


async def lock(tx: Transaction, uids: Collection[str], now_ms: int) -> dict[str, StoredIdentifier]:
    """Identifiers under their write locks; unknown uids are missing."""
    namespaces = {uid: one.namespace for uid, one in (await repository.get_identifiers(tx, uids)).items()}
    rows = [repository.LockRow(uid=uid, namespace=namespaces[uid], cipher=None) for uid in sorted(namespaces)]
    return await repository.lock_identifiers(tx, rows, now_ms)


async def take_back(tx: Transaction, calls: Sequence[str], decision: str, now_ms: int) -> Given:
    """Take calls back that a decision names."""
    start = await lock(tx, await call_repository.get_uids(tx, calls), now_ms)
    return await _recounted(tx, start, await call_repository.withdraw_calls(tx, calls, decision))


async def give_back(tx: Transaction, calls: Sequence[str], decision: str, now_ms: int) -> Given:
    """Let calls count again that a decision took back, as far as no other takes them back; their source is locked."""
    start = await lock(tx, await call_repository.get_uids(tx, calls), now_ms)
    return await _recounted(tx, start, await call_repository.restore_calls(tx, calls, decision))


async def _recounted(tx: Transaction, start: dict[str, StoredIdentifier], hung: HungCalls) -> Given:
    """Everything that is derived from the calls of these identifiers, derived again."""
    await call_repository.recount_evidence(tx, hung.evidence)
    rehung = await rebuild(tx, hung.uids)
    await call_repository.set_seen(tx, start)
    return replace(await as_of_now(tx, start), rehung=rehung, call_count=hung.call_count)


async def as_of_now(tx: Transaction, uids: Iterable[str]) -> Given:
    """Identifiers, which are locked, as they are after calls of theirs changed."""
    now = await repository.get_identifiers(tx, uids)
    through, rechecked = await part_shared(tx, now)
    return Given(
        now, through=through, rechecked=rechecked, unseen=frozenset(await call_repository.list_unseen(tx, now))
    )
