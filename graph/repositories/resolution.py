"""Writes what a resolution changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict

from graph.client import Transaction
from graph.queries import load
from graph.repositories.link import LinkRow

_WRITE = load("identity/write_resolution")


class HoldsRow(TypedDict):
    """How the stretches of an identifier change: starts to remove, and [start, end, via, customer, whole] to add."""

    uid: str
    remove: list[int]
    add: list[tuple[int, int | None, str, str, bool]]


class RetiredRow(TypedDict):
    """A customer that exists no longer, its survivor if it has one, and the identifiers that both had."""

    retired: str
    survivor: str | None
    had: list[str]
    kept: list[str]


class DecisionRow(TypedDict):
    """One line of the decision log."""

    id: str
    kind: str
    at: int
    customer: str
    other: str | None
    a: str | None
    b: str | None
    reason: str | None
    evidence: str | None


@dataclass(frozen=True, slots=True)
class ResolutionRows:
    """What to write, in any order.

    Args:
        created: ids of new customers.
    """

    created: Iterable[str] = ()
    retired: Iterable[RetiredRow] = ()
    holds: Iterable[HoldsRow] = ()
    links: Iterable[LinkRow] = ()
    decisions: Iterable[DecisionRow] = ()


async def write(tx: Transaction, rows: ResolutionRows, policy_version: int, at: int) -> None:
    """Write everything in one statement: a round trip costs more than most of what there is to write.

    Args:
        at: now, ms.
    """
    created, retired = sorted(rows.created), sorted(rows.retired, key=lambda row: row["retired"])
    holds = sorted(rows.holds, key=lambda row: row["uid"])
    tx.touched.customers.update(created, (row["retired"] for row in retired))
    tx.touched.owned.update(row["uid"] for row in holds)
    parameters = {
        "created": created,
        "retired": retired,
        "holds": holds,
        "links": sorted(rows.links, key=lambda row: (row["a"], row["b"])),
        "decisions": list(rows.decisions),
    }
    if any(parameters.values()):
        await tx.run(_WRITE, **parameters, policy_version=policy_version, at=at)
