"""`kith keys`, `kith doctor` and the start of a role, as an operator meets them."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from redis.asyncio import Redis

from base.keys import Keyring
from base.settings import Settings
from cli.exits import EXIT_CONFIGURATION
from graph.client import GraphClient
from graph.repositories import keys as repository
from tests.support.line import Line
from tests.support.sightings import sighting

ROOT = Path(__file__).resolve().parents[3]
OLD, NEW = "0f" * 32, "aa" * 32


class Shell:
    """Runs `kith` against the test servers."""

    def __init__(self, settings: Settings, folder: Path):
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("KITH_", "NEO4J_", "REDIS_"))}
        self._environment = {
            **kept,
            "NEO4J_URI": settings.neo4j_uri,
            "NEO4J_USER": settings.neo4j_user,
            "NEO4J_PASSWORD": settings.neo4j_password,
            "REDIS_URL": settings.redis_url,
            "KITH_WRITE_KEY": "w",
            "KITH_ADMIN_TOKEN": "a",
            "KITH_DATA_DIR": str(folder),
        }

    async def kith(self, *words: str, **more: str) -> tuple[int, str]:
        """Exit status, and everything that was printed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli", *words),
            cwd=ROOT,
            env=self._environment | more,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate()
        return process.returncode or 0, printed.decode()


@pytest.fixture
def shell(settings: Settings, tmp_path: Path) -> Shell:
    return Shell(settings, tmp_path)


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


async def test_a_key_is_added_from_a_file_rotated_to_counted_and_the_old_one_stays(
    line: Line, shell: Shell, tmp_path: Path
) -> None:
    await line.apply(sighting(1, member="M", traits={"city": "Basel"}))
    await repository.meet_versions(line.graph)
    ring = tmp_path / "ring"
    ring.write_text(f"1:{OLD}\n2:{NEW}\n", encoding="ascii")
    source = {"KITH_SECRET_KEY_FILE": str(ring)}

    status, printed = await shell.kith("keys", "status", **source)
    assert status == 0
    assert "version 1" in printed
    assert "version 2" not in printed
    status, printed = await shell.kith("keys", "rotate", **source)
    assert status == 0, printed
    assert "nodes looked at" in printed
    status, printed = await shell.kith("keys", "status", **source)
    assert "version 2" in printed
    assert "version 1" not in printed
    status, printed = await shell.kith("keys", "retire", "1", **source)
    assert status == EXIT_CONFIGURATION
    assert "found by" in printed


async def test_a_role_and_the_doctor_say_that_a_key_is_missing_or_another(line: Line, shell: Shell) -> None:
    await line.apply(sighting(1, member="M"))
    await repository.meet_versions(line.graph)

    for secret, told in ((NEW, "is another than the data was written with"), (f"2:{NEW}", "Version 1")):
        for role in ("api", "ingest", "worker", "analytics"):
            status, printed = await shell.kith("role", role, KITH_SECRET_KEY=secret)
            assert status == EXIT_CONFIGURATION
            assert told in printed
        status, printed = await shell.kith("doctor", KITH_SECRET_KEY=secret)
        assert "FAULT keys of the graph" in printed
        assert told in printed
        assert NEW not in printed
    _, printed = await shell.kith("doctor", KITH_SECRET_KEY=OLD)
    assert "keys of the graph: current is version 1" in printed
