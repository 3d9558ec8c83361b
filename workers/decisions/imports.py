"""Takes back all calls of a source, and gives them back: at once where they are few, else page by page.

What is still to be done is noted on the decision, in the transaction that does a part of it: whoever carries it on
begins where that was, and doing a page twice does nothing. A pass goes over all identifiers; it is repeated until one
finds nothing, since calls may be applied late, or be hung over to an identifier that the pass is done with.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from graph.client import Transaction
from graph.repositories import call as call_repository
from graph.repositories import decision as decision_repository
from graph.repositories import identity as repository
from graph.repositories.call import ImportedCall, ImportedCalls
from graph.repositories.decision import DONE, RUNNING, LockedDecision, Work
from workers.decisions.given import Given, give_back, take_back

# One transaction, 2.5 s on a small machine, while whoever decided waits: GraphQL gives it 10 s.
MAX_AT_ONCE_CALLS = 1_000
# A page keeps its customers locked: about half a second.
PAGE_CALLS = 100
# Identifiers seen together are done together, so that everybody gets the id back that they had; up to these numbers.
MAX_TOGETHER_CALLS = 1_000
MAX_TOGETHER_IDENTIFIERS = 5_000
PAGE_IDENTIFIERS = 2_000
# How long one transaction looks for calls, and how long a dry run counts.
LOOK_FOR_S = 2.0
COUNT_FOR_S = 5.0


@dataclass(frozen=True, slots=True)
class Planned:
    """What is left to the background.

    Args:
        decision: whose calls they are.
        customer_count: who has the identifiers now on which the calls hang or hung.
        complete: whether all were counted; else there are more.
    """

    decision: str
    call_count: int = 0
    identifier_count: int = 0
    customer_count: int = 0
    complete: bool = False


@dataclass(frozen=True, slots=True)
class _Page:
    """Calls to do in one transaction, none when none were found in time; `after` is None at the end of the pass."""

    calls: Sequence[str]
    after: str | None
    looked_at_count: int


async def begin(tx: Transaction, decision: str, now_ms: int) -> Given:
    """Let a stored decision take effect, or be taken back, as `active` says: all at once where it is little."""
    found = await _locked(tx, decision, now_ms)
    assert found is not None, "decisions begin after they are written"
    await decision_repository.begin_work(tx, decision)
    calls = await _few(tx, _calls(decision, found))
    if calls is None:
        return Given({}, imported=decision, planned=True)
    given = await _do(tx, decision, found, calls, now_ms)
    done = _counted(found, given)
    await decision_repository.set_work(tx, decision, Work(RUNNING, None, 0, 0, 0, False, done))
    return replace(given, imported=decision)


async def carry_on(tx: Transaction, decision: str, applied_until_ms: int, now_ms: int) -> Given | None:
    """Do the next page of a decision; None when there is nothing to do, or not yet, or no such decision.

    Args:
        applied_until_ms: all calls received until then have been applied.
    """
    found = await _locked(tx, decision, now_ms)
    if found is None or found.work is None or found.work.state != RUNNING:
        return None
    work = found.work
    if work.after is None:
        closing = not found.active or applied_until_ms >= found.at_ms
        if work.pass_count and not closing:
            return None
        work = work._replace(after="", looked_at_count=0, found_count=0, closing=closing)
    page = await _next(tx, _calls(decision, found), work.after or "")
    given = await _do(tx, decision, found, page.calls, now_ms)
    work = work._replace(
        after=page.after,
        looked_at_count=work.looked_at_count + page.looked_at_count,
        found_count=work.found_count + given.call_count,
        call_count=_counted(found, given),
    )
    if page.after is None:
        done = work.closing and not work.found_count
        work = work._replace(state=DONE if done else RUNNING, pass_count=work.pass_count + 1)
    await decision_repository.set_work(tx, decision, work)
    return replace(given, imported=decision)


async def count(tx: Transaction, decision: str, now_ms: int) -> Planned:
    """How many calls a decision takes back, or gives back, as far as they are counted in time."""
    decided = await _locked(tx, decision, now_ms)
    assert decided is not None, "decisions begin after they are written"
    of, found, customers = _calls(decision, decided), Planned(decision), set[str]()
    after, until_s = "", time.monotonic() + COUNT_FOR_S
    while uids := await repository.page_uids(tx, after, PAGE_IDENTIFIERS):
        if time.monotonic() > until_s:
            return replace(found, customer_count=len(customers))
        some = await call_repository.count_of_import(tx, of, uids)
        customers.update(some.customers)
        found = replace(
            found,
            call_count=found.call_count + some.call_count,
            identifier_count=found.identifier_count + some.identifier_count,
        )
        after = uids[-1]
    return replace(found, customer_count=len(customers), complete=True)


async def _locked(tx: Transaction, decision: str, now_ms: int) -> LockedDecision | None:
    """The decision, then its source, locked: so which decisions stand on its calls stays as it is."""
    found = await decision_repository.find_locked(tx, decision, now_ms)
    if found is not None:
        await decision_repository.lock_source(tx, str(found.subject), now_ms)
    return found


def _calls(decision: str, found: LockedDecision) -> ImportedCalls:
    return ImportedCalls(str(found.subject), found.at_ms, None if found.active else decision)


async def _do(tx: Transaction, decision: str, found: LockedDecision, calls: Sequence[str], now_ms: int) -> Given:
    if not calls:
        return Given({})
    return await (take_back if found.active else give_back)(tx, calls, decision, now_ms)


def _counted(found: LockedDecision, given: Given) -> int:
    before = found.work.call_count if found.work else 0
    return before + given.call_count if found.active else before - given.call_count


async def _few(tx: Transaction, of: ImportedCalls) -> list[str] | None:
    """All calls, unless they are many or take long to find."""
    calls: list[str] = []
    after, until_s = "", time.monotonic() + LOOK_FOR_S
    while uids := await repository.page_uids(tx, after, PAGE_IDENTIFIERS):
        calls += [
            call.id for call in await call_repository.list_of_import(tx, of, uids, MAX_AT_ONCE_CALLS + 1 - len(calls))
        ]
        if len(calls) > MAX_AT_ONCE_CALLS or time.monotonic() > until_s:
            return None
        after = uids[-1]
    return calls


async def _next(tx: Transaction, of: ImportedCalls, after: str) -> _Page:
    """The next calls of a pass, with those of everybody who was seen together with theirs."""
    looked_at, until_s = 0, time.monotonic() + LOOK_FOR_S
    while uids := await repository.page_uids(tx, after, PAGE_IDENTIFIERS):
        first = await call_repository.list_of_import(tx, of, uids, PAGE_CALLS)
        if first:
            calls = await _together(tx, of, first)
            # Those that are left are found again from the same identifier on.
            if len(first) < PAGE_CALLS and {call.id for call in first} <= set(calls):
                return _Page(calls, uids[-1], looked_at + len(uids))
            return _Page(calls, after, looked_at)
        after = uids[-1]
        looked_at += len(uids)
        if time.monotonic() > until_s:
            return _Page((), after, looked_at)
    return _Page((), None, looked_at)


async def _together(tx: Transaction, of: ImportedCalls, first: Sequence[ImportedCall]) -> list[str]:
    """Calls with all others of their components; where these are too many, those of the first alone."""
    for begin in ({call.uid for call in first}, {first[0].uid}):
        uids = await _component(tx, begin)
        found = await call_repository.list_of_import(tx, of, sorted(uids), MAX_TOGETHER_CALLS)
        if len(found) < MAX_TOGETHER_CALLS:
            break
    return [call.id for call in found]


async def _component(tx: Transaction, uids: Iterable[str]) -> set[str]:
    """Identifiers with all that were ever seen together with them, as far as these are not too many."""
    found = set(uids)
    frontier = found
    while frontier and len(found) < MAX_TOGETHER_IDENTIFIERS:
        frontier = await repository.list_neighbours(tx, frontier) - found
        found = found | frontier
    return found
