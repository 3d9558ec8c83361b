"""What is given to the resolver: sets of identifiers that were seen together, and what people decided. Pure data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from graph.identity.policy import IdentityPolicy


@dataclass(frozen=True, slots=True)
class SeenTogether:
    """One distinct set of identifiers from one source, with the event times at which it was seen.

    Args:
        key: names the set and its source.
        members: uid → whether the call vouched for the value.
        first_at, last_at: event times, ms.
        count: how often it was seen.
    """

    key: str
    members: Mapping[str, bool]
    first_at: int
    last_at: int
    count: int = 1


@dataclass(frozen=True, slots=True)
class MustLink:
    """Somebody decided that two identifiers are of one person."""

    decision: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class CannotLink:
    """Somebody decided that none of `left` is of the person who has any of `right`."""

    decision: str
    left: frozenset[str]
    right: frozenset[str]

    def separates(self, a: str, b: str) -> bool:
        """Whether two identifiers are on its two sides."""
        return (a in self.left and b in self.right) or (a in self.right and b in self.left)


@dataclass(frozen=True, slots=True)
class Decided:
    """Everything that people decided about the identifiers of a component."""

    must: tuple[MustLink, ...] = ()
    cannot: tuple[CannotLink, ...] = ()


NOTHING_DECIDED = Decided()


def evidence_key(source: str, members: Iterable[tuple[str, bool]]) -> str:
    """What names a set of (uid, whether the call vouched for it) from a source; the same in any order."""
    texts = sorted(f"{uid}\x00{verified:d}" for uid, verified in members)
    return blake2b("\x01".join([source, *texts]).encode(), digest_size=15).hexdigest()


def strongest(members: Mapping[str, bool], namespaces: Mapping[str, str], policy: IdentityPolicy) -> str:
    """The member with the best rank; equal ranks by uid. `members` is not empty."""
    return min(members, key=lambda uid: (policy.of(namespaces[uid], members[uid]).rank, uid))
