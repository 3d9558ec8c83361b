"""Clients that others wrote, unmodified, find what they expect."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

Node = Callable[[str], str]
# Number of audits of the package in the lock.
AUDITS = 61


@pytest.mark.timeout(300)
def test_all_audits_of_graphql_over_http_pass(node: Node) -> None:
    results = json.loads(node("graphql_http.mjs"))

    assert [one for one in results if one["status"] != "ok"] == []
    assert len(results) == AUDITS


@pytest.mark.timeout(300)
@pytest.mark.parametrize("script", ["graphql_ws.mjs", "graphql_sse.mjs"])
def test_a_subscription_resumes_without_gap_or_repeat(node: Node, script: str) -> None:
    assert node(script).strip().endswith("ok")


@pytest.mark.timeout(300)
def test_the_segment_sdk_delivers_events_that_graphql_shows(node: Node) -> None:
    assert node("segment_sdk.mjs").strip().endswith("ok")
