"""What somebody may do with what others made."""

from __future__ import annotations

import pytest

from access.permissions import ALL, Permission
from access.principal import ADMIN_TOKEN, Principal, PrincipalKind
from access.sharing import Reach, Viewer
from graph.repositories.sharing import (
    OPEN,
    Access,
    Grant,
    GranteeKind,
    Sharing,
    Visibility,
    properties_of,
    sharing_of,
)

ANN = Principal(
    kind=PrincipalKind.USER,
    id="usr_ann",
    name="Ann",
    roles=("sales", "odd:role"),
    permissions=ALL - {Permission.USERS_CHANGE},
)


def shared(*grants: Grant) -> Sharing:
    return Sharing("usr_ben", Visibility.SHARED, grants)


@pytest.mark.parametrize(
    ("sharing", "reach"),
    [
        (OPEN, Reach.CHANGE),
        (Sharing("usr_ben"), Reach.CHANGE),
        (Sharing("usr_ann"), Reach.OWN),
        (Sharing("usr_ann", Visibility.PRIVATE), Reach.OWN),
        (Sharing("usr_ben", Visibility.PRIVATE), None),
        (Sharing(None, Visibility.PRIVATE), None),
        (shared(Grant(Access.VIEW, GranteeKind.USER, "usr_ann")), Reach.VIEW),
        (shared(Grant(Access.CHANGE, GranteeKind.USER, "usr_ann")), Reach.CHANGE),
        (shared(Grant(Access.VIEW, GranteeKind.ROLE, "sales")), Reach.VIEW),
        (shared(Grant(Access.CHANGE, GranteeKind.ROLE, "odd:role")), Reach.CHANGE),
        (
            shared(Grant(Access.VIEW, GranteeKind.USER, "usr_ann"), Grant(Access.CHANGE, GranteeKind.ROLE, "sales")),
            Reach.CHANGE,
        ),
        # A role is no user, nor the other way round; and what begins alike is another.
        (shared(Grant(Access.CHANGE, GranteeKind.ROLE, "usr_ann")), None),
        (shared(Grant(Access.CHANGE, GranteeKind.USER, "sales")), None),
        (shared(Grant(Access.CHANGE, GranteeKind.USER, "usr_anna")), None),
        (Sharing("sales", Visibility.PRIVATE), None),
        (Sharing("VIEW:ROLE:sales", Visibility.PRIVATE), None),
    ],
)
def test_reach_is_the_furthest_of_what_is_said(sharing: Sharing, reach: Reach | None) -> None:
    assert Viewer(ANN).reach(sharing) is reach
    assert Viewer(ANN).sees(sharing) is (reach is not None)
    assert Viewer(ADMIN_TOKEN).reach(sharing) is Reach.OWN


def test_what_is_stored_comes_back() -> None:
    grants = (Grant(Access.VIEW, GranteeKind.USER, "a:b:c"), Grant(Access.CHANGE, GranteeKind.ROLE, "sales"))
    for sharing in (OPEN, Sharing("o"), Sharing("o", Visibility.SHARED, grants), Sharing(None, Visibility.PRIVATE)):
        assert sharing_of(**properties_of(sharing)) == sharing


def test_those_who_see_the_same_are_one_audience() -> None:
    ben = Principal(kind=PrincipalKind.USER, id="usr_ben", name="Ben", permissions=ALL)
    assert Viewer(ben).audience == Viewer(ADMIN_TOKEN).audience != Viewer(ANN).audience
