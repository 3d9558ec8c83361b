"""`context.consent`: both forms, and what is refused of them."""

from __future__ import annotations

from typing import Any

import pytest

from ingest.consents import MAX_RECORDS, consents_of
from ingest.faults import IngestCode, Refused
from rules.consent import ConsentState, Said

GRANTED = {"purpose": "Marketing", "state": "granted"}


def test_categories_are_grants_and_denials_for_all_channels() -> None:
    found = consents_of({"consent": {"categoryPreferences": {"Advertising": True, "Data Sharing": False}}})
    assert found == (
        Said("advertising", "*", ConsentState.GRANTED),
        Said("data_sharing", "*", ConsentState.DENIED),
    )


def test_a_record_has_everything() -> None:
    record = {
        "purpose": "marketing",
        "channel": "E-Mail",
        "state": "WITHDRAWN",
        "version": 3,
        "proof": "call 7",
        "expiresAt": "1970-01-01T00:00:01.500Z",
    }
    assert consents_of({"consent": {"records": [record]}}) == (
        Said("marketing", "e-mail", ConsentState.WITHDRAWN, "3", "call 7", 1_500),
    )


@pytest.mark.parametrize("context", [{}, {"consent": None}, {"consent": {}}, {"consent": {"other": 1}}])
def test_nothing_said_is_nothing(context: dict[str, Any]) -> None:
    assert consents_of(context) == ()


@pytest.mark.parametrize(
    ("consent", "place"),
    [
        ("yes", "context.consent is"),
        ({"categoryPreferences": [1]}, "categoryPreferences is"),
        ({"categoryPreferences": {"Ads": "true"}}, "categoryPreferences is neither"),
        ({"categoryPreferences": {"广告": True}}, "categoryPreferences cannot"),
        ({"categoryPreferences": {"a/b": True}}, "categoryPreferences cannot"),
        ({"records": {"purpose": "m"}}, "records is"),
        ({"records": ["x"]}, "records.0 is"),
        ({"records": [GRANTED, {"purpose": "m"}]}, "records.1.state"),
        ({"records": [GRANTED | {"state": "expired"}]}, "records.0.state"),
        ({"records": [GRANTED | {"purpose": 7}]}, "records.0.purpose"),
        ({"records": [GRANTED | {"purpose": "x" * 41}]}, "records.0.purpose"),
        ({"records": [GRANTED | {"channel": "a b/c"}]}, "records.0.channel"),
        ({"records": [GRANTED | {"proof": "x" * 501}]}, "records.0.proof"),
        ({"records": [GRANTED | {"version": ["1"]}]}, "records.0.version"),
        ({"records": [GRANTED | {"expiresAt": "soon"}]}, "records.0.expiresAt"),
        ({"records": [GRANTED | {"expiresAt": 12}]}, "records.0.expiresAt"),
        ({"records": [GRANTED] * (MAX_RECORDS + 1)}, "more than"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(consent: Any, place: str) -> None:
    with pytest.raises(Refused) as refused:
        consents_of({"consent": consent})
    assert refused.value.code is IngestCode.INVALID_CONSENT
    assert place in refused.value.message
