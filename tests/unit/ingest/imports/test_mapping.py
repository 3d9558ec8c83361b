"""The mapping file: what it may say, and how a wrong one is explained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from base.errors import BadInput
from ingest.imports.mapping import Column, check_mapping, load_mapping

GOOD: dict[str, Any] = {
    "source": "pos",
    "identifiers": {"user_id": "member", "Phone": "mobile", "crm:pos": "no"},
    "traits": {"name": "name", "age": {"column": "age", "type": "integer"}},
    "event": {"name": "Order Completed"},
    "properties": {"amount": {"column": "amount", "type": "number"}},
    "time": {"column": "at", "format": "%Y-%m-%d", "zone": "Asia/Shanghai"},
    "message_id": {"column": "order"},
}


def test_a_mapping_names_its_columns() -> None:
    mapping = check_mapping(GOOD)

    assert mapping.identifiers == {"user_id": "member", "phone": "mobile", "crm:pos": "no"}
    assert mapping.traits["age"] == Column("age", "integer")
    assert mapping.columns() == ["member", "mobile", "no", "name", "age", "amount", "at", "order"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"source": "a b"}, "source"),
        ({"source": None}, "source"),
        ({"identifiers": {}}, "nobody"),
        ({"identifiers": {"crm": "no"}}, "crm is no namespace"),
        ({"identifiers": {"a|b": "no"}}, "a|b is no namespace"),
        ({"event": {}}, "name or column"),
        ({"event": {"name": "a", "column": "b"}}, "name or column"),
        ({"event": {"name": ""}}, "event.name"),
        ({"event": None}, "no [event]"),
        ({"time": None}, "needs [time]"),
        ({"time": {"column": "at", "zone": "Mars/Olympus"}}, "time zone"),
        ({"traits": {"email": "mail"}}, "identifier"),
        ({"traits": {"age": {"column": "age", "type": "int"}}}, "type"),
        ({"trait": {}}, "trait"),
        ({"csv": {"delimiter": ";;"}}, "one character"),
    ],
)
def test_a_wrong_mapping_says_where(change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput) as caught:
        check_mapping(GOOD | change)

    assert words in caught.value.message


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    toml, json_file = tmp_path / "m.toml", tmp_path / "m.json"
    toml.write_text('source = "pos"\n[identifiers]\nuser_id = "member"\n')
    json_file.write_text('{"source": "pos", "identifiers": {"user_id": "member"}}')

    assert load_mapping(toml) == load_mapping(json_file)


@pytest.mark.parametrize("name", ["broken.toml", "broken.json", "absent.toml"])
def test_a_file_that_cannot_be_read_is_bad_input(tmp_path: Path, name: str) -> None:
    if not name.startswith("absent"):
        (tmp_path / name).write_text("{")

    with pytest.raises(BadInput):
        load_mapping(tmp_path / name)
