"""Links between identifiers, as the last resolution left them: accepted, rejected or revoked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from graph.client import Transaction
from graph.identity.resolve import Link
from graph.queries import load

_GET_AMONG = load("link/get_among")
_WRITE_MANY = load("link/write_many")


async def write_many(tx: Transaction, uids: Sequence[str], links: Iterable[Link], policy_version: int) -> list[Link]:
    """Write the links that differ from the stored ones.

    Times alone make no difference: those of the evidence are the ones that are shown, and every link of a component
    would be written each time that it is resolved.

    Returns:
        Links that are rejected now and were not before.
    """
    links_before = (await tx.run(_GET_AMONG, uids=uids))[0]["links"] if uids else ()
    stored = {
        (a, b): (status, reason, count, tuple(blocking) if blocking else None)
        for a, b, status, reason, count, blocking in links_before
    }
    among = set(uids)
    rows: list[dict[str, Any]] = []
    newly_rejected: list[Link] = []
    wanted: set[tuple[str, str]] = set()
    for link in links:
        wanted.add((link.a, link.b))
        status = "accepted" if link.rejected is None else "rejected"
        before = stored.get((link.a, link.b))
        if before == (status, link.rejected, link.count, link.blocking):
            continue
        if link.rejected is not None and (before is None or before[0] != "rejected"):
            newly_rejected.append(link)
        rows.append(
            {
                "a": link.a,
                "b": link.b,
                "status": status,
                "reason": link.rejected,
                "blocking": list(link.blocking) if link.blocking else None,
                "first_at": link.first_at,
                "last_at": link.last_at,
                "count": link.count,
                "evidence": list(link.evidence),
                "decision": link.decision,
            }
        )
    # A link that nothing speaks for any more: its evidence was taken back, or an end takes part in no links.
    rows += [
        {"a": a, "b": b, "status": "revoked", "reason": None, "blocking": None, "first_at": 0, "last_at": 0,
         "count": 0, "evidence": [], "decision": None}
        for (a, b), (status, *_) in stored.items()
        if (a, b) not in wanted and status != "revoked" and a in among and b in among
    ]  # fmt: skip
    if rows:
        await tx.run(_WRITE_MANY, rows=sorted(rows, key=lambda row: (row["a"], row["b"])), rule_version=policy_version)
    return newly_rejected
