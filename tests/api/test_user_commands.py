"""`kith user` as whoever runs the service uses it, and people who sign in with what it prints."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from typer.testing import CliRunner, Result

from audit.entry import Outcome, encode
from audit.log import AuditLog
from base.clock import now_ms
from base.errors import BadInput, KithError, NotFound, Unavailable
from base.keys import Keyring
from base.settings import Settings
from cli import user
from graph.client import GraphClient
from graph.repositories.user import UserRecord, UserRepository
from tests.support.api import Api, running_api
from tests.support.audit import Audit
from tests.support.users import NAME, PASSWORD, PHONE, Person, code_at, hash_cheaply

CREATE = ("create", PHONE, "--name", NAME, "--role", "administrator")
NOBODYS = "+8613900139000"
_SHOWN = re.compile(r"first password, shown this once: (\S+)")


@pytest.fixture(autouse=True)
def _environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, field in Settings.model_fields.items():
        monkeypatch.setenv(str(field.validation_alias), str(getattr(settings, name)))
    hash_cheaply(monkeypatch)


@pytest_asyncio.fixture(loop_scope="session")
async def api(settings: Settings, clean_stores: None) -> AsyncIterator[Api]:
    async with running_api(settings) as running:
        yield running


async def kith_user(*arguments: str, stdin: str | None = None) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, user.app, list(arguments), input=stdin)


def first_password(result: Result) -> str:
    found = _SHOWN.search(result.output)
    assert found is not None, result.output
    return found[1]


async def only_user(graph: GraphClient) -> UserRecord:
    (one,) = await UserRepository(graph).list_all()
    return one


async def test_nobody_can_sign_in_before_somebody_was_made(api: Api, graph: GraphClient) -> None:
    assert await UserRepository(graph).list_all() == []
    assert (await Person(api.http).sign_in("admin")).status_code == 401


async def test_the_first_administrator_signs_in_with_what_is_printed(api: Api) -> None:
    password = first_password(await kith_user(*CREATE))
    person = Person(api.http)
    await person.settle(password)

    me = (await person.ask("{ me { kind name roles } }"))["data"]["me"]
    assert me == {"kind": "USER", "name": NAME, "roles": ["administrator"]}


async def test_a_first_password_from_standard_input_is_not_printed_and_has_to_be_changed(api: Api) -> None:
    given = "meadow copper lantern 5"
    made = await kith_user(*CREATE, "--password-stdin", stdin=f"{given}\n")

    assert made.exit_code == 0
    assert given not in made.output
    assert (await Person(api.http).sign_in(given)).json()["mustChangePassword"] is True


async def test_a_reset_takes_password_second_factor_and_sessions(api: Api, graph: GraphClient) -> None:
    person = Person(api.http)
    await person.settle(first_password(await kith_user(*CREATE)))
    secret = (await person.post("totp/enrol", {"password": PASSWORD})).json()["secret"]
    code = code_at(secret, now_ms())
    assert (await person.post("totp/confirm", {"code": code})).status_code == 200
    assert (await only_user(graph)).has_totp
    password = first_password(await kith_user("reset", PHONE))

    assert (await person.refresh()).status_code == 401
    assert (await person.sign_in(PASSWORD)).status_code == 401
    assert (await person.sign_in(password)).json()["mustChangePassword"] is True
    assert not (await only_user(graph)).has_totp


async def test_who_is_disabled_signs_in_when_enabled_again(api: Api) -> None:
    await kith_user("create", NOBODYS, "--name", "Han Meimei", "--role", "administrator")
    person = Person(api.http)
    await person.settle(first_password(await kith_user(*CREATE)))

    assert (await kith_user("disable", PHONE)).exit_code == 0
    assert (await person.refresh()).status_code == 401
    assert (await person.sign_in(PASSWORD)).status_code == 401
    assert (await kith_user("enable", PHONE)).exit_code == 0
    assert (await person.sign_in(PASSWORD)).status_code == 200


async def test_users_are_listed() -> None:
    await kith_user(*CREATE)
    listed = (await kith_user("list")).output

    assert all(part in listed for part in (PHONE, NAME, "administrator", "ACTIVE", "never"))


@pytest.mark.parametrize(
    ("arguments", "stdin", "fault"),
    [
        (("create", "12", "--name", NAME, "--role", "operator"), None, BadInput),
        (("create", NOBODYS, "--name", "", "--role", "operator"), None, BadInput),
        (("create", NOBODYS, "--name", NAME, "--role", "nobody"), None, BadInput),
        (("create", NOBODYS, "--name", NAME, "--role", "operator", "--password-stdin"), "short\n", BadInput),
        (("create", NOBODYS, "--name", NAME, "--role", "operator", "--password-stdin"), "", BadInput),
        (CREATE, None, BadInput),
        (("reset", NOBODYS), None, NotFound),
        (("disable", NOBODYS), None, NotFound),
        (("enable", NOBODYS), None, NotFound),
        (("disable", "no phone"), None, BadInput),
        # The last administrator.
        (("disable", PHONE), None, BadInput),
    ],
)
async def test_what_cannot_be_is_refused_changes_nothing_and_is_logged(
    graph: GraphClient,
    redis: Redis,
    keyring: Keyring,
    arguments: tuple[str, ...],
    stdin: str | None,
    fault: type[KithError],
) -> None:
    await kith_user(*CREATE)
    before = await only_user(graph)
    refused = await kith_user(*arguments, stdin=stdin)

    assert type(refused.exception) is fault
    assert refused.exit_code == 1
    after = await only_user(graph)
    assert (after.id, after.password, after.status) == (before.id, before.password, before.status)
    audit = Audit(graph, redis, keyring)
    await audit.turns()
    last = (await audit.all())[-1].entry
    assert (last.action, last.outcome) == (f"user {arguments[0]}", Outcome.REFUSED)


async def test_the_log_names_whom_a_command_changed_and_holds_no_secret(
    graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    await kith_user("create", NOBODYS, "--name", "Han Meimei", "--role", "administrator")
    first = first_password(await kith_user(*CREATE))
    id_ = next(one.id for one in await UserRepository(graph).list_all() if one.name == NAME)
    second = first_password(await kith_user("reset", PHONE))
    await kith_user("disable", PHONE)
    await kith_user("enable", PHONE)
    await kith_user("list")
    audit = Audit(graph, redis, keyring)
    await audit.turns()
    entries = [one.entry for one in await audit.all()]

    assert [(one.user, one.module, one.action, one.object) for one in entries] == [
        ("cli", "access", "user create", None),
        ("cli", "access", "user create", None),
        ("cli", "access", "user reset", id_),
        ("cli", "access", "user disable", id_),
        ("cli", "access", "user enable", id_),
    ]
    written = b"".join(encode(one) for one in entries).decode()
    assert not [value for value in (first, second, PHONE, PHONE[3:], NOBODYS) if value in written]


async def test_nobody_is_changed_of_whom_the_log_cannot_tell(
    graph: GraphClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise Unavailable("Valkey cannot be reached.")

    monkeypatch.setattr(AuditLog, "change", away)
    made = await kith_user(*CREATE)

    assert type(made.exception) is Unavailable
    assert await UserRepository(graph).list_all() == []
