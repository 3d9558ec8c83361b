"""Codes of an authenticator."""

from __future__ import annotations

import asyncio

import pytest

from access import second_factor, sign_in
from base.clock import now_ms
from tests.support.users import PASSWORD, Person, code_at


async def test_codes_of_an_authenticator_are_asked_for_and_taken_once(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled = (await person.post("totp/enrol", {"password": PASSWORD})).json()
    assert enrolled["uri"].startswith("otpauth://totp/Kith:")
    assert enrolled["secret"] in enrolled["uri"]
    assert (await person.sign_in(PASSWORD)).status_code == 200  # not in force before it is confirmed
    assert (await person.post("totp/confirm", {"code": "12345"})).status_code == 400
    at = now_ms()
    code = code_at(enrolled["secret"], at)
    assert (await person.post("totp/confirm", {"code": code})).status_code == 200

    assert (await person.sign_in(PASSWORD)).json()["field"] == "totp"
    assert (await person.sign_in(PASSWORD, code)).status_code == 401  # used to confirm
    later = code_at(enrolled["secret"], at + second_factor.STEP_MS)
    assert (await person.sign_in(PASSWORD, later)).status_code == 200
    again = await Person(person.http).sign_in(PASSWORD, later)
    assert again.status_code == 401

    monkeypatch.setattr(sign_in, "now_ms", lambda: at + 2 * second_factor.STEP_MS)
    last = code_at(enrolled["secret"], at + 2 * second_factor.STEP_MS)
    assert (await person.post("totp/remove", {"password": PASSWORD, "code": "000000"})).status_code == 401
    assert (await person.post("totp/remove", {"password": PASSWORD, "code": last})).status_code == 200
    assert (await person.sign_in(PASSWORD)).status_code == 200


async def test_one_code_at_two_places_at_once_opens_one_session(person: Person) -> None:
    secret = (await person.post("totp/enrol", {"password": PASSWORD})).json()["secret"]
    at = now_ms()
    await person.post("totp/confirm", {"code": code_at(secret, at)})
    code = code_at(secret, at + second_factor.STEP_MS)

    replies = await asyncio.gather(*(Person(person.http).sign_in(PASSWORD, code) for _ in range(4)))

    assert sorted(reply.status_code for reply in replies) == [200, 401, 401, 401]
