"""Policies as stored text, and what a change touches."""

from __future__ import annotations

from dataclasses import replace

from graph.identity.blocked import BlockedValues
from graph.identity.policy import DEFAULT, IdentityPolicy, NamespacePolicy, Normalisation
from graph.identity.policy_document import (
    PolicyStep,
    decode_policy,
    encode_policy,
    respelled,
    shares_otherwise,
    steps_between,
)


def changed(name: str = "phone", **fields: object) -> IdentityPolicy:
    namespaces: dict[str, NamespacePolicy] = {**DEFAULT.namespaces}
    namespaces[name] = replace(DEFAULT.of(name), **fields)  # type: ignore[arg-type]
    return IdentityPolicy(2, namespaces, DEFAULT.unverified, DEFAULT.unknown, DEFAULT.blocked)


def test_what_is_stored_is_read_again() -> None:
    order = {"*": ("crm", "web"), "name": ("till",)}
    given = IdentityPolicy(3, DEFAULT.namespaces, DEFAULT.unverified, DEFAULT.unknown, DEFAULT.blocked, order)
    found = decode_policy(3, encode_policy(given))
    assert encode_policy(found) == encode_policy(given)
    assert found.of("phone") == DEFAULT.of("phone")
    assert found.of("email", verified=False) == DEFAULT.unverified
    assert found.blocks("phone", "13800000000")
    assert [found.trust("name", source) for source in ("till", "crm")] == [1, 0]
    assert [found.trust("plan", source) for source in ("crm", "web", "till")] == [2, 1, 0]


def test_a_change_touches_what_it_says() -> None:
    blocked = IdentityPolicy(2, DEFAULT.namespaces, DEFAULT.unverified, DEFAULT.unknown, {"*": BlockedValues(("x",))})
    ordered = IdentityPolicy(
        2, DEFAULT.namespaces, DEFAULT.unverified, DEFAULT.unknown, DEFAULT.blocked, {"*": ("crm",)}
    )
    assert steps_between((DEFAULT, DEFAULT)) == ()
    assert steps_between((DEFAULT, changed(limit=1))) == (PolicyStep.IDENTITIES,)
    assert steps_between((DEFAULT, changed(rank=5))) == (PolicyStep.ORDER, PolicyStep.IDENTITIES)
    assert steps_between((DEFAULT, blocked)) == (PolicyStep.BLOCKS,)
    assert steps_between((DEFAULT, ordered)) == (PolicyStep.ATTRIBUTES,)


def test_a_change_that_was_begun_and_taken_back_counts() -> None:
    assert steps_between((DEFAULT, changed(limit=1), DEFAULT)) == (PolicyStep.IDENTITIES,)


def test_what_may_end_sharing() -> None:
    assert shares_otherwise((DEFAULT, changed(shared_above=9)))
    assert shares_otherwise((DEFAULT, changed("wx_unionid", limit=2)))
    assert not shares_otherwise((DEFAULT, changed(limit=3)))


def test_a_new_spelling_is_seen() -> None:
    added = changed()
    namespaces = {**added.namespaces, "loyalty": replace(DEFAULT.unknown, normalisation=Normalisation.LOWER_CASE)}
    new = IdentityPolicy(2, namespaces, DEFAULT.unverified, DEFAULT.unknown)
    assert respelled(DEFAULT, new) == ["loyalty"]
    assert respelled(DEFAULT, added) == []
