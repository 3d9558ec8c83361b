"""Signing in over HTTP, against a real Neo4j and Valkey."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from access import passwords, second_factor, sessions, sign_in, throttle
from access.principal import ADMIN_TOKEN
from access.users import Users
from audit.entry import encode
from audit.log import AuditLog
from base.clock import now_ms
from base.errors import Unavailable
from base.keys import Keyring
from base.settings import Settings
from base.valkey import SIGN_IN_PREFIX
from graph.client import GraphClient, Transaction
from graph.queries import Query
from graph.repositories.user import UserRecord, UserRepository
from tests.support.api import Api, running_api
from tests.support.audit import Audit
from tests.support.line import query
from tests.support.users import PASSWORD, PHONE, Person, hash_cheaply, make_user
from tests.support.waiting import until

CUT_OFF_S = 5.0
_SESSIONS = query("MATCH (s:Session) RETURN properties(s) AS session")
_AGE = query("MATCH (s:Session) SET s.rotated_at = s.rotated_at - $by, s.idle_until = s.idle_until - $by", "WRITE")
_END = query("MATCH (s:Session) SET s.ends_at = 1", "WRITE")
_NODES = query("MATCH (n) RETURN properties(n) AS node")


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_cheaply(monkeypatch)


@pytest_asyncio.fixture(loop_scope="session")
async def api(settings: Settings, clean_stores: None) -> AsyncIterator[Api]:
    async with running_api(settings) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def person(api: Api, graph: GraphClient, keyring: Keyring) -> Person:
    """Somebody who has signed in and chosen a password; operator."""
    made = await make_user(graph, keyring)
    someone = Person(api.http)
    await someone.settle(made.first_password)
    return someone


def users_of(graph: GraphClient, keyring: Keyring) -> Users:
    return Users(graph, keyring, passwords.Hasher(), "CN")


async def users_listed(graph: GraphClient) -> list[UserRecord]:
    return await UserRepository(graph).list_all()


async def write(graph: GraphClient, statement: Query, **given: object) -> None:
    async def work(tx: Transaction) -> None:
        await tx.run(statement, **given)

    await graph.write("tests", work)


async def test_a_session_may_only_change_a_first_password(api: Api, graph: GraphClient, keyring: Keyring) -> None:
    made = await make_user(graph, keyring)
    someone = Person(api.http)
    await someone.sign_in(made.first_password)

    assert await someone.code() == "FORBIDDEN"
    assert (await someone.post("totp/enrol", {"password": made.first_password})).status_code == 403
    assert (await someone.post("password", {"old": made.first_password, "new": PASSWORD})).status_code == 200
    assert await someone.code() is None
    assert (await someone.sign_in(made.first_password)).status_code == 401


async def test_a_session_has_its_users_rights(person: Person) -> None:
    assert "errors" not in await person.ask()
    refused = await person.ask('mutation { deleteRole(key: "sales") { __typename } }')

    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_each_sign_in_is_a_session_of_its_own(person: Person) -> None:
    first = person.tokens
    assert first is not None
    await person.sign_in(PASSWORD)
    second = person.tokens
    assert second is not None

    assert {first["accessToken"], first["refreshToken"]}.isdisjoint(second.values())
    assert (await person.post("sign-out", token=first["accessToken"])).status_code == 200
    assert await person.code() is None


async def test_signing_out_ends_the_session_at_once_for_its_routes_and_soon_for_all(person: Person) -> None:
    assert await person.code() is None
    assert (await person.post("sign-out")).json() == {"success": True}

    assert (await person.post("sign-out")).status_code == 401
    assert (await person.refresh()).status_code == 401
    await until_cut_off(person)


async def until_cut_off(person: Person) -> None:
    async def is_cut_off() -> bool:
        return await person.code() == "UNAUTHENTICATED"

    await until(is_cut_off, CUT_OFF_S)


async def test_wrong_unknown_and_disabled_get_the_same_answer(
    person: Person, graph: GraphClient, keyring: Keyring
) -> None:
    wrong = await person.sign_in("wrong password 1234")
    unknown = await Person(person.http, "+8613900139000").sign_in(PASSWORD)
    await users_of(graph, keyring).create(ADMIN_TOKEN, "+8613700137000", "Other", ["administrator"])
    (user,) = [one for one in await users_listed(graph) if one.name == "Li Lei"]
    await users_of(graph, keyring).disable(ADMIN_TOKEN, user.id)
    disabled = await person.sign_in(PASSWORD)

    assert {reply.status_code for reply in (wrong, unknown, disabled)} == {401}
    assert wrong.json() == unknown.json() == disabled.json()


async def test_unknown_and_known_users_cost_the_same_work(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    verify = passwords._verify
    monkeypatch.setattr(passwords, "_verify", lambda *given: done.append("verify") or verify(*given))
    monkeypatch.setattr(passwords, "_hash", lambda *given: done.append("hash"))

    async def work(phone: str) -> list[str]:
        done.clear()
        await Person(person.http, phone).sign_in("wrong password 1234")
        return list(done)

    assert [await work(phone) for phone in (PHONE, "+8613900139000") * 2] == [["verify"]] * 4


async def test_a_refresh_token_is_exchanged_once(person: Person, graph: GraphClient) -> None:
    old = person.tokens
    assert old is not None
    renewed = (await person.refresh()).json()
    await write(graph, _AGE, by=sessions.GRACE_MS + 1)

    assert renewed["accessToken"] != old["accessToken"]
    assert await Person(person.http, tokens=renewed).code() is None
    assert (await person.refresh(old["refreshToken"])).status_code == 401
    # Whoever has the newest may be the thief: the session is over for both.
    assert (await person.refresh(renewed["refreshToken"])).status_code == 401
    await until_cut_off(Person(person.http, tokens=renewed))


async def test_a_much_older_refresh_token_ends_the_session_too(person: Person, graph: GraphClient) -> None:
    oldest = (person.tokens or {})["refreshToken"]
    token = oldest
    for _ in range(3):
        token = (await person.refresh(token)).json()["refreshToken"]

    assert (await person.refresh(oldest)).status_code == 401
    assert (await person.refresh(token)).status_code == 401
    assert await graph.read(_SESSIONS) == []


async def test_a_retry_and_concurrent_windows_get_the_same_pair(person: Person) -> None:
    replies = await asyncio.gather(*(person.refresh() for _ in range(6)))

    assert [reply.status_code for reply in replies] == [200] * 6
    assert len({(reply.json()["accessToken"], reply.json()["refreshToken"]) for reply in replies}) == 1
    assert await Person(person.http, tokens=replies[0].json()).code() is None
    assert (await person.refresh(replies[0].json()["refreshToken"])).status_code == 200


@pytest.mark.parametrize("changed", [_AGE, _END])
async def test_idle_and_old_sessions_are_over(person: Person, graph: GraphClient, changed: Query) -> None:
    await write(graph, changed, **({"by": sessions.IDLE_MS} if changed is _AGE else {}))

    assert (await person.refresh()).status_code == 401
    assert await graph.read(_SESSIONS) == []


async def test_access_tokens_end_after_a_quarter_of_an_hour(person: Person, graph: GraphClient) -> None:
    (row,) = await graph.read(_SESSIONS)
    assert row["session"]["access_until"] - now_ms() <= 15 * 60_000
    await write(graph, query("MATCH (s:Session) SET s.access_until = 1", "WRITE"))

    await until_cut_off(person)
    assert (await person.refresh()).status_code == 200


async def test_a_disabled_user_is_cut_off_within_seconds(person: Person, graph: GraphClient, keyring: Keyring) -> None:
    assert await person.code() is None
    (user,) = await users_listed(graph)
    await users_of(graph, keyring).disable(ADMIN_TOKEN, user.id)

    await until_cut_off(person)
    assert (await person.refresh()).status_code == 401


async def test_another_role_counts_within_seconds(person: Person, graph: GraphClient, keyring: Keyring) -> None:
    assert "errors" not in await person.ask()
    (user,) = await users_listed(graph)
    await users_of(graph, keyring).update(ADMIN_TOKEN, user.id, None, ["integrator"])

    async def counts() -> bool:
        return (await person.ask("{ me { roles } }"))["data"]["me"]["roles"] == ["integrator"]

    await until(counts, CUT_OFF_S)


async def test_whoever_guesses_waits_longer_and_longer_and_a_restart_does_not_help(
    person: Person, settings: Settings, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "FIRST_WAIT_MS", 60_000)

    async def wait_is_over() -> None:
        for name in await redis.keys(f"{SIGN_IN_PREFIX}*"):
            await redis.hset(name, "until", 0)

    replies = [await person.sign_in(f"wrong password {place}") for place in range(throttle.FREE_OF_USER + 1)]
    assert [reply.status_code for reply in replies] == [401] * throttle.FREE_OF_USER + [429]
    assert 50 < int(replies[-1].headers["retry-after"]) <= 60

    async with running_api(settings) as other:
        assert (await Person(other.http).sign_in(PASSWORD)).status_code == 429
    await wait_is_over()
    assert (await person.sign_in("wrong password again")).status_code == 401
    assert 100 < int((await person.sign_in(PASSWORD)).headers["retry-after"]) <= 120
    await wait_is_over()
    assert (await person.sign_in(PASSWORD)).status_code == 200
    assert (await person.sign_in("wrong password at last")).status_code == 401


async def test_many_guesses_at_once_are_not_more_than_one_after_the_other(person: Person) -> None:
    replies = await asyncio.gather(*(person.sign_in(f"wrong password {place}") for place in range(20)))

    assert sum(reply.status_code == 401 for reply in replies) == throttle.FREE_OF_USER


async def test_an_address_that_tries_many_users_is_slowed_down(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "FREE_OF_ADDRESS", 3)
    phones = [f"+86138001380{place:02}" for place in range(4)]

    assert [(await Person(api.http, one).sign_in(PASSWORD)).status_code for one in phones] == [401, 401, 401, 429]


async def test_codes_of_an_authenticator_are_asked_for_and_taken_once(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled = (await person.post("totp/enrol", {"password": PASSWORD})).json()
    assert enrolled["uri"].startswith("otpauth://totp/Kith:")
    assert enrolled["secret"] in enrolled["uri"]
    assert (await person.sign_in(PASSWORD)).status_code == 200  # not in force before it is confirmed
    assert (await person.post("totp/confirm", {"code": "12345"})).status_code == 400
    at = now_ms()
    code = second_factor.code_at(enrolled["secret"], at)
    assert (await person.post("totp/confirm", {"code": code})).status_code == 200

    assert (await person.sign_in(PASSWORD)).json()["field"] == "totp"
    assert (await person.sign_in(PASSWORD, code)).status_code == 401  # used to confirm
    later = second_factor.code_at(enrolled["secret"], at + second_factor.STEP_MS)
    assert (await person.sign_in(PASSWORD, later)).status_code == 200
    again = await Person(person.http).sign_in(PASSWORD, later)
    assert again.status_code == 401

    monkeypatch.setattr(sign_in, "now_ms", lambda: at + 2 * second_factor.STEP_MS)
    last = second_factor.code_at(enrolled["secret"], at + 2 * second_factor.STEP_MS)
    assert (await person.post("totp/remove", {"password": PASSWORD, "code": "000000"})).status_code == 401
    assert (await person.post("totp/remove", {"password": PASSWORD, "code": last})).status_code == 200
    assert (await person.sign_in(PASSWORD)).status_code == 200


async def test_one_code_at_two_places_at_once_opens_one_session(person: Person) -> None:
    secret = (await person.post("totp/enrol", {"password": PASSWORD})).json()["secret"]
    at = now_ms()
    await person.post("totp/confirm", {"code": second_factor.code_at(secret, at)})
    code = second_factor.code_at(secret, at + second_factor.STEP_MS)

    replies = await asyncio.gather(*(Person(person.http).sign_in(PASSWORD, code) for _ in range(4)))

    assert sorted(reply.status_code for reply in replies) == [200, 401, 401, 401]


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


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("sign-in", None),
        ("sign-in", {}),
        ("sign-in", {"phone": PHONE, "password": 7}),
        ("sign-in", {"phone": PHONE, "password": PASSWORD, "role": "administrator"}),
        ("sign-in", {"phone": "no phone", "password": PASSWORD}),
        ("sign-in", {"phone": "1" * 41, "password": PASSWORD}),
        ("sign-in", {"phone": PHONE, "password": ""}),
        ("sign-in", {"phone": PHONE, "password": "x" * 257}),
        ("sign-in", {"phone": PHONE, "password": "x" * 5000}),
        ("refresh", {"refreshToken": None}),
        ("password", {"old": PASSWORD}),
        ("totp/confirm", {"code": 123456}),
    ],
)
async def test_bad_input_is_refused_without_being_repeated(api: Api, path: str, body: object) -> None:
    reply = await Person(api.http).post(path, body)

    assert (reply.status_code, reply.json()["code"]) == (400, "BAD_USER_INPUT")
    assert PASSWORD not in reply.text
    assert reply.headers["cache-control"] == "no-store"
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize("token", ["", "kur_", "kur_x.y", "kus_x", "é", "\u0000", "." * 100])
async def test_tokens_that_are_none_open_nothing(api: Api, token: str) -> None:
    assert (await Person(api.http).refresh(token or "-")).status_code == 401


async def test_only_json_is_read(api: Api) -> None:
    form = await api.http.post("/auth/sign-in", data={"phone": PHONE, "password": PASSWORD})
    text = await api.http.post("/auth/sign-in", content=b"{", headers={"content-type": "application/json"})

    assert (form.status_code, text.status_code) == (400, 400)
    assert (await api.http.get("/auth/sign-in")).status_code == 405


async def test_strange_origins_are_refused(settings: Settings) -> None:
    async with running_api(settings, allowed_origins="https://app.example.com") as api:
        body = {"phone": PHONE, "password": PASSWORD}

        async def status(origin: str) -> int:
            return (await api.http.post("/auth/sign-in", json=body, headers={"origin": origin})).status_code

        assert await status("https://evil.example.com") == 403
        assert await status("null") == 403
        assert await status("https://app.example.com") == 401
        assert await status(api.url) == 401
        asked = await api.http.options("/auth/sign-in", headers={"origin": "https://app.example.com"})
        assert asked.headers["access-control-allow-origin"] == "https://app.example.com"


async def test_tokens_and_passwords_are_kept_nowhere_and_logged_nowhere(
    person: Person,
    graph: GraphClient,
    redis: Redis,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await person.sign_in("wrong password 1234")
    await person.sign_in(PASSWORD)
    tokens = person.tokens or {}
    renewed = (await person.refresh()).json()
    secret = (await person.post("totp/enrol", {"password": PASSWORD}, renewed["accessToken"])).json()["secret"]
    kept = repr(await graph.read(_NODES)) + caplog.text + "".join(capsys.readouterr())
    for name in await redis.keys("*"):
        kept += repr(name) + (repr(await redis.hgetall(name)) if await redis.type(name) == b"hash" else "")

    secrets = [PASSWORD, "wrong password 1234", secret, PHONE, PHONE[3:], "127.0.0.1"]
    secrets += [
        part for pair in (tokens, renewed) for name in ("accessToken", "refreshToken") for part in pair[name].split(".")
    ]
    assert [one for one in secrets if one in kept] == []


async def test_hashing_has_a_bounded_queue(monkeypatch: pytest.MonkeyPatch, person: Person) -> None:
    monkeypatch.setattr(passwords, "MAX_QUEUED", 0)

    reply = await person.sign_in(PASSWORD)

    assert (reply.status_code, reply.json()["code"]) == (429, "RATE_LIMITED")


async def test_without_valkey_nobody_is_let_in(keyring: Keyring) -> None:
    away = Redis.from_url("redis://127.0.0.1:1")

    with pytest.raises(Unavailable):
        await throttle.Throttle(away, keyring).admit("user", "127.0.0.1")
    await away.aclose()


async def test_of_many_sessions_the_oldest_make_room(
    person: Person, graph: GraphClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MAX_SESSIONS", 3)
    first = person.tokens
    for _ in range(3):
        await person.sign_in(PASSWORD)

    assert len(await graph.read(_SESSIONS)) == 3
    assert (await Person(person.http, tokens=first).refresh()).status_code == 401


async def test_one_phone_number_is_one_user_however_many_make_it_at_once(graph: GraphClient, keyring: Keyring) -> None:
    made = await asyncio.gather(*(make_user(graph, keyring) for _ in range(4)), return_exceptions=True)

    assert sum(not isinstance(one, Exception) for one in made) == 1
    assert len(await users_listed(graph)) == 1


async def test_the_last_administrator_stays(graph: GraphClient, keyring: Keyring) -> None:
    users = users_of(graph, keyring)
    one = (await make_user(graph, keyring, "administrator")).user
    two = (await make_user(graph, keyring, "administrator", phone="+8613700137000")).user

    ended = await asyncio.gather(
        users.disable(ADMIN_TOKEN, one.id), users.update(ADMIN_TOKEN, two.id, None, ["sales"]), return_exceptions=True
    )

    assert sum("last administrator" in str(each) for each in ended) == 1


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
