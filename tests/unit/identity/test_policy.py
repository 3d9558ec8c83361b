"""The table of namespaces, as written down."""

from __future__ import annotations

import pytest

from graph.identity.policy import (
    STRONGEST_FIRST_NAMESPACES,
    IdentifierClass,
    is_one_per_customer_person,
    policy_of,
)

PERSON, ACCOUNT, CONTACT, DEVICE = IdentifierClass

TABLE = [
    # namespace, verified, class, rank, most a customer, shared above
    ("user_id", True, PERSON, 1, 1, None),
    ("crm:shop", True, PERSON, 2, 1, None),
    ("wx_unionid", True, PERSON, 3, 1, None),
    ("phone", True, PERSON, 4, 2, 2),
    ("email", True, PERSON, 5, 5, 2),
    ("wx_openid:wx1234", True, ACCOUNT, 6, 1, None),
    ("phone", False, CONTACT, 7, 5, 2),
    ("email", False, CONTACT, 7, 5, 2),
    ("device_id", True, DEVICE, 8, None, 3),
    ("idfa", True, DEVICE, 8, None, 3),
    ("oaid", True, DEVICE, 8, None, 3),
    ("gaid", True, DEVICE, 8, None, 3),
    ("anonymous_id", True, DEVICE, 9, None, 3),
    ("cookie", True, DEVICE, 9, None, 3),
    # Nobody described these: as weak as a contact.
    ("loyalty_card", True, CONTACT, 7, 5, 2),
    ("crm", True, CONTACT, 7, 5, 2),
    ("wx_openid", True, CONTACT, 7, 5, 2),
    ("phone:work", True, CONTACT, 7, 5, 2),
    ("", True, CONTACT, 7, 5, 2),
]


@pytest.mark.parametrize(("namespace", "verified", "identifier_class", "rank", "limit", "shared_above"), TABLE)
def test_the_policy_of_a_namespace(
    namespace: str,
    verified: bool,
    identifier_class: IdentifierClass,
    rank: int,
    limit: int | None,
    shared_above: int | None,
) -> None:
    found = policy_of(namespace, verified)
    assert (found.identifier_class, found.rank, found.limit, found.shared_above) == (
        identifier_class,
        rank,
        limit,
        shared_above,
    )


@pytest.mark.parametrize("namespace", ["user_id", "crm:shop", "wx_unionid", "wx_openid:A", "device_id", "anonymous_id"])
def test_verification_matters_for_phone_and_email_alone(namespace: str) -> None:
    assert policy_of(namespace, verified=False) == policy_of(namespace)


def test_each_source_and_app_is_a_namespace_of_its_own_with_one_policy() -> None:
    assert policy_of("crm:shop") == policy_of("crm:web")
    assert policy_of("wx_openid:A") == policy_of("wx_openid:B")


@pytest.mark.parametrize(
    ("namespace", "contradicts"),
    [
        ("user_id", True),
        ("crm:shop", True),
        ("wx_unionid", True),
        ("phone", False),
        ("email", False),
        ("wx_openid:A", False),
        ("device_id", False),
    ],
)
def test_two_values_in_one_call_contradict_each_other(namespace: str, contradicts: bool) -> None:
    assert is_one_per_customer_person(namespace) is contradicts


def test_the_strongest_namespaces_come_first() -> None:
    ranks = [policy_of(namespace).rank for namespace in STRONGEST_FIRST_NAMESPACES]
    assert ranks == sorted(ranks)
