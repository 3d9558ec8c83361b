"""The report of an erasure: what was removed where, and what is still open. It holds nothing of the person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from graph.client import GraphClient
from graph.repositories.decision import DONE
from graph.repositories.erasure import Place, find_report


@dataclass(frozen=True, slots=True)
class PlaceReport:
    """A place where a person can be; `done_at_ms` is None while something may be left there."""

    place: Place
    removed: int | None
    done_at_ms: int | None


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """What is kept as proof.

    Args:
        customer_ids: ids that nobody has any more.
        state: DONE when everything is gone; a place that nobody owns stays open all the same.
        ids_told_until_ms: until when the change log names these ids.
    """

    decision_id: str
    customer_ids: Sequence[str]
    requested_at_ms: int
    author: str
    reason: str
    state: str
    done_at_ms: int | None
    places: Sequence[PlaceReport]
    ids_told_until_ms: int


async def report(graph: GraphClient, decision: str, change_retention_days: int) -> ErasureReport | None:
    """The report of an erasure; None when there is none of that id.

    Args:
        change_retention_days: how long the change log is kept.
    """
    found = await find_report(graph, decision)
    if found is None:
        return None
    places = [
        PlaceReport(place, one.removed if one else None, one.at_ms if one else None)
        for place in Place
        for one in (found.places.get(place),)
    ]
    done = [one.done_at_ms for one in places if one.done_at_ms is not None]
    return ErasureReport(
        decision_id=decision,
        customer_ids=found.customers,
        requested_at_ms=found.at_ms,
        author=found.author,
        reason=found.reason,
        state=found.state,
        done_at_ms=max(done, default=None) if found.state == DONE else None,
        places=places,
        ids_told_until_ms=found.at_ms + timedelta(days=change_retention_days) // timedelta(milliseconds=1),
    )
