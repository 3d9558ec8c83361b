"""Users for tests, with passwords that are cheap to hash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from access import passwords
from access.passwords import Hasher
from access.principal import ADMIN_TOKEN
from access.users import MadeUser, Users
from base.keys import Keyring
from graph.client import GraphClient

PHONE = "+8613800138000"
NAME = "Li Lei"
PASSWORD = "violet harbour spoon 47"


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
