"""People with tokens, for tests of who may do what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from access.permissions import ALL, Permission
from access.principal import Principal, PrincipalKind
from base.settings import Settings
from tests.support.api import Api, running_api


def person(name: str, *roles: str, permissions: Collection[Permission] = ALL - {Permission.USERS_CHANGE}) -> Principal:
    """A user of the id `usr_<name>`."""
    kind = PrincipalKind.USER
    return Principal(kind=kind, id=f"usr_{name}", name=name, roles=roles, permissions=frozenset(permissions))


class FixedDirectory:
    """Knows these people; the token of each is `token-<name>`."""

    def __init__(self, *people: Principal):
        self.people = {f"token-{one.name}": one for one in people}

    async def find(self, token: str) -> Principal | None:
        """Who has that token."""
        return self.people.get(token)


@asynccontextmanager
async def api_of(settings: Settings, directory: FixedDirectory) -> AsyncIterator[Mapping[str, Api]]:
    """A running API as each of the people uses it, by name, and as `token`, which has the admin token."""
    async with running_api(settings, directory) as api, AsyncExitStack() as clients:
        found = {"token": api}
        for token, one in directory.people.items():
            headers = {"authorization": f"Bearer {token}"}
            http = httpx.AsyncClient(base_url=api.url, headers=headers, timeout=30)
            found[one.name] = Api(api.url, await clients.enter_async_context(http), token)
        yield found
