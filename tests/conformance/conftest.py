"""A whole service, role by role in processes of their own, and Node with the clients' packages."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support.stores import Stores

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# Three roles start at once; on a busy machine loading their libraries alone takes a minute.
START_S = 180.0
SCRIPT_S = 120.0
ROLES = ("api", "ingest", "worker")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Only on demand (`make conformance`): it needs Node and the registry of its packages."""
    asked = any("conformance" in argument for argument in config.args)
    return None if asked or collection_path.is_dir() else True


@dataclass(frozen=True)
class Service:
    """A running service: where it is, and its keys."""

    url: str
    admin_token: str
    write_key: str


@pytest.fixture(scope="session")
def service(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """All roles on the suite's stores, ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("service")
    running = Service(f"http://127.0.0.1:{port}", "conformance-admin", "conformance-write")
    environment = {
        **os.environ,
        **stores.settings,
        "KITH_PORT": str(port),
        "KITH_DATA_DIR": str(folder),
        "KITH_ADMIN_TOKEN": running.admin_token,
        "KITH_WRITE_KEY": running.write_key,
        "KITH_SECRET_KEY": "0f" * 32,
        "KITH_MODE": "local",
    }
    subprocess.run([sys.executable, "-c", MIGRATE], cwd=ROOT, env=environment, check=True)
    logs = {role: (folder / f"{role}.log").open("wb") for role in ROLES}
    processes = {
        role: subprocess.Popen(
            [sys.executable, "-m", "cli", "role", role], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
        for role, log in logs.items()
    }
    try:
        _wait_until_ready(running.url, processes, folder)
        yield running
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for log in logs.values():
            log.close()


MIGRATE = """
import asyncio
from base.settings import load_settings
from graph.client import GraphClient
from graph.migrate import migrate
async def main():
    s = load_settings()
    graph = GraphClient.of(s)
    await migrate(graph)
    await graph.close()
asyncio.run(main())
"""


def _wait_until_ready(url: str, processes: dict[str, subprocess.Popen[bytes]], folder: Path) -> None:
    deadline_s = time.monotonic() + START_S
    while True:
        for role, process in processes.items():
            assert process.poll() is None, f"{role} ended:\n{(folder / f'{role}.log').read_text()}"
        try:
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        assert time.monotonic() < deadline_s, (folder / "api.log").read_text()
        time.sleep(0.1)


@pytest.fixture(scope="session")
def node(service: Service) -> Callable[[str], str]:
    """Runs one of this folder's scripts against the service; returns what it printed, fails when it fails."""
    program = shutil.which("node")
    npm = shutil.which("npm")
    assert program, "Node 20 or newer is needed for these tests"
    assert npm, "npm is needed for these tests"
    # `ci` takes exactly the versions of the lock, checked against its hashes.
    subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--silent"], cwd=HERE, check=True)

    def run(script: str) -> str:
        arguments = [program, str(HERE / script), service.url, service.admin_token, service.write_key]
        done = subprocess.run(arguments, cwd=HERE, capture_output=True, text=True, timeout=SCRIPT_S)
        assert done.returncode == 0, f"{script}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run
