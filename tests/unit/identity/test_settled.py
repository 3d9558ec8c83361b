"""Which calls are not resolved."""

from __future__ import annotations

import pytest

from graph.identity.settled import is_settled


@pytest.mark.parametrize(
    ("owners", "evidence_is_new", "settled"),
    [
        pytest.param(["A", "A"], False, True, id="one customer, seen like this before"),
        pytest.param(["A"], False, True, id="one identifier"),
        pytest.param([], False, True, id="shared ones only"),
        pytest.param(["A", "B"], False, False, id="two customers: the newer evidence may move something"),
        pytest.param(["A", None], False, False, id="somebody new"),
        pytest.param([None], False, False, id="nobody yet"),
        pytest.param(["A", "A"], True, False, id="one customer, never seen like this"),
        pytest.param([], True, False, id="shared ones, never seen like this"),
    ],
)
def test_is_settled(owners: list[str | None], evidence_is_new: bool, settled: bool) -> None:
    assert is_settled(owners, evidence_is_new) is settled
