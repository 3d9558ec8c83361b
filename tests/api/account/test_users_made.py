"""Users as they are made and kept."""

from __future__ import annotations

import asyncio

from access.principal import ADMIN_TOKEN
from base.keys import Keyring
from graph.client import GraphClient
from tests.support.users import make_user, users_listed, users_of


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
