"""What the operation log tells of accounts."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from audit.entry import encode
from audit.log import AuditLog
from base.errors import Unavailable
from base.keys import Keyring
from graph.client import GraphClient
from tests.support.audit import Audit
from tests.support.users import PASSWORD, PHONE, Person, users_listed


async def test_signing_in_and_changes_of_an_account_are_in_the_operation_log(
    person: Person, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    await person.sign_in("wrong password 1234")
    await Person(person.http, "+8613900139000").sign_in(PASSWORD)
    await person.sign_in(PASSWORD)
    tokens = person.tokens or {}
    secret = (await person.post("totp/enrol", {"password": PASSWORD})).json()["secret"]
    await person.post("totp/confirm", {"code": "000000"})
    await person.post("sign-out")
    await person.post("sign-out")
    (user,) = await users_listed(graph)

    audit = Audit(graph, redis, keyring)
    await audit.turns()
    told = [
        (one.entry.action, one.entry.user, one.entry.code) for one in await audit.all() if one.entry.module == "access"
    ]

    assert told == [
        ("signIn", user.id, None),
        ("changePassword", user.id, None),
        ("signIn", user.id, "UNAUTHENTICATED"),
        ("signIn", "nobody", "UNAUTHENTICATED"),
        ("signIn", user.id, None),
        ("enrolTotp", user.id, None),
        ("signOut", user.id, None),
    ]
    written = b"".join(encode(one.entry) for one in await audit.all()).decode()
    secrets = [PASSWORD, "wrong password", PHONE, "3900139000", secret, tokens["accessToken"]]
    secrets += tokens["refreshToken"].split(".")
    assert not [value for value in secrets if value in written]


async def test_nobody_is_signed_in_of_whom_the_log_cannot_tell(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> None:
        raise Unavailable("Valkey cannot be reached.")

    monkeypatch.setattr(AuditLog, "write", away)
    reply = await person.sign_in(PASSWORD)
    assert reply.status_code == 503
    assert "accessToken" not in reply.text
