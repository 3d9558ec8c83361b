"""Who held the identifiers of a component when, with the times of sightings that have to be looked up for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from graph.client import Transaction
from graph.identity.evidence import Decided
from graph.identity.ownership import Ownership, Stretches
from graph.identity.policy import IdentityPolicy
from graph.identity.resolve import Resolution
from graph.repositories import identity as repository
from graph.repositories.identity import TimesRow


async def read_ownership(
    tx: Transaction,
    resolution: Resolution,
    namespaces: Mapping[str, str],
    decided: Decided,
    policy: IdentityPolicy,
    fresh: Mapping[str, Collection[int]],
) -> Ownership:
    """Stretches of every identifier. Calls are read only where the sightings of two customers interleave.

    Args:
        fresh: evidence key → event times (ms) of calls that the graph does not have yet.
    """
    times: dict[str, set[int]] = {}
    stretches = Stretches(resolution, namespaces, policy, decided)
    while (found := stretches.follow(times)).unknown:
        rows = [
            TimesRow(centre=star.centre, key=star.seen.key, first_at=star.seen.first_at, last_at=star.seen.last_at)
            for star in resolution.stars
            if star.seen.key in found.unknown
        ]
        stored = await repository.get_times(tx, rows)
        for row in rows:
            times[row["key"]] = stored.get(row["key"], set()) | set(fresh.get(row["key"], ()))
    return found
