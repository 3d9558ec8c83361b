"""What somebody may see and change of the segments and tags that people made. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from access.permissions import Permission
from access.principal import ADMIN_TOKEN, Principal
from graph.repositories.sharing import Access, Grant, GranteeKind, Sharing


class Reach(StrEnum):
    """How far somebody's hands go, apart from permissions: OWN is to share it too."""

    VIEW = "VIEW"
    CHANGE = "CHANGE"
    OWN = "OWN"


class Viewer:
    """Somebody as sharing sees them.

    Who holds `users:change` sees everything: whoever says who may do what could let themselves in anyway.
    """

    __slots__ = ("_changes", "_names", "_sees_all", "principal")

    def __init__(self, principal: Principal):
        self.principal = principal
        self._sees_all = Permission.USERS_CHANGE in principal.permissions
        # Most requests meet nothing that is not everybody's, and need no names.
        self._names: tuple[str, ...] | None = None
        self._changes: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...] | None:
        """Their id, and the grants that would let them see something; None for who sees everything."""
        if self._names is None and not self._sees_all:
            of = self.principal
            grantees = [(GranteeKind.USER, of.id), *((GranteeKind.ROLE, role) for role in of.roles)]
            self._changes = frozenset(str(Grant(Access.CHANGE, kind, name)) for kind, name in grantees)
            views = (str(Grant(Access.VIEW, kind, name)) for kind, name in grantees)
            self._names = (of.id, *views, *sorted(self._changes))
        return self._names

    @property
    def audience(self) -> tuple[str, ...]:
        """Equal for those who see the same."""
        return self.names or ()

    def sees(self, sharing: Sharing) -> bool:
        """Whether they may know of it."""
        return sharing.is_open or self.reach(sharing) is not None

    def reach(self, sharing: Sharing) -> Reach | None:
        """What they may do with it; None: nothing, not even know of it."""
        names = self.names
        if names is None or sharing.owner == names[0]:
            return Reach.OWN
        if sharing.is_open:
            return Reach.CHANGE
        granted = {str(each) for each in sharing.grants}
        if not granted.isdisjoint(self._changes):
            return Reach.CHANGE
        return None if granted.isdisjoint(names[1:]) else Reach.VIEW


def may_change(reach: Reach | None) -> bool:
    """Whether that is enough to change something."""
    return reach in (Reach.CHANGE, Reach.OWN)


# For checks that are no matter of who asks.
ALL_SEEING: Final = Viewer(ADMIN_TOKEN)
