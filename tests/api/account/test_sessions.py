"""Sessions: how they begin, go on and end."""

from __future__ import annotations

import asyncio

import pytest

from access import sessions
from access.principal import ADMIN_TOKEN
from base.clock import now_ms
from base.keys import Keyring
from graph.client import GraphClient, Transaction
from graph.queries import Query
from tests.support.line import query
from tests.support.users import CUT_OFF_S, PASSWORD, Person, until_cut_off, users_listed, users_of
from tests.support.waiting import until

_SESSIONS = query("MATCH (s:Session) RETURN properties(s) AS session")
_AGE = query("MATCH (s:Session) SET s.rotated_at = s.rotated_at - $by, s.idle_until = s.idle_until - $by", "WRITE")
_END = query("MATCH (s:Session) SET s.ends_at = 1", "WRITE")


async def write(graph: GraphClient, statement: Query, **given: object) -> None:
    async def work(tx: Transaction) -> None:
        await tx.run(statement, **given)

    await graph.write("tests", work)


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


async def test_of_many_sessions_the_oldest_make_room(
    person: Person, graph: GraphClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MAX_SESSIONS", 3)
    first = person.tokens
    for _ in range(3):
        await person.sign_in(PASSWORD)

    assert len(await graph.read(_SESSIONS)) == 3
    assert (await Person(person.http, tokens=first).refresh()).status_code == 401
