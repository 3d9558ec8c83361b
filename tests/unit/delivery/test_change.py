"""The JSON form of a change is a contract between versions: what is written today is read tomorrow."""

from __future__ import annotations

import json

import msgspec
import pytest

from delivery.change import decode, encode, encode_without_position
from tests.support.changes import make_change


def test_a_change_comes_back_from_its_json() -> None:
    change = make_change(7, segment="vip", sequence=2)
    assert decode(encode(change)) == change


@pytest.mark.parametrize("position", [0, 7, 1_234_567_890_123])
def test_the_outbox_adds_the_position_to_the_rest(position: int) -> None:
    """As `cypher/live/commit_changes.cypher` does."""
    change = make_change(position)
    assert '{"position":' + str(position) + encode_without_position(change) == encode(change).decode()


def test_the_json_form_has_these_names() -> None:
    assert json.loads(encode(make_change(7, customer="cus_9"))) == {
        "position": 7,
        "id": "chg_7_cus_9_1",
        "kind": "ENTERED",
        "segment": "buyers",
        "segment_version": 1,
        "customer": "cus_9",
        "sequence": 1,
        "occurred_at": 1_750_000_000_000,
        "cause": "EVENT",
        "event_id": None,
    }


def test_a_field_of_a_later_version_does_not_disturb() -> None:
    body = encode(make_change(7))[:-1] + b',"later":1}'
    assert decode(body) == make_change(7)


@pytest.mark.parametrize(
    ("name", "value"), [("kind", "LEFT"), ("cause", "WHIM"), ("position", "7"), ("customer", None)]
)
def test_a_wrong_value_is_refused(name: str, value: object) -> None:
    body = json.dumps({**json.loads(encode(make_change(7))), name: value}).encode()
    with pytest.raises(msgspec.ValidationError):
        decode(body)
