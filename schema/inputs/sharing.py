"""How clients say with whom they share a segment or tag."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from base.errors import BadInput
from graph.repositories.sharing import Grant, GranteeKind
from resolvers.sharing import Wanted
from schema.enums import Access, Visibility


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
