"""Who held the identifiers of a component when, with the times of sightings that have to be looked up for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from graph.client import Transaction
from graph.identity.evidence import Decided, SeenTogether, strongest
from graph.identity.ownership import Ownership, ownership
from graph.identity.policy import IdentityPolicy
from graph.identity.resolve import Resolution
from graph.repositories import identity as repository
from graph.repositories.identity import TimesRow


async def read_ownership(
    tx: Transaction,
    resolution: Resolution,
    namespaces: Mapping[str, str],
    sets: Sequence[SeenTogether],
    decided: Decided,
    policy: IdentityPolicy,
    fresh: Mapping[str, Collection[int]],
) -> Ownership:
    """Stretches of every identifier. Calls are read only where the sightings of two customers interleave.

    Args:
        sets: over these identifiers alone.
        fresh: evidence key → event times (ms) of calls that the graph does not have yet.
    """
    times: dict[str, set[int]] = {}
    found = ownership(resolution, namespaces, sets, policy, decided, times)
    while found.unknown:
        rows = [_row(seen, resolution, namespaces, policy) for seen in sets if seen.key in found.unknown]
        stored = await repository.get_times(tx, rows)
        for row in rows:
            times[row["key"]] = stored.get(row["key"], set()) | set(fresh.get(row["key"], ()))
        found = ownership(resolution, namespaces, sets, policy, decided, times)
    return found


def _row(seen: SeenTogether, resolution: Resolution, namespaces: Mapping[str, str], policy: IdentityPolicy) -> TimesRow:
    members = {uid: verified for uid, verified in seen.members.items() if uid not in resolution.shared}
    return TimesRow(
        centre=strongest(members, namespaces, policy), key=seen.key, first_at=seen.first_at, last_at=seen.last_at
    )
