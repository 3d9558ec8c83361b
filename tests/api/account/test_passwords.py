"""Which passwords are taken, and what another one ends."""

from __future__ import annotations

import pytest

from access import passwords
from base.keys import Keyring
from graph.client import GraphClient
from tests.support.api import Api
from tests.support.users import PASSWORD, PHONE, Person, make_user, until_cut_off


async def test_a_session_may_only_change_a_first_password(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    made = await make_user(graph, keyring)
    someone = Person(api.http)
    await someone.sign_in(made.first_password)

    assert await someone.code() == "FORBIDDEN"
    assert (await someone.post("totp/enrol", {"password": made.first_password})).status_code == 403
    assert (await someone.post("password", {"old": made.first_password, "new": PASSWORD})).status_code == 200
    assert await someone.code() is None
    assert (await someone.sign_in(made.first_password)).status_code == 401


async def test_a_change_of_password_ends_the_other_sessions(person: Person) -> None:
    other = Person(person.http)
    await other.sign_in(PASSWORD)
    assert await other.code() is None

    assert (await person.post("password", {"old": "wrong password 1", "new": "x" * 5})).status_code == 401
    assert (await person.post("password", {"old": PASSWORD, "new": "another lamp 99 tower"})).status_code == 200

    assert await person.code() is None
    await until_cut_off(other)


@pytest.mark.parametrize("new", ["short", "x" * 257, "aaaaaaaaaaaaaa", "123456789012", "qwerty123456", PHONE, PASSWORD])
async def test_weak_passwords_are_refused(person: Person, new: str) -> None:
    reply = await person.post("password", {"old": PASSWORD, "new": new})

    assert (reply.status_code, reply.json()["field"]) == (400, "new")


async def test_hashing_has_a_bounded_queue(monkeypatch: pytest.MonkeyPatch, person: Person) -> None:
    monkeypatch.setattr(passwords, "MAX_QUEUED", 0)

    reply = await person.sign_in(PASSWORD)

    assert (reply.status_code, reply.json()["code"]) == (429, "RATE_LIMITED")
