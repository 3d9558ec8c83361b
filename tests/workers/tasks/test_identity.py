"""The check of identity runs once a night, in one worker."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from base import clock
from base.ids import call_id
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from graph.repositories.review import ReviewKind, ReviewRepository
from tests.support.line import SOURCE, Line
from tests.support.sightings import sighting
from workers.decisions.execution import Said
from workers.jobs import make_services
from workers.tasks.identity import check_identity_at_night

# 2027-01-15T03:20 in Shanghai.
NIGHT_MS = 1_799_954_400_000
ZONE = ZoneInfo("Asia/Shanghai")


async def test_once_a_night(
    settings: Settings, graph: GraphClient, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = make_services(settings, graph, redis)
    checked: list[bool] = []
    for hours in (-1, 0, 0, 1, 24):
        monkeypatch.setattr(clock, "now_ms", lambda: NIGHT_MS + hours * 3_600_000)  # noqa: B023
        checked.append(await check_identity_at_night(services, ZONE))
    assert checked == [False, True, False, False, True]
    assert services.last_error() is None


async def test_the_review_list_is_brought_up_to_date_at_night(
    settings: Settings, graph: GraphClient, redis: Redis, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    line, services = Line.of(graph, redis, keyring), make_services(settings, graph, redis)
    await line.apply(sighting(1, member="M", email="e@x.org"), sighting(2, member="N", email="e@x.org"))
    await line.apply(*(sighting(10 + n, member="N", cookie=f"c{n}") for n in range(30)))
    await line.apply(*(sighting(50 + n, member="N", cookie=f"c{30 + n}") for n in range(30)))
    await services.desk.revoke_call(call_id(SOURCE, "m1"), Said("ann", "a test"))
    monkeypatch.setattr(clock, "now_ms", lambda: NIGHT_MS)
    assert await check_identity_at_night(services, ZONE)
    ids = await ReviewRepository(graph).page_all("", 10)
    assert [item.kind for item in (await ReviewRepository(graph).get_many(ids)).values()] == [ReviewKind.LARGE_CUSTOMER]
    assert len(ids) == 1
