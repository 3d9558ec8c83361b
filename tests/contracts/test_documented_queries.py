"""Every operation that the documentation shows is one that the schema answers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from schema.build import PRINTED

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = [
    (path.name, example)
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
    for example in re.findall(r"^```graphql\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)
]


@pytest.mark.parametrize(("page", "example"), EXAMPLES)
def test_the_example_is_valid(page: str, example: str) -> None:
    schema = build_schema(PRINTED.read_text(encoding="utf-8"))

    assert validate(schema, parse(example)) == []


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 6
