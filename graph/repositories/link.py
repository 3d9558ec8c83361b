"""Links between identifiers, as the last resolution left them: accepted, rejected or revoked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypedDict

from graph.client import Transaction
from graph.identity.resolve import Link
from graph.queries import load
from graph.repositories.identity import Component, stored_link

_GET_AMONG = load("link/get_among")


class LinkRow(TypedDict):
    """A link to write."""

    a: str
    b: str
    status: str
    reason: str | None
    blocking: list[str] | None
    first_at: int
    last_at: int
    count: int
    evidence: list[str]
    decision: str | None


class LinkChanges(NamedTuple):
    """Links to write, and those that are rejected now and were not before."""

    rows: list[LinkRow]
    rejected: list[Link]


async def compare(tx: Transaction, component: Component, links: Iterable[Link]) -> LinkChanges:
    """The links of a resolution that differ from the stored ones.

    Times alone make no difference: those of the evidence are the ones that are shown, and every link of a component
    would be written each time that it is resolved.
    """
    # New ones have none. The walk met nearly all others.
    among = {uid for uid, one in component.identifiers.items() if one.holds}
    stored = component.links
    if apart := sorted(among - component.met):
        rest = (await tx.run(_GET_AMONG, uids=apart))[0]["links"]
        stored = stored | {(a, b): stored_link(*link) for a, b, *link in rest}
    rows: list[LinkRow] = []
    newly_rejected: list[Link] = []
    wanted: set[tuple[str, str]] = set()
    for link in links:
        ends = link.a, link.b
        wanted.add(ends)
        status = "accepted" if link.rejected is None else "rejected"
        before = stored.get(ends)
        if before == (status, link.rejected, link.count, link.blocking):
            continue
        if link.rejected is not None and (before is None or before.status != "rejected"):
            newly_rejected.append(link)
        rows.append(_row(link, status))
    # A link that nothing speaks for any more: its evidence was taken back, or an end takes part in no links.
    rows += [
        _row(Link(a, b, 0, 0, 0, (), None, None), "revoked")
        for (a, b), before in stored.items()
        if (a, b) not in wanted and before.status != "revoked" and a in among and b in among
    ]
    return LinkChanges(rows, newly_rejected)


def new_rows(links: Iterable[Link]) -> list[LinkRow]:
    """Links that are to be written whatever is stored."""
    return [_row(link, "accepted" if link.rejected is None else "rejected") for link in links]


def _row(link: Link, status: str) -> LinkRow:
    return LinkRow(
        a=link.a,
        b=link.b,
        status=status,
        reason=link.rejected,
        blocking=list(link.blocking) if link.blocking else None,
        first_at=link.first_at,
        last_at=link.last_at,
        count=link.count,
        evidence=list(link.evidence),
        decision=link.decision,
    )
