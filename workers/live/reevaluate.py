"""Evaluates chosen rules for chosen customers in one transaction: builds and the sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from base import clock
from delivery.change import AnyChange, CauseKind
from graph.client import Transaction
from graph.repositories import apply as apply_repository
from workers.live.context import LiveContext
from workers.live.evaluation import AnyFlip, Touched, earliest_asked, evaluate_customer
from workers.live.facts import load_states
from workers.live.outbox import close
from workers.live.state import CustomerState


@dataclass(slots=True)
class Reevaluated:
    """Changes to publish and states to keep after the commit."""

    changes: list[AnyChange] = field(default_factory=list)
    states: list[CustomerState] = field(default_factory=list)


async def reevaluate(
    tx: Transaction,
    live: LiveContext,
    rules_of: Mapping[str, Sequence[str]],
    cause: CauseKind,
    *,
    until_ms: int | None = None,
    after_ms: int | None = None,
    keep: bool = True,
) -> Reevaluated:
    """Evaluate rules and write what changed.

    Args:
        rules_of: customer → keys of rules; those that they read and that read them are evaluated too.
        cause: TIME for a sweep; what else asks for the evaluation (RULE, IMPORT) otherwise.
        keep: load everything that any rule reads, so that the states can be kept; otherwise what these rules read.
        after_ms, until_ms: for a sweep, the range of instants to look at; else the answer of now is taken.
    """
    # Whoever asks found them without a lock: nobody enters a segment who was merged since.
    versions = await apply_repository.lock_living(tx, sorted(rules_of), clock.now_ms())
    catalogue, swept_ms = await live.current(tx)
    now_ms = clock.now_ms()
    if until_ms is not None:
        now_ms = min(now_ms, until_ms)
    keys = {customer: catalogue.with_related(set(rules_of[customer])) for customer in versions}
    from_ms = earliest_asked(swept_ms if after_ms is None else after_ms, now_ms)
    if keep:
        states = await live.states(tx, versions, sorted(versions), catalogue, from_ms)
    else:
        asked = {key for rules in keys.values() for key in rules}
        states = await load_states(tx, sorted(versions), catalogue, live.keyring, from_ms, asked)
    flips: list[AnyFlip] = []
    for customer, state in states.items():
        touched = Touched(unplaced=after_ms is None, cause=cause)
        start_ms = swept_ms if after_ms is None else after_ms
        flips += evaluate_customer(catalogue, state, keys[customer], touched, start_ms, now_ms)

    def evaluate_on(from_ms: int, to_ms: int) -> list[AnyFlip]:
        return [
            flip
            for customer, state in states.items()
            for flip in evaluate_customer(catalogue, state, keys[customer], Touched(), from_ms, to_ms)
        ]

    changes = await close(tx, live, catalogue, flips, now_ms, evaluate_on)
    return Reevaluated(changes, list(states.values()) if keep else [])
