"""docs/tags.md names every kind, mode and status, its examples are definitions, and its limits those of the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from analytics.sql import allowed
from graph.repositories.maintenance import KEPT_RECORDS
from graph.repositories.overview import KEPT_DAYS
from ingest.imports.tag_values import MAX_LIST_VALUES
from resolvers.tags import checks as tag_checks
from resolvers.tags import importing as tag_import
from resolvers.tags import spread as tag_spread
from resolvers.tags import tags
from rules.tags import definition
from rules.tags.definition import TagKind
from rules.tags.parser import KINDS, parse_definition
from rules.tags.spread import MAX_BUCKETS
from schema.types.status import BuildStatus
from schema.types.tag_enums import TagMode

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "tags.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```json\n(.*?)^```$", TEXT, re.M | re.S)


def _names(heading: str, cell: int = 1) -> set[str]:
    table = TEXT.split(f"\n| {heading} |")[1].split("\n\n")[0]
    rows = [line.split("|") for line in table.splitlines()[2:]]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row[cell])}


def test_every_kind_mode_and_status_has_a_row_and_no_other_does() -> None:
    assert _names("key") == set(KINDS)
    assert _names("key", 2) == set(TagKind)
    assert _names("mode") == set(TagMode)
    assert _names("status") == set(BuildStatus)


def test_the_names_of_rfm_are_those_of_the_code() -> None:
    rows = TEXT.split("\n| recency |")[1].split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in row.split("|")] for row in rows]
    assert {tuple(each == "high" for each in row[1:4]): row[4].strip("`") for row in cells} == definition.RFM_NAMES


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_is_a_definition(example: str) -> None:
    parse_definition(json.loads(example))


def test_every_function_of_statements_is_named_and_no_other_is() -> None:
    listed = TEXT.split("```text\n")[1].split("```")[0]
    scalars, _, rest = listed.removeprefix("scalar\n").partition("aggregate, as windows too\n")
    aggregates, _, windows = rest.partition("window\n")
    # `row` and `count_star` are what the parser makes of `(a, b)` and `count(*)`.
    assert set(scalars.split()) == allowed.FUNCTIONS - {"row"}
    assert set(aggregates.split()) == allowed.AGGREGATES - {"count_star"}
    ranks = {f"WINDOW_{name.upper()}" for name in windows.split()} - {"WINDOW_DENSE_RANK"} | {"WINDOW_RANK_DENSE"}
    assert ranks == allowed.WINDOWS - {"WINDOW_AGGREGATE"}


def test_the_limits_are_those_of_the_code() -> None:
    table = TEXT.split("\n## Limits\n")[1].split("\n\n")[0]
    assert [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", table)] == [
        definition.MAX_BRANCHES,
        definition.MAX_CONDITIONS,
        definition.MAX_TOP,
        tag_checks.MAX_REASON_CHARS,
        KEPT_RECORDS,
        KEPT_DAYS,
        tags.MAX_LABELS_AT_ONCE,
        tags.MAX_LABEL_CHARS,
        tags.MAX_CUSTOMERS_AT_ONCE,
        definition.MAX_SQL_LENGTH,
        tag_import.MAX_ROWS,
        MAX_LIST_VALUES,
        tag_spread.MAX_VALUES_SHOWN,
        MAX_BUCKETS,
    ]
