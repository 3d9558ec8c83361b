"""The JSON form of a change is a contract between versions: what is written today is read tomorrow."""

from __future__ import annotations

import json

import msgspec
import pytest

from delivery.change import Change, decode, encode, encode_without_position
from tests.support.changes import make_change, make_customer_change


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


def test_a_change_of_a_customer_comes_back_from_its_json() -> None:
    for change in (make_customer_change(7), make_customer_change(7, "ERASED", other=None)):
        assert decode(encode(change)) == change
        assert '{"position":7' + encode_without_position(change) == encode(change).decode()


def test_the_json_form_of_a_customers_change_has_these_names() -> None:
    assert json.loads(encode(make_customer_change(7))) == {
        "position": 7,
        "id": "chg_7_cus_1",
        "kind": "MERGED",
        "customer": "cus_1",
        "other": "cus_2",
        "occurred_at": 1_750_000_000_000,
        "decision": "dec_1",
    }


def test_a_body_from_before_there_were_changes_of_customers_is_a_change_of_a_segment() -> None:
    body = (
        '{"position":3,"id":"chg_x","kind":"EXITED","segment":"vip","segment_version":2,"customer":"cus_1",'
        '"sequence":4,"occurred_at":1750000000000,"cause":"IDENTITY","event_id":null}'
    )
    decoded = decode(body)
    assert isinstance(decoded, Change)
    assert (decoded.position, decoded.kind, decoded.segment, decoded.sequence) == (3, "EXITED", "vip", 4)
