"""What somebody tries who has no account, or not this one."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from access import passwords, throttle
from access.principal import ADMIN_TOKEN
from base.errors import Unavailable
from base.keys import Keyring
from base.settings import Settings
from base.valkey import SIGN_IN_PREFIX
from graph.client import GraphClient
from tests.support.api import Api, running_api
from tests.support.line import query
from tests.support.users import PASSWORD, PHONE, Person, users_listed, users_of

_NODES = query("MATCH (n) RETURN properties(n) AS node")


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


async def test_without_valkey_nobody_is_let_in(keyring: Keyring) -> None:
    away = Redis.from_url("redis://127.0.0.1:1")

    with pytest.raises(Unavailable):
        await throttle.Throttle(away, keyring).admit("user", "127.0.0.1")
    await away.aclose()
