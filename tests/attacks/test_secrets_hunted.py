"""Every role and command, with everything that is logged switched on, in order and in trouble: no secret is printed."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest

from base.settings import Settings
from local.directory import free_port
from tests.support.tracking import basic
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {
    "KITH_WRITE_KEY": "wk_hunted-write-key-4711",
    "KITH_ADMIN_TOKEN": "adm_hunted-admin-token-4711",
    "KITH_SECRET_KEY": "5ec4e7" * 12,
}
ROLES = ("api", "ingest", "worker", "analytics")
UP_S = 90.0
DOWN_S = 20.0


def environment(settings: Settings, folder: Path, **changes: str) -> dict[str, str]:
    named = {
        "NEO4J_URI": settings.neo4j_uri,
        "NEO4J_PASSWORD": str.__str__(settings.neo4j_password),
        "REDIS_URL": str.__str__(settings.redis_url),
        "KITH_DATA_DIR": str(folder),
        "KITH_LOG_LEVEL": "DEBUG",
        "KITH_PORT": str(free_port()),
        "PATH": os.environ["PATH"],
    }
    return named | SECRETS | changes


def spellings(settings: Settings, *more: str) -> list[str]:
    """How a secret may be spelled: as it is, in an address, in a header."""
    bare = [*SECRETS.values(), settings.neo4j_password, urlsplit(settings.redis_url).password or "", *more]
    found = {form for one in bare for form in (str.__str__(one), quote(one, safe=""))}
    return [*found, basic(SECRETS["KITH_WRITE_KEY"])["authorization"].removeprefix("Basic ")]


def hunt(text: str, secrets: list[str]) -> None:
    assert [secret for secret in secrets if secret in text] == []


@dataclass(slots=True)
class Running:
    """A process that prints into a file: a pipe would stop it when nobody reads."""

    process: asyncio.subprocess.Process
    log: Path

    @property
    def has_begun(self) -> bool:
        """Whether it has said something, or is at its end already."""
        return self.process.returncode is not None or self.log.stat().st_size > 0

    def stop(self) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)

    async def said(self) -> str:
        """Everything that it printed, once it has ended."""
        async with asyncio.timeout(DOWN_S + UP_S):
            await self.process.wait()
        return self.log.read_text(encoding="utf-8")


async def kith(arguments: str, env: Mapping[str, str]) -> Running:
    log = Path(env["KITH_DATA_DIR"]) / f"{arguments.replace(' ', '-')}.log"
    with log.open("wb") as file:
        command = [sys.executable, "-m", "cli", *arguments.split()]
        process = await asyncio.create_subprocess_exec(*command, env=env, cwd=ROOT, stdout=file, stderr=file)
    return Running(process, log)


async def use(port: str) -> None:
    """Requests that are right, wrong and broken."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
        async with asyncio.timeout(UP_S):
            while True:
                try:
                    await http.get("/healthz")
                    break
                except httpx.HTTPError:
                    await asyncio.sleep(0.1)
        right = {"authorization": f"Bearer {SECRETS['KITH_ADMIN_TOKEN']}"}
        for headers in (right, {"authorization": "Bearer wrong"}):
            assert (await http.post("/graphql", json={"query": "{__typename}"}, headers=headers)).status_code < 500
            await http.get("/graphql", params={"query": "{segments {edges {node {id}}}}"}, headers=headers)
        call = {"type": "track", "event": "Seen", "userId": "u1"}
        sent = await http.post("/v1/track", json=call, headers=basic(SECRETS["KITH_WRITE_KEY"]))
        assert sent.status_code == 200
        await http.post("/v1/track", json=call | {"writeKey": SECRETS["KITH_WRITE_KEY"], "event": None})


def test_the_hunter_finds(settings: Settings) -> None:
    with pytest.raises(AssertionError):
        hunt(f"oops {SECRETS['KITH_ADMIN_TOKEN']}", spellings(settings))
    with pytest.raises(AssertionError):
        hunt(base64.b64encode(f"{SECRETS['KITH_WRITE_KEY']}:".encode()).decode(), spellings(settings))


@pytest.mark.timeout(300)
async def test_roles_at_work_print_no_secret(settings: Settings, tmp_path: Path) -> None:
    env = environment(settings, tmp_path)
    running = {role: await kith(f"role {role}", env) for role in ROLES}
    try:
        await use(env["KITH_PORT"])
        commands = [await (await kith(command, env)).said() for command in ("doctor", "status", "credentials")]
        # Past the first heartbeat and the first look at the streams.
        await asyncio.sleep(2)
    finally:
        for one in running.values():
            one.stop()
    printed = {role: await one.said() for role, one in running.items()}

    assert all(len(text) > 50 for text in commands)
    assert "Started server process" in printed["api"]
    # The driver's own lines would show every value that travels.
    assert not any("C: RUN" in text for text in printed.values())
    for text in (*printed.values(), *commands):
        hunt(text, spellings(settings))


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "changes",
    [
        {"REDIS_URL": "redis://:hunted-redis-4711@127.0.0.1:9/0", "NEO4J_URI": "bolt://127.0.0.1:9"},
        {"REDIS_URL": "redis://:hunted-redis-4711@[bad/0", "NEO4J_URI": "bolt://neo4j:hunted-neo4j-4711@127.0.0.1:9"},
        {"NEO4J_URI": "nonsense://neo4j:hunted-neo4j-4711@127.0.0.1:9", "NEO4J_PASSWORD": "hunted-neo4j-4711"},
        {"KITH_SECRET_KEY": "hunted-no-hexadecimal-4711"},
    ],
    ids=lambda changes: "+".join(changes),
)
async def test_roles_in_trouble_print_no_secret(settings: Settings, tmp_path: Path, changes: dict[str, str]) -> None:
    env = environment(settings, tmp_path, **changes)
    running = [await kith(command, env) for command in ("role api", "role ingest", "doctor")]
    await until(lambda: all(one.has_begun for one in running), UP_S)
    # Long enough for a first try of what cannot succeed.
    await asyncio.sleep(1)
    for one in running:
        one.stop()
    printed = [await one.said() for one in running]

    assert all(printed)
    hunted = spellings(settings, "hunted-redis-4711", "hunted-neo4j-4711", "hunted-no-hexadecimal-4711")
    for text in printed:
        hunt(text, hunted)
