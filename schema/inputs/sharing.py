"""How clients say with whom they share a segment or tag."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from base.errors import BadInput
from graph.repositories.sharing import Access, Grant, GranteeKind, Visibility
from resolvers.sharing import Wanted

strawberry.enum(
    Visibility,
    description="`EVERYBODY` who has the permission; `SHARED`: its owner and those named; `PRIVATE`: its owner alone. "
    "Administrators see and change everything.",
)
strawberry.enum(
    Access,
    name="SharedAccess",
    description="What somebody may do with it, with the permission; who may change it sees it.",
)


@strawberry.input(description="A user, or whoever has a role: exactly one of both.")
class GrantInput:
    user: strawberry.ID | None = strawberry.field(default=None, description="The id of a user or key.")
    role: str | None = strawberry.field(default=None, description="The key of a role.")
    access: Access = Access.VIEW


def wanted_sharing(visibility: Visibility, given: Sequence[GrantInput] | None, owner: str | None) -> Wanted:
    """The sharing that arguments ask for.

    Raises:
        BadInput: a grant that names both or nobody.
    """
    grants: list[Grant] = []
    for place, one in enumerate(given or ()):
        if (one.user is None) == (one.role is None):
            raise BadInput("Name either a user or a role.", field=f"with.{place}")
        if one.user is not None:
            grants.append(Grant(one.access, GranteeKind.USER, str(one.user)))
        else:
            grants.append(Grant(one.access, GranteeKind.ROLE, one.role or ""))
    return Wanted(visibility, grants, owner)
