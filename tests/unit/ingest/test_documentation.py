"""docs/tracking.md against the code."""

from __future__ import annotations

from pathlib import Path

from ingest.faults import STATUS, IngestCode

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_every_code_stands_in_the_documentation_with_its_status() -> None:
    text = (DOCS / "tracking.md").read_text(encoding="utf-8")

    assert [code for code, status in STATUS.items() if f"| {status} | `{code}` |" not in text] == []
    assert [code for code in IngestCode if f"`{code}`" not in text] == []
