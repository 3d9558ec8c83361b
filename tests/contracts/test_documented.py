"""What a user meets is written down: every error code, every setting."""

from __future__ import annotations

import re
from pathlib import Path

from base.errors import ErrorCode
from base.settings import Settings

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_error_code_has_a_section_and_no_other_does() -> None:
    sections = re.findall(r"^## ([A-Z_]+)$", (DOCS / "errors.md").read_text(encoding="utf-8"), re.M)

    assert sorted(sections) == sorted(ErrorCode)


def test_every_setting_has_a_row_and_no_other_does() -> None:
    text = (DOCS / "operating.md").read_text(encoding="utf-8")
    table = text.split("\n## Settings\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \|", table, re.M)

    assert sorted(rows) == sorted(str(field.validation_alias) for field in Settings.model_fields.values())


def test_every_default_is_the_documented_one() -> None:
    text = (DOCS / "operating.md").read_text(encoding="utf-8")
    documented = dict(re.findall(r"^\| `([A-Z0-9_]+)` \|\s*`?([^`|]*?)`?\s*\|", text, re.M))

    for field in Settings.model_fields.values():
        assert documented[str(field.validation_alias)] == str(field.default), field.validation_alias
