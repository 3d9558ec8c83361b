"""The table of rights in docs/security.md, made from the schema: `python -m schema.execution.rights_table`."""

from __future__ import annotations

from pathlib import Path

from access.permissions import BUILT_IN_ROLES, Permission
from schema.build import build_schema
from schema.execution.rights import Rights, rights_of
from schema.transport import access

PAGE = Path(__file__).resolve().parents[2] / "docs" / "security.md"
BEGIN, END = "<!-- rights -->", "<!-- /rights -->"
ROOTS = ("Query", "Mutation", "Subscription")


def table() -> str:
    """Which role holds which permission, and what it opens: fields of the roots, then types."""
    rights = rights_of(build_schema()).needs
    roles = list(BUILT_IN_ROLES)
    lines = [
        f"| permission | {' | '.join(roles)} | opens |",
        f"|---|{'---|' * (len(roles) + 1)}",
    ]
    for permission in Permission:
        held = ["●" if permission in BUILT_IN_ROLES[role] else "" for role in roles]
        lines.append(f"| `{permission}` | {' | '.join(held)} | {_opened(rights, permission)} |")
    lines.append(f"| anybody who is recognised | {' | '.join('●' for _ in roles)} | {_opened(rights, None)} |")
    return "\n".join(lines)


def _opened(rights: Rights, permission: Permission | None) -> str:
    roots = [f"`{field}`" for (type_, field), needed in rights.items() if needed == permission and type_ in ROOTS]
    of_type = {type_ for (type_, _), needed in rights.items() if type_ not in ROOTS and needed == permission}
    whole = {type_ for type_ in of_type if all(n == permission for (t, _), n in rights.items() if t == type_)}
    parts = [f"`{type_}`" for type_ in sorted(whole)]
    parts += [
        f"`{type_}.{field}`"
        for (type_, field), needed in rights.items()
        if type_ in of_type - whole and needed == permission and not _is_rest(rights, type_, permission)
    ]
    parts += [f"the rest of `{type_}`" for type_ in sorted(of_type - whole) if _is_rest(rights, type_, permission)]
    roots += [f"`GET {access.ROUTE}`"] if permission == access.NEEDS else []
    return " ".join(roots) + (" · types " + " ".join(parts) if parts else "")


def _is_rest(rights: Rights, type_: str, permission: Permission | None) -> bool:
    """Whether most fields of a type need this permission."""
    of_type = [needed for (name, _), needed in rights.items() if name == type_]
    return of_type.count(permission) * 2 > len(of_type)


def put_into(page: str) -> str:
    """The page with the table as it is now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(put_into(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
