"""The tracking API keeps to its description whatever is sent: inputs are drawn from it, and from what it rules out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as drawn
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from base.keys import Keyring
from base.settings import Settings
from ingest.wire import BODY_KINDS
from tests.support.tracking import basic, serving

# A few seconds in all. More examples find nothing more: the decoder has property tests of its own.
EXAMPLES = 15
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def url(settings: Settings, keyring: Keyring) -> Iterator[str]:
    with serving(settings, keyring) as address:
        yield address


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("kind", BODY_KINDS)
def test_answers_are_as_described(url: str, settings: Settings, kind: str, mode: GenerationMode) -> None:
    operation = schemathesis.openapi.from_url(f"{url}/v1/openapi.json")[f"/v1/{kind}"]["POST"]

    @given(case=operation.as_strategy(generation_mode=mode))
    @drawn(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def holds(case: schemathesis.Case) -> None:
        answer = case.call(base_url=url, headers=basic(settings.write_key))
        case.validate_response(answer, checks=CHECKS)
        assert "Traceback" not in answer.text

    holds()
