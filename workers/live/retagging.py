"""Gives a tag other values that nobody computes of one customer, with what follows from them, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from base import clock
from graph.client import Transaction
from rules.needs import tag_name
from workers.live.catalogue import Catalogue
from workers.live.context import LiveContext
from workers.live.evaluation import AnyFlip, TagFlip, Touched, earliest_asked, evaluate_customer
from workers.live.facts import load_states
from workers.live.outbox import close
from workers.live.reevaluate import Reevaluated
from workers.live.state import CustomerState

# (customer, now in ms) → the change, made in the state too; None when its value stays.
Retag = Callable[[CustomerState, int], TagFlip | None]


@dataclass(frozen=True, slots=True)
class Retagged:
    """How many customers have another value, and what to publish and keep."""

    count: int
    done: Reevaluated


async def retag(
    tx: Transaction,
    live: LiveContext,
    catalogue: Catalogue,
    swept_ms: int,
    versions: dict[str, int],
    tag: str,
    change: Retag,
    *,
    keep: bool = True,
) -> Retagged:
    """Change a tag of locked customers, and evaluate whatever reads it.

    Args:
        versions: customer → version after this transaction counted it up.
        keep: load everything that any rule reads, so that states can be kept; otherwise what the tag's readers read.
    """
    now_ms = clock.now_ms()
    keys = catalogue.with_related({tag_name(tag)})
    from_ms = earliest_asked(swept_ms, now_ms)
    if keep:
        states: Mapping[str, CustomerState] = await live.states(tx, versions, sorted(versions), catalogue, from_ms)
    else:
        states = await load_states(tx, sorted(versions), catalogue, live.keyring, from_ms, keys)
    flips: list[AnyFlip] = []
    count = 0
    for state in states.values():
        flip = change(state, now_ms)
        if flip is not None:
            count += 1
            flips.append(flip)
            flips += evaluate_customer(catalogue, state, keys, Touched(unplaced=True, cause="TAG"), swept_ms, now_ms)

    def evaluate_on(from_ms: int, until_ms: int) -> list[AnyFlip]:
        return [
            flip
            for state in states.values()
            for flip in evaluate_customer(catalogue, state, keys, Touched(), from_ms, until_ms)
        ]

    changes = await close(tx, live, catalogue, flips, now_ms, evaluate_on)
    return Retagged(count, Reevaluated(changes, list(states.values()) if keep else []))
