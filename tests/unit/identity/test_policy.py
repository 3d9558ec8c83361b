"""The table of namespaces, as written down."""

from __future__ import annotations

import pytest

from graph.identity.policy import DEFAULT, Conflict, IdentifierClass

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
    found = DEFAULT.of(namespace, verified)
    assert (found.identifier_class, found.rank, found.limit, found.shared_above) == (
        identifier_class,
        rank,
        limit,
        shared_above,
    )


@pytest.mark.parametrize("namespace", ["user_id", "crm:shop", "wx_unionid", "wx_openid:A", "device_id", "anonymous_id"])
def test_verification_matters_for_phone_and_email_alone(namespace: str) -> None:
    assert DEFAULT.of(namespace, verified=False) == DEFAULT.of(namespace)


def test_each_source_and_app_is_a_namespace_of_its_own_with_one_policy() -> None:
    assert DEFAULT.of("crm:shop") == DEFAULT.of("crm:web")
    assert DEFAULT.of("wx_openid:A") == DEFAULT.of("wx_openid:B")


@pytest.mark.parametrize(
    ("namespace", "rejects"),
    [
        ("user_id", True),
        ("crm:shop", True),
        ("wx_unionid", False),
        ("phone", False),
        ("device_id", False),
        ("x", False),
    ],
)
def test_a_conflict_waits_for_review_or_goes_to_the_newest(namespace: str, rejects: bool) -> None:
    assert DEFAULT.of(namespace).conflict is (Conflict.REJECT if rejects else Conflict.NEWEST)


def test_names_that_clients_invent_take_bounded_memory() -> None:
    for number in range(10_000):
        assert DEFAULT.of(f"invented-{number}") == DEFAULT.unknown
    assert DEFAULT.of("user_id").rank == 1
