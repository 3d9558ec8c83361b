"""Users for tests, with passwords that are cheap to hash."""

from __future__ import annotations

from base64 import b32decode
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from access import passwords
from access.passwords import Hasher
from access.principal import ADMIN_TOKEN
from access.users import MadeUser, Users
from base.keys import Keyring
from graph.client import GraphClient
from graph.repositories.user import UserRecord, UserRepository
from tests.support.waiting import until

PHONE = "+8613800138000"
NAME = "Li Lei"
# What a revocation may take until it counts everywhere.
CUT_OFF_S = 5.0
PASSWORD = "violet harbour spoon 47"


def code_at(secret: str, at_ms: int) -> str:
    """What an authenticator shows at an instant."""
    return TOTP(b32decode(secret), 6, SHA1(), 30).generate(at_ms // 1_000).decode()


def hash_cheaply(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each hash takes 64 MiB and a core for a while; what is tested here is what becomes of it."""
    monkeypatch.setattr(passwords, "MEMORY_KIB", 64)
    monkeypatch.setattr(passwords, "PASSES", 1)


async def make_user(
    graph: GraphClient, keyring: Keyring, *roles: str, phone: str = PHONE, name: str = NAME
) -> MadeUser:
    """A user who has to change the first password."""
    return await Users(graph, keyring, Hasher(), "CN").create(ADMIN_TOKEN, phone, name, roles or ("operator",))


@dataclass
class Person:
    """Somebody at a browser."""

    http: httpx.AsyncClient
    phone: str = PHONE
    tokens: dict[str, Any] | None = None

    async def post(self, path: str, body: object = None, token: str | None = None) -> httpx.Response:
        """Ask a route under `/auth`, with the access token if there is one."""
        token = token or (self.tokens or {}).get("accessToken")
        headers = {"authorization": f"Bearer {token}" if token else ""}
        return await self.http.post(f"/auth/{path}", json=body, headers=headers)

    async def sign_in(self, password: str, totp: str | None = None) -> httpx.Response:
        """Sign in, and keep the tokens."""
        body = {"phone": self.phone, "password": password} | ({"totp": totp} if totp else {})
        reply = await self.post("sign-in", body)
        self.tokens = reply.json() if reply.status_code == 200 else None
        return reply

    async def settle(self, first_password: str) -> None:
        """Sign in for the first time and choose a password."""
        assert (await self.sign_in(first_password)).json()["mustChangePassword"] is True
        changed = await self.post("password", {"old": first_password, "new": PASSWORD})
        assert changed.status_code == 200, changed.text

    async def refresh(self, token: str | None = None) -> httpx.Response:
        """Exchange a refresh token; the session's, if none is given. The tokens are kept as they were."""
        return await self.post("refresh", {"refreshToken": token or (self.tokens or {})["refreshToken"]})

    async def ask(
        self, query: str = "{ segments { edges { node { key } } } }", token: str | None = None
    ) -> dict[str, Any]:
        """An operation of /graphql."""
        headers = {"authorization": f"Bearer {token or (self.tokens or {}).get('accessToken')}"}
        answer: dict[str, Any] = (await self.http.post("/graphql", json={"query": query}, headers=headers)).json()
        return answer

    async def code(self) -> str | None:
        """The error's code of an operation that anybody may ask; None when it is answered."""
        answer = await self.ask("{ me { id } }")
        return answer["errors"][0]["extensions"]["code"] if answer.get("errors") else None


def users_of(graph: GraphClient, keyring: Keyring) -> Users:
    """Changes users as an administrator does."""
    return Users(graph, keyring, Hasher(), "CN")


async def users_listed(graph: GraphClient) -> list[UserRecord]:
    """All of them."""
    return await UserRepository(graph).list_all()


async def until_cut_off(person: Person) -> None:
    """Wait until their session opens nothing any more."""

    async def is_cut_off() -> bool:
        return await person.code() == "UNAUTHENTICATED"

    await until(is_cut_off, CUT_OFF_S)
