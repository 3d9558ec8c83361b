"""The local servers as `make run` starts them: killed, started again, refused to a second run, stopped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from base.errors import ConfigurationFault
from local import neo4j_server
from local.directory import DataDirectory, find_running
from local.environment import complete_credentials, read_file
from local.memory import MB, SMALL
from local.services import LocalServices
from tests.support.stores import GRACE_S

WAIT_S = 100.0


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def _gone(pid: int | None) -> bool:
    assert pid is not None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServices]:
    """Servers of this module's own, because it kills them; stopped by its last test."""
    found = LocalServices(tmp_path_factory.mktemp("run"), {}, memory=SMALL, grace_s=GRACE_S)
    found.start()
    yield found
    found.stop()


def test_addresses_passwords_and_keys_are_kept_private(services: LocalServices) -> None:
    folder = services.directory.path

    runtime, credentials = read_file(folder / "runtime.env"), read_file(folder / "credentials.env")

    assert set(runtime) == {"REDIS_URL", "NEO4J_URI", "NEO4J_USER", "NEO4J_PASSWORD"}
    assert set(credentials) == {"KITH_WRITE_KEY", "KITH_ADMIN_TOKEN", "KITH_SECRET_KEY"}
    for name in ("runtime.env", "credentials.env", "local.json", "valkey/valkey.conf", "neo4j/conf/neo4j.conf"):
        assert (folder / name).stat().st_mode & 0o077 == 0, name


def test_a_second_run_on_the_same_directory_is_refused(services: LocalServices) -> None:
    code = "import sys, pathlib; from local.directory import DataDirectory; DataDirectory(pathlib.Path(sys.argv[1]))"

    second = subprocess.run(
        [sys.executable, "-c", code, str(services.directory.path)], capture_output=True, text=True, check=False
    )

    assert f"already running on {services.directory.path} (process {os.getpid()})" in second.stderr
    assert find_running(services.directory.path) is not None


def test_a_killed_neo4j_and_a_killed_valkey_come_back_on_the_same_ports(services: LocalServices) -> None:
    assert services.neo4j is not None
    assert services.valkey is not None
    before = services.neo4j.pid, services.valkey.pid

    for pid in before:
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    _until(lambda: services.valkey is not None and services.valkey.starts == 2 and services.valkey.is_up())
    _until(lambda: services.neo4j is not None and services.neo4j.starts == 2 and services.neo4j.is_up())
    assert services.neo4j.pid not in before


def test_a_stop_leaves_no_process_and_frees_the_directory(services: LocalServices) -> None:
    assert services.neo4j is not None
    assert services.valkey is not None
    pids = [services.neo4j.pid, services.valkey.pid, services.neo4j.guard_pid, services.valkey.guard_pid]
    folder = services.directory.path

    services.stop()

    assert all(_gone(pid) for pid in pids)
    assert not (folder / "runtime.env").exists()
    assert find_running(folder) is None
    DataDirectory(folder).close()


def test_ports_and_passwords_stay_the_same_between_runs(tmp_path: Path) -> None:
    first = DataDirectory(tmp_path)
    kept = first.port("neo4j"), first.password("neo4j")
    first.close()

    second = DataDirectory(tmp_path)

    assert (second.port("neo4j"), second.password("neo4j")) == kept
    second.close()


def test_a_first_start_without_room_for_its_logs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=100 * MB))

    directory = DataDirectory(tmp_path)

    with pytest.raises(ConfigurationFault, match="178 MB of disk, and 100 MB are free"):
        neo4j_server.prepare(directory, SMALL)
    directory.close()


def test_named_servers_are_not_started(tmp_path: Path) -> None:
    named = {"NEO4J_URI": "bolt://elsewhere:7687", "REDIS_URL": "redis://elsewhere:6379"}

    with LocalServices(tmp_path, named) as values:
        assert set(values) == {"KITH_WRITE_KEY", "KITH_ADMIN_TOKEN", "KITH_SECRET_KEY"}


def test_a_key_of_the_environment_is_not_generated(tmp_path: Path) -> None:
    kept = complete_credentials(tmp_path, {"KITH_WRITE_KEY": "mine", "KITH_ADMIN_TOKEN": ""})

    assert set(kept) == {"KITH_ADMIN_TOKEN", "KITH_SECRET_KEY"}
    assert complete_credentials(tmp_path, {}).items() >= kept.items()


def test_a_server_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neo4j_server, "configuration", lambda *given: "no.such.setting=1\n")
    services = LocalServices(tmp_path, {"REDIS_URL": "redis://elsewhere"}, memory=SMALL, grace_s=GRACE_S)

    with pytest.raises(ConfigurationFault, match=r"(?s)neo4j does not start.*no\.such\.setting"):
        services.start()
