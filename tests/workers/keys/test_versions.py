"""Versions of the secret: which are needed, and which may go."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from base.errors import ConfigurationFault, NotFound
from base.keys import Keyring
from base.settings import Settings
from graph.repositories import keys as repository
from ingest.stream import IngestStream
from tests.support.audit import Audit, entry
from tests.support.line import Line
from tests.support.turning import OLD, RING, calls, client_of, log, read
from workers.keys.rotation import count_versions, retire, rotate


async def test_waiting_requests_are_counted_and_hold_their_version(new: Line, redis: Redis, keyring: Keyring) -> None:
    for ring in (keyring, new.keyring, new.keyring):
        await IngestStream(redis, ring).append(b"{}", "track", 1, "s", ["m"])
    assert (await count_versions(new.graph, redis))["ingest stream"] == {1: 1, 2: 2}


@pytest.mark.parametrize(
    ("secrets", "told"),
    [
        (f"1:{'bb' * 32}", "Version 1 .* is another"),
        (f"2:{OLD}", "Version 1 .* is missing"),
        (f"3:{'aa' * 32}\n4:{OLD}", "Version 1 .* is missing"),
        (f"1:{OLD}\n2:{'cc' * 32}", "Version 2 .* is another"),
        (OLD, "Version 2 .* is missing"),
    ],
)
async def test_wrong_and_missing_versions_are_told_at_the_start(
    new: Line, settings: Settings, secrets: str, told: str
) -> None:
    await repository.meet_versions(new.graph)
    wrong = client_of(settings, secrets)
    try:
        for start in (repository.check_versions, repository.meet_versions, rotate):
            with pytest.raises(ConfigurationFault, match=told):
                await start(wrong)
    finally:
        await wrong.close()
    await repository.check_versions(new.graph)


async def test_entries_of_the_operation_log_that_wait_hold_their_version(
    old: Line, new: Line, settings: Settings, redis: Redis
) -> None:
    three = client_of(settings, f"{RING}\n3:{'cc' * 32}")
    without = client_of(settings, f"1:{OLD}\n3:{'cc' * 32}")
    try:
        await repository.meet_versions(new.graph)
        await log(new)
        await rotate(three)
        await Audit(new.graph, redis, new.keyring).log.write(entry("waits"))
        with pytest.raises(ConfigurationFault, match="opens 1 in stream of the operation log"):
            await retire(three, redis, 2)
        await Audit(three, redis, three.personal.keyring).turns()

        await retire(three, redis, 2)

        # Nobody has the version any more, and the chain is the one that it was.
        audit = Audit(without, redis, without.personal.keyring)
        report = await audit.verify()
        assert (report.fault, report.entries) == (None, 3)
        assert await audit.actions() == ["a0", "a1", "waits"]
    finally:
        await three.close()
        await without.close()


async def test_a_lower_version_than_the_first_is_refused(settings: Settings, redis: Redis) -> None:
    first, lower = client_of(settings, f"5:{OLD}"), client_of(settings, f"4:{'aa' * 32}\n5:{OLD}")
    try:
        await repository.meet_versions(first)
        with pytest.raises(ConfigurationFault, match=r"Version 4 .* lower than 5"):
            await repository.check_versions(lower)
    finally:
        await first.close()
        await lower.close()


async def test_another_key_is_told_in_a_graph_that_never_noted_any(old: Line, settings: Settings) -> None:
    await old.apply(*calls([1]))
    stranger = client_of(settings, "ee" * 32)
    try:
        with pytest.raises(ConfigurationFault, match="another than the data"):
            await repository.check_versions(stranger)
    finally:
        await stranger.close()


async def test_a_version_can_go_once_nothing_needs_it_and_not_before(
    new: Line, settings: Settings, redis: Redis
) -> None:
    three, without = client_of(settings, f"{RING}\n3:{'cc' * 32}"), client_of(settings, f"1:{OLD}\n3:{'cc' * 32}")
    back = client_of(settings, f"{RING}\n3:{'cc' * 32}\ncurrent:2")
    try:
        await repository.meet_versions(new.graph)
        await new.apply(*calls([1]))
        await IngestStream(redis, new.keyring).append(b"{}", "track", 1, "s", ["m"])
        for version, told in ((1, "found by"), (3, "current"), (2, "in events")):
            with pytest.raises(ConfigurationFault, match=told):
                await retire(three, redis, version)
        with pytest.raises(NotFound):
            await retire(three, redis, 9)
        await rotate(three)
        with pytest.raises(ConfigurationFault, match="opens 1 in ingest stream"):
            await retire(three, redis, 2)
        await redis.flushdb()
        with pytest.raises(ConfigurationFault, match=r"Version 2 .* missing"):
            await repository.check_versions(without)

        await retire(three, redis, 2)

        await repository.check_versions(without)
        assert await read(Line.of(without, redis, without.personal.keyring), "M1")
        # Whoever still has it and starts again leaves it retired; whoever writes with it does not.
        await repository.meet_versions(three)
        await repository.check_versions(without)
        await repository.meet_versions(back)
        with pytest.raises(ConfigurationFault, match=r"Version 2 .* missing"):
            await repository.check_versions(without)
    finally:
        await back.close()
        await three.close()
        await without.close()
