"""Who made a segment or tag, and who may see or change it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec

from graph.client import GraphClient, Transaction
from graph.queries import load

_SHARE_SEGMENT = load("sharing/share_segment")
_SHARE_TAG = load("sharing/share_tag")
_LIST_CLOSED = load("sharing/list_closed")
_LIST_CLOSED_KEYS = load("sharing/list_closed_keys")


class Visibility(StrEnum):
    """Who sees it: everybody; its owner and those it is shared with; its owner alone."""

    EVERYBODY = "EVERYBODY"
    SHARED = "SHARED"
    PRIVATE = "PRIVATE"


class Access(StrEnum):
    """What somebody may do with what is shared with them; who may change it sees it too."""

    VIEW = "VIEW"
    CHANGE = "CHANGE"


class GranteeKind(StrEnum):
    """What a grant names."""

    USER = "USER"
    ROLE = "ROLE"


class Grant(msgspec.Struct, frozen=True, gc=False):
    """What a principal (by id), or whoever has a role (by key), may do."""

    access: Access
    kind: GranteeKind
    name: str

    def __str__(self) -> str:
        """As it is stored."""
        return f"{self.access}:{self.kind}:{self.name}"

    @staticmethod
    def parse(stored: str) -> Grant:
        """The grant that was stored so."""
        access, kind, name = stored.split(":", 2)
        return Grant(Access(access), GranteeKind(kind), name)


class Sharing(msgspec.Struct, frozen=True):
    """Whose something is and who may see it.

    Args:
        owner: id of the principal; None for what nobody owns.
        grants: of visibility SHARED; none of the others.
    """

    owner: str | None = None
    visibility: Visibility = Visibility.EVERYBODY
    grants: tuple[Grant, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether everybody may see it."""
        return self.visibility is Visibility.EVERYBODY


# Of what was made before there were owners.
OPEN: Final = Sharing()


class ClosedKeys(msgspec.Struct, frozen=True):
    """Keys of segments and of tags that not everybody may see."""

    segments: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()


NOTHING_CLOSED: Final = ClosedKeys()


def sharing_of(owner: str | None, visibility: str | None, shared: Sequence[str] | None) -> Sharing:
    """What the properties of a node say."""
    if owner is None and visibility is None:
        return OPEN
    grants = tuple(Grant.parse(each) for each in shared or ())
    return Sharing(owner, Visibility(visibility or Visibility.EVERYBODY), grants)


def properties_of(sharing: Sharing) -> dict[str, Any]:
    """What a node has of it: only what is not everybody's has a visibility, so that an index of those stays small."""
    return {
        "owner": sharing.owner,
        "visibility": None if sharing.is_open else sharing.visibility.value,
        "shared": [str(each) for each in sharing.grants],
    }


class SharingRepository:
    """What readers of the log of changes need to know."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def list_closed(self) -> dict[str, Sharing | None]:
        """Segment key → sharing, of those that not everybody may see; None for one that was deleted."""
        found: dict[str, Sharing | None] = {}
        for row in await self._graph.read(_LIST_CLOSED):
            if row["visibility"] is None:
                found.setdefault(row["key"], None)
            else:
                found[row["key"]] = sharing_of(row["owner"], row["visibility"], row["shared"])
        return found

    async def list_closed_keys(self) -> ClosedKeys:
        """What statements of tags by SQL do not read."""
        rows = await self._graph.read(_LIST_CLOSED_KEYS)
        segments = frozenset(row["key"] for row in rows if row["what"] == "SEGMENT")
        return ClosedKeys(segments, frozenset(row["key"] for row in rows if row["what"] == "TAG"))


async def share_segment(tx: Transaction, *, key: str, sharing: Sharing, now_ms: int) -> None:
    """Share a segment as said, under the catalogue's lock; it must exist."""
    await tx.run(_SHARE_SEGMENT, key=key, **properties_of(sharing), now_ms=now_ms)


async def share_tag(tx: Transaction, *, key: str, sharing: Sharing, now_ms: int) -> None:
    """The same for a tag."""
    await tx.run(_SHARE_TAG, key=key, **properties_of(sharing), now_ms=now_ms)
