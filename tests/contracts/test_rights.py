"""Every field says what it needs, and docs/security.md says the same as the code."""

from __future__ import annotations

from access.permissions import ADMINISTRATOR, ALL, BUILT_IN_ROLES, Permission
from schema.build import build_schema
from schema.execution.rights import rights_of
from schema.execution.rights_table import PAGE, ROOTS, put_into


def test_the_table_of_the_docs_is_the_one_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == put_into(page), "run `python -m schema.execution.rights_table`"


def test_every_change_needs_a_permission_and_no_root_field_is_open_but_node_and_me() -> None:
    rights = rights_of(build_schema()).needs
    open_roots = {field for (type_, field), needed in rights.items() if type_ in ROOTS and needed is None}
    assert open_roots <= {"node", "me", "permissions"}
    assert not [field for (type_, field), needed in rights.items() if type_ == "Mutation" and needed is None]


def test_the_administrator_alone_holds_everything() -> None:
    assert BUILT_IN_ROLES[ADMINISTRATOR] == ALL
    others = [held for role, held in BUILT_IN_ROLES.items() if role != ADMINISTRATOR]
    for permission in (Permission.USERS_CHANGE, Permission.KEYS_CHANGE, Permission.CUSTOMERS_ERASE):
        assert not any(permission in held for held in others)
