"""The check of identity runs once a night, in one worker."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from base import clock
from base.settings import Settings
from graph.client import GraphClient
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
