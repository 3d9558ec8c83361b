"""Random streams of evidence: persons, devices, kiosks, contacts that change hands, values nobody vouched for.

Pools are small, so that limits, shared identifiers and equal times are met all the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

from graph.identity.evidence import SeenTogether

# Namespace → how many values there are. More e-mails than one customer may have, more members than a device may see.
POOLS = {
    "user_id": 5,
    "crm:shop": 3,
    "wx_unionid": 3,
    "phone": 4,
    "email": 7,
    "wx_openid:A": 3,
    "wx_openid:B": 2,
    "device_id": 2,
    "anonymous_id": 3,
    "loyalty_card": 2,
}
# Two values of one of these in one call go to the quarantine and never become evidence.
ONE_A_CALL = frozenset({"user_id", "crm:shop", "wx_unionid"})
DOUBTFUL = frozenset({"phone", "email"})


@dataclass(frozen=True)
class Sighting:
    """What one call says: uid → whether it vouches for it, and when."""

    members: tuple[tuple[str, bool], ...]
    at: int

    @property
    def key(self) -> str:
        """The name of the evidence set."""
        return " ".join(f"{uid}{'' if verified else '?'}" for uid, verified in self.members)


def namespace_of(uid: str) -> str:
    """Uids of these streams begin with their namespace."""
    return uid.partition("|")[0]


def namespaces_of(sightings: Iterable[Sighting]) -> dict[str, str]:
    """Every identifier that was seen, with its namespace."""
    return {uid: namespace_of(uid) for one in sightings for uid, _ in one.members}


def evidence_of(sightings: Iterable[Sighting]) -> list[SeenTogether]:
    """The distinct sets with first and last time, as the graph counts them."""
    found: dict[str, SeenTogether] = {}
    for one in sightings:
        known = found.get(one.key)
        first = one.at if known is None else min(known.first_at, one.at)
        last = one.at if known is None else max(known.last_at, one.at)
        count = 1 if known is None else known.count + 1
        found[one.key] = SeenTogether(one.key, dict(one.members), first, last, count)
    return list(found.values())


def sighting(members: Mapping[str, bool], at: int) -> Sighting:
    """A sighting with its members in one order."""
    return Sighting(tuple(sorted(members.items())), at)


TIMES = st.integers(0, 9)


@st.composite
def _anything(draw: st.DrawFn) -> Sighting:
    namespaces = draw(st.lists(st.sampled_from(sorted(POOLS)), min_size=1, max_size=3))
    members: dict[str, bool] = {}
    taken: set[str] = set()
    for namespace in namespaces:
        if namespace in taken and namespace in ONE_A_CALL:
            continue
        taken.add(namespace)
        number = draw(st.integers(0, POOLS[namespace] - 1))
        members[f"{namespace}|{number}"] = namespace not in DOUBTFUL or draw(st.integers(0, 2)) > 0
    return sighting(members, draw(TIMES))


def _pairs(one: str, other: str, vouched: st.SearchStrategy[bool]) -> st.SearchStrategy[Sighting]:
    """Sightings of one fixed identifier with any value of a namespace."""
    return st.builds(
        lambda number, verified, at: sighting({one: verified, f"{other}|{number}": True}, at),
        st.integers(0, POOLS[other] - 1),
        vouched,
        TIMES,
    )


# A kiosk sees many members, a phone changes hands, an e-mail is typed in by whoever, a device is signed in and out.
_KIOSK = _pairs("device_id|0", "user_id", st.just(True))
_PHONE = _pairs("phone|0", "user_id", st.booleans())
_TYPED = _pairs("email|0", "anonymous_id", st.just(False))
_CARRIED = _pairs("phone|0", "email", st.just(True))
_MANY_PHONES = _pairs("user_id|0", "phone", st.just(True))
SIGHTINGS = st.one_of(_anything(), _anything(), _anything(), _KIOSK, _PHONE, _TYPED, _CARRIED, _MANY_PHONES)
STREAMS = st.lists(SIGHTINGS, min_size=1, max_size=14)
