"""The published description against the code: every route, code and field."""

from __future__ import annotations

import re

import msgspec

from ingest.faults import STATUS
from ingest.gateway import OPENAPI_PATH, PREFIX
from ingest.openapi import CODE_MEANINGS, document, document_json
from ingest.wire import BODY_KINDS, Envelope, WireCall


def test_every_route_is_described_and_no_other() -> None:
    assert set(document()["paths"]) == {f"{PREFIX}/{kind}" for kind in BODY_KINDS} | {OPENAPI_PATH}


def test_every_field_is_described_and_no_other() -> None:
    schemas = document()["components"]["schemas"]

    assert set(schemas["Call"]["properties"]) == set(WireCall.__struct_encode_fields__)
    assert set(schemas["Batch"]["properties"]) == set(Envelope.__struct_encode_fields__)


def test_every_code_is_described_under_its_status() -> None:
    assert set(CODE_MEANINGS) == set(STATUS)
    for path in (f"{PREFIX}/{kind}" for kind in BODY_KINDS):
        responses = document()["paths"][path]["post"]["responses"]
        assert set(responses) == {"200", *(str(status) for status in STATUS.values())}
        for code, status in STATUS.items():
            assert f"`{code}`" in responses[str(status)]["description"]


def test_every_reference_has_its_target() -> None:
    text = document_json().decode()
    schemas = document()["components"]["schemas"]

    assert set(re.findall(r'"#/components/schemas/(\w+)"', text)) <= set(schemas)


def test_the_document_is_json_of_version_3_1() -> None:
    assert msgspec.json.decode(document_json())["openapi"] == "3.1.0"
