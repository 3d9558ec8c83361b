"""The owner of the columnar store: it builds, follows, goes on after a restart, and starts over when it has to."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from redis.asyncio import Redis

from analytics.engines.local import FILE, FOLDER, FilePlace
from analytics.engines.port import Store
from base import clock
from base.errors import Unavailable
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from graph.repositories.projection import ProjectionRepository
from tests.support.columns import events_by_customer
from tests.support.line import Line
from tests.support.waiting import until
from workers.jobs import make_services
from workers.projection import state
from workers.projection.owner import ProjectionOwner
from workers.projection.state import Doing
from workers.tasks.changes import forget_touched
from workers.tasks.services import TaskServices

MEMORY_MB = 256
WITHIN_S = 20.0
_HOLDER = """
import sys, time
from pathlib import Path
from analytics.store.file import ColumnFile
file = ColumnFile(Path(sys.argv[1]), sys.argv[2])
print("open", flush=True)
time.sleep(60)
"""


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


@pytest.fixture
def services(settings: Settings, graph: GraphClient, redis: Redis) -> TaskServices:
    return make_services(settings, graph, redis)


@asynccontextmanager
async def owning(line: Line, folder: Path) -> AsyncIterator[ProjectionOwner]:
    place = FilePlace(folder, line.keyring.columns_key(), MEMORY_MB)
    owner = ProjectionOwner(line.graph, line.redis, line.keyring, place)
    task = asyncio.create_task(owner.run())
    try:
        yield owner
    finally:
        task.cancel()
        await asyncio.wait([task])


async def current(owner: ProjectionOwner) -> Store:
    """The store, holding everything that was committed until now."""
    await owner.reach(clock.now_ms(), WITHIN_S)
    return owner.store()


async def is_told(redis: Redis) -> bool:
    told = await state.find(redis)
    return told is not None and told.doing is Doing.FOLLOWING and told.answers


async def buy(line: Line, user: str, number: int) -> None:
    call = {
        "type": "track",
        "event": "Bought",
        "userId": user,
        "messageId": f"{user}-{number}",
        "properties": {"n": number},
    }
    await line.apply(call)


async def test_it_is_built_at_first_and_follows_then(line: Line, tmp_path: Path) -> None:
    await buy(line, "ann", 1)
    async with owning(line, tmp_path) as owner:
        assert len(events_by_customer(await current(owner))) == 1
        await buy(line, "bob", 1)
        await buy(line, "ann", 2)

        assert len(events_by_customer(await current(owner))) == 3
        await until(lambda: is_told(line.redis))
        told = await state.find(line.redis)
        assert told is not None
        assert told.builds == 1
        # What was followed is not kept.
        assert await ProjectionRepository(line.graph).list_touched(0, 10**9, 10) == []


async def test_it_goes_on_where_it_was(line: Line, tmp_path: Path) -> None:
    await buy(line, "ann", 1)
    async with owning(line, tmp_path) as owner:
        await current(owner)
    await buy(line, "ann", 2)

    async with owning(line, tmp_path) as owner:
        assert len(events_by_customer(await current(owner))) == 2
        assert owner.builds == 0


async def test_it_is_built_anew_when_somebody_wants_it(line: Line, tmp_path: Path) -> None:
    await buy(line, "ann", 1)
    async with owning(line, tmp_path) as owner:
        await current(owner)
        await state.want_build(line.redis)
        await until(lambda: owner.builds == 2)

        assert len(events_by_customer(await current(owner))) == 1


async def test_it_is_built_anew_when_notes_are_gone(line: Line, tmp_path: Path, services: TaskServices) -> None:
    async with owning(line, tmp_path) as owner:
        await current(owner)
    await buy(line, "ann", 1)
    assert await forget_touched(services, clock.now_ms() - 60_000) == 0
    assert await forget_touched(services, clock.now_ms() + 60_000) > 0

    async with owning(line, tmp_path) as owner:
        assert len(events_by_customer(await current(owner))) == 1
        assert owner.builds == 1


async def test_a_file_that_cannot_be_read_is_replaced(line: Line, tmp_path: Path) -> None:
    await buy(line, "ann", 1)
    path = tmp_path / FOLDER / FILE
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 1_000)

    async with owning(line, tmp_path) as owner:
        assert len(events_by_customer(await current(owner))) == 1


async def test_a_second_owner_waits_and_says_why(line: Line, tmp_path: Path) -> None:
    path = tmp_path / FOLDER / FILE
    command = [sys.executable, "-c", _HOLDER, str(path), line.keyring.columns_key()]
    holder = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert await holder.stdout.readline() == b"open\n"
        async with owning(line, tmp_path) as owner:
            await until(lambda: owner.last_error)
            assert "open" in str(owner.last_error)
            with pytest.raises(Unavailable):
                owner.store()
            holder.kill()
            await holder.wait()
            await current(owner)
            assert owner.last_error is None
    finally:
        with suppress(ProcessLookupError):
            holder.kill()
        await holder.wait()


async def test_a_file_that_works_no_more_is_opened_again(line: Line, tmp_path: Path) -> None:
    await buy(line, "ann", 1)
    async with owning(line, tmp_path) as owner:
        file = await current(owner)
        file.close()
        # A question finds out though nothing is followed.
        owner.distrust(file)
        await until(lambda: owner.as_of_ms > 0 and owner._store is not file)
        assert len(events_by_customer(await current(owner))) == 1

        # And so does whoever follows.
        (await current(owner)).close()
        await buy(line, "ann", 2)
        await until(lambda: owner.last_error is None and owner.as_of_ms > 0)

        assert len(events_by_customer(await current(owner))) == 2
        assert owner.builds == 1
