"""What a set of identifiers says: its strongest member was seen with each of the others. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from graph.identity.evidence import SeenTogether
from graph.identity.policy import IdentifierClass, IdentityPolicy, NamespacePolicy


class Ray(NamedTuple):
    """One of the others.

    Args:
        device_end: one of the two is a device.
        weak: a device, or a contact that the call did not vouch for.
    """

    uid: str
    device_end: bool
    rank_sum: int
    weak: bool


class Star(NamedTuple):
    """A set and its strongest member (rank, then uid) that is not shared."""

    centre: str
    seen: SeenTogether
    rays: tuple[Ray, ...]


def find_stars(
    namespaces: Mapping[str, str], sets: Iterable[SeenTogether], shared: frozenset[str], policy: IdentityPolicy
) -> tuple[Star, ...]:
    """The stars of sets over these identifiers; a set of which less than two members are not shared has none."""
    return tuple(star for seen in sets if (star := _star(namespaces, seen, shared, policy)) is not None)


def _star(
    namespaces: Mapping[str, str], seen: SeenTogether, shared: frozenset[str], policy: IdentityPolicy
) -> Star | None:
    found: list[tuple[int, str, NamespacePolicy]] = []
    for uid, verified in seen.members.items():
        if uid not in shared:
            own = policy.of(namespaces[uid], verified)
            found.append((own.rank, uid, own))
    if len(found) < 2:
        return None
    best = min(found)
    rank, centre, strongest = best
    device = strongest.identifier_class is IdentifierClass.DEVICE
    weak = device or strongest.identifier_class is IdentifierClass.CONTACT
    rays: list[Ray] = []
    for one in found:
        if one is not best:
            own_class = one[2].identifier_class
            device_end = device or own_class is IdentifierClass.DEVICE
            rays.append(
                Ray(one[1], device_end, rank + one[0], weak or device_end or own_class is IdentifierClass.CONTACT)
            )
    return Star(centre, seen, tuple(rays))
