"""The committed schema is the one that the code builds, and keeps the public contract's names."""

from __future__ import annotations

from schema.build import PRINTED, printed


def test_the_printed_schema_is_fresh() -> None:
    assert PRINTED.read_text(encoding="utf-8") == printed(), "run: python -m schema.build"
