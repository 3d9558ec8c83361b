"""`kith run` as a person starts it: order, restarts, refusals, Ctrl-C. The roles are small stand-ins."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.app import EXIT_CONFIGURATION
from local.directory import free_port
from tests.support.stores import Stores

WAIT_S = 100.0
ROOT = Path(__file__).resolve().parents[2]


class Run:
    """One `kith run` against the suite's servers, with its output in a file."""

    def __init__(self, folder: Path, stores: Stores, roles: str, port: int | None = None):
        folder.mkdir(exist_ok=True)
        procfile = folder / "Procfile"
        procfile.write_text(roles)
        self.output = folder / f"output-{time.monotonic_ns()}"
        environment = {
            **os.environ,
            **stores.settings,
            "KITH_DATA_DIR": str(folder / "data"),
            "KITH_PORT": str(port or free_port()),
        }
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cli", "run", "--procfile", str(procfile)],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def text(self) -> str:
        return self.output.read_text()

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + WAIT_S
        while text not in self.text():
            assert time.monotonic() < deadline, f"{text!r} did not come:\n{self.text()}"
            assert self.process.poll() is None, self.text()
            time.sleep(0.05)

    def interrupt(self) -> int:
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(WAIT_S)


@pytest.fixture
def runs(clean_stores: None) -> Iterator[list[Run]]:
    """Runs that a test starts, each with a secret of its own, on stores that hold nothing; ended whatever happens."""
    started: list[Run] = []
    yield started
    for run in started:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()


def test_a_role_that_ends_is_started_again_until_ctrl_c(tmp_path: Path, stores: Stores, runs: list[Run]) -> None:
    run = Run(tmp_path, stores, "short: sh -c 'echo here; sleep 0.2'\nlong: sh -c 'echo pid $$; exec sleep 600'\n")
    runs.append(run)
    run.wait_for("short: ended with status 0; starting again in 1 s")
    run.wait_for("| pid ")
    pid = int(run.text().split("| pid ")[1].split()[0])

    status = run.interrupt()

    assert status in (0, 128 + signal.SIGINT)
    assert run.text().rstrip().endswith("kith: stopped")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_second_run_on_the_same_data_says_so_and_stops(tmp_path: Path, stores: Stores, runs: list[Run]) -> None:
    first = Run(tmp_path, stores, "long: sleep 600\n")
    runs.append(first)
    first.wait_for("long started")

    second = Run(tmp_path, stores, "long: sleep 600\n")
    runs.append(second)

    assert second.process.wait(WAIT_S) == EXIT_CONFIGURATION
    assert f"already running on {tmp_path / 'data'} (process {first.process.pid})" in second.text()


def test_a_role_with_a_wrong_setting_ends_the_run(tmp_path: Path, stores: Stores, runs: list[Run]) -> None:
    run = Run(tmp_path, stores, "wrong: sh -c 'exit 78'\nlong: sleep 600\n")
    runs.append(run)

    assert run.process.wait(WAIT_S) == EXIT_CONFIGURATION


def test_a_port_in_use_is_named(tmp_path: Path, stores: Stores, runs: list[Run]) -> None:
    port = int(stores.settings["NEO4J_URI"].rpartition(":")[2])
    run = Run(tmp_path, stores, "long: sleep 600\n", port=port)
    runs.append(run)

    assert run.process.wait(WAIT_S) == EXIT_CONFIGURATION
    assert f"Port {port} is in use" in run.text()
