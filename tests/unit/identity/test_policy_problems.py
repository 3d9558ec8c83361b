"""A policy that contradicts itself is refused, and says where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graph.identity.blocked import BlockedValues
from graph.identity.policy import DEFAULT, Conflict, IdentifierClass, IdentityPolicy, NamespacePolicy, Normalisation
from graph.identity.policy_problems import find_problems

DEVICE = DEFAULT.of("device_id")
PERSON = DEFAULT.of("wx_unionid")


def policy(
    namespaces: dict[str, NamespacePolicy] | None = None,
    *,
    without: str = "",
    unknown: NamespacePolicy = DEFAULT.unknown,
    blocked: dict[str, BlockedValues] | None = None,
    source_order: dict[str, tuple[str, ...]] | None = None,
) -> IdentityPolicy:
    kept = {name: one for name, one in DEFAULT.namespaces.items() if name != without}
    return IdentityPolicy(
        1, {**kept, **(namespaces or {})}, DEFAULT.unverified, unknown, blocked or {}, source_order or {}
    )


def test_the_default_is_a_policy() -> None:
    assert find_problems(DEFAULT) == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (policy({"device_id": replace(DEVICE, rank=2)}), "namespaces.device_id.rank"),
        (policy({"wx_unionid": replace(PERSON, rank=7)}), "namespaces.wx_openid:*.rank"),
        (policy({"loyalty": replace(DEVICE, identifier_class=IdentifierClass.PERSON)}), "namespaces.wx_openid:*.rank"),
        (policy({"wx_unionid": replace(PERSON, rank=0)}), "namespaces.wx_unionid.rank"),
        (policy({"wx_unionid": replace(PERSON, limit=0)}), "namespaces.wx_unionid.limit"),
        (policy({"wx_unionid": replace(PERSON, window_days=0)}), "namespaces.wx_unionid.windowDays"),
        (policy({"device_id": replace(DEVICE, shared_above=0)}), "namespaces.device_id.sharedAbove"),
        (
            policy({"wx_unionid": replace(PERSON, limit=None, conflict=Conflict.REJECT)}),
            "namespaces.wx_unionid.conflict",
        ),
        (
            policy({"wx_unionid": replace(PERSON, shared_above=3, conflict=Conflict.REJECT)}),
            "namespaces.wx_unionid.sharedAbove",
        ),
        (
            policy({"wx_unionid": replace(PERSON, normalisation=Normalisation.PHONE)}),
            "namespaces.wx_unionid.normalisation",
        ),
        (
            policy({"phone": replace(DEFAULT.of("phone"), normalisation=Normalisation.TRIM)}),
            "namespaces.phone.normalisation",
        ),
        (policy({"Bad Name": DEVICE}), "namespaces.Bad Name"),
        (policy(without="user_id"), "removeNamespaces"),
        (policy(unknown=replace(PERSON, rank=7)), "unknown.class"),
        (policy(blocked={"*": BlockedValues((), ("(",))}), "blocked.*.patterns.0"),
        (policy(blocked={"*": BlockedValues((), ("a)(b",))}), "blocked.*.patterns.0"),
        (policy(blocked={"*": BlockedValues((), (".*",))}), "blocked.*.patterns.0"),
        (policy(blocked={"?": BlockedValues(("x",))}), "blocked.?"),
        (policy(blocked={"*": BlockedValues(("x" * 257,))}), "blocked.*"),
        (policy(source_order={"*": ("crm", "crm")}), "sourceOrder.*"),
        (policy(source_order={"": ("crm",)}), "sourceOrder."),
        (policy(source_order={"name": ("",)}), "sourceOrder.name"),
    ],
)
def test_a_contradiction_is_named(given: IdentityPolicy, field: str) -> None:
    assert field in [problem.field for problem in find_problems(given)]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    given = policy({"wx_unionid": replace(PERSON, limit=0), "device_id": replace(DEVICE, rank=100)}, without="email")
    assert {problem.field for problem in find_problems(given)} == {
        "namespaces.wx_unionid.limit",
        "namespaces.device_id.rank",
        "removeNamespaces",
    }
