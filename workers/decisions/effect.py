"""What a decision does, or would do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from delivery.change import AnyChange, Change
from graph.repositories.identity import Component
from workers.decisions.imports import Planned
from workers.identity.outcome import Identified


class CustomerFate(StrEnum):
    """What becomes of a customer."""

    KEPT = "KEPT"
    CREATED = "CREATED"
    RETIRED = "RETIRED"
    RETURNED = "RETURNED"
    ERASED = "ERASED"


@dataclass(frozen=True, slots=True)
class CustomerEffect:
    """One customer that a decision concerns.

    Args:
        merged_into: its survivor, when it is retired and has one.
        gained, lost: uids.
        identifier_count: how many it has afterwards.
    """

    id: str
    fate: CustomerFate
    merged_into: str | None
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    identifier_count: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What a decision did, or would do.

    Args:
        decision: its id; None for a dry run.
        customers: those that are not as they were, by id.
        log: its changes of customers and segments, in order; those of a dry run have no meaningful positions.
        moved: uids of identifiers that had another owner at some time.
        background: the decision that goes on in the background, if one does.
        planned: what is left to it, when nothing was done yet.
        call_count: calls that an erasure deletes; None for every other decision.
    """

    decision: str | None
    customers: tuple[CustomerEffect, ...]
    log: tuple[AnyChange, ...]
    moved: frozenset[str] = frozenset()
    background: str | None = None
    planned: Planned | None = None
    call_count: int | None = None

    @property
    def changes(self) -> tuple[Change, ...]:
        """Those of segments."""
        return tuple(one for one in self.log if isinstance(one, Change))


def effect_on(component: Component, found: Identified) -> tuple[CustomerEffect, ...]:
    """The customers of a component that are not as they were, by id."""
    before: dict[str, set[str]] = {}
    after: dict[str, set[str]] = {}
    for uid, one in component.identifiers.items():
        if one.customer is not None:
            before.setdefault(one.customer, set()).add(uid)
        owner = found.owners.get(uid)
        if owner is not None:
            after.setdefault(owner, set()).add(uid)
    effects: list[CustomerEffect] = []
    for customer in sorted(before.keys() | after.keys()):
        had, has = before.get(customer, set()), after.get(customer, set())
        fate = _fate(customer, found)
        if had != has or fate is not CustomerFate.KEPT:
            effects.append(
                CustomerEffect(
                    customer,
                    fate,
                    found.retired.get(customer),
                    tuple(sorted(has - had)),
                    tuple(sorted(had - has)),
                    len(has),
                )
            )
    return tuple(effects)


def _fate(customer: str, found: Identified) -> CustomerFate:
    if customer in found.created:
        return CustomerFate.CREATED
    if customer in found.retired:
        return CustomerFate.RETIRED
    return CustomerFate.RETURNED if customer in found.returned else CustomerFate.KEPT
