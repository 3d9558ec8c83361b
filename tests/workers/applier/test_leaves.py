"""A new device of somebody known is not resolved; whatever might change somebody is."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from base.keys import Keyring
from graph.client import GraphClient
from tests.support.line import Line
from tests.support.sightings import sighting
from workers.applier import identify as module


class Resolved(Exception):
    """The resolver was asked."""


@pytest.fixture
async def line(graph: GraphClient, redis: Redis, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> Line:
    found = Line.of(graph, redis, keyring)
    await found.apply(sighting(1, member="M", cookie="c0", email="e@x.org"), sighting(2, member="N", device="shared"))
    await found.apply(sighting(3, member="M", device="moved"), sighting(4, member="N", device="moved"))

    async def never(*_: object) -> None:
        raise Resolved

    monkeypatch.setattr(module, "replay", never)
    return found


@pytest.mark.parametrize(
    "calls",
    [
        [sighting(10, member="M", cookie="c1")],
        [sighting(10, member="M", cookie="c1", device="d1")],
        [sighting(10, cookie="c1", email="e@x.org", verified=False)],
        [sighting(10, cookie="c1", device="shared")],
        [sighting(10, member="M", cookie="c1"), sighting(11, member="M", cookie="c1")],
        [sighting(10 + number, member=member, cookie=f"c{member}{number}") for number in range(3) for member in "MN"],
    ],
)
async def test_a_new_device_joins_without_a_resolution(line: Line, calls: list[dict[str, object]]) -> None:
    await line.apply(*calls)
    picture = await line.picture()
    assert len(picture["customers"]) == 2
    # The same again changes nobody.
    await line.apply(*({**call, "messageId": f"again-{call['messageId']}"} for call in calls))
    assert (await line.picture())["holds"] == picture["holds"]


@pytest.mark.parametrize(
    "calls",
    [
        pytest.param([sighting(10, member="M", phone="+8613912345678")], id="a phone has a limit"),
        pytest.param(
            [sighting(10, member="M", cookie="c0x"), sighting(11, member="N", cookie="c0x")], id="seen by two"
        ),
        pytest.param([sighting(10, member="M", cookie="c1"), sighting(11, cookie="c1")], id="seen alone too"),
        pytest.param([sighting(10, cookie="c1", email="e@x.org")], id="an e-mail may be vouched for the first time"),
        pytest.param([sighting(10, member="M", cookie="c1", email="e@x.org")], id="more than one that is known"),
        pytest.param([sighting(10, device="moved", cookie="c1")], id="a device that changed hands"),
        pytest.param([sighting(10, member="new", cookie="c1")], id="nobody known"),
        pytest.param([sighting(10, member="new", cookie="c0")], id="somebody new on a device that is known"),
    ],
)
async def test_everything_else_is_resolved(line: Line, calls: list[dict[str, object]]) -> None:
    with pytest.raises(Resolved):
        await line.apply(*calls)
