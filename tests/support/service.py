"""A whole service as `kith run` starts it: a data directory and ports of its own, and every process within reach."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import httpx
import psutil  # type: ignore[import-untyped]
from redis.asyncio import Redis

from base.settings import CREDENTIALS_FILE, RUNTIME_FILE, Settings
from base.valkey import connect
from graph.client import GraphClient
from local.directory import free_port
from local.environment import read_file

ROOT = Path(__file__).resolve().parents[2]
Role = Literal["api", "ingest", "worker"]
Server = Literal["valkey", "neo4j"]
Part = Role | Server
SERVERS = get_args(Server)
# A loaded machine plans the first statements for many seconds.
START_TIMEOUT_S = 180.0
# Neo4j may take 60 s for its last checkpoint.
STOP_TIMEOUT_S = 100.0
POLL_S = 0.1
LOG_TAIL_CHARACTERS = 6_000


class Service:
    """A service of a test's own; `running` is the context manager round it.

    Args:
        data_dir: created when it is missing; the log of the run is beside it.
        wrapper: a command that ends in an `exec` of what follows it, e.g. to give the run a disk of its own.
        more: settings on top.
    """

    def __init__(self, data_dir: Path, *, wrapper: Sequence[str] = (), more: Mapping[str, str] | None = None):
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data_dir.with_name(data_dir.name + ".log")
        self._wrapper = wrapper
        self._more = dict(more or {})
        self._run: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a shell would have set; commands on the same data directory need it too."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KITH_", "NEO4J_", "REDIS_"))}
        return {
            **kept,
            "KITH_PORT": str(self.port),
            "KITH_DATA_DIR": str(self.data_dir),
            # The smallest Neo4j that there is. Short runs never earn back the second compiler's work.
            "KITH_LOCAL_MEMORY_MB": "256",
            "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1",
            "KITH_LOG_LEVEL": "WARNING",
            "COLUMNS": "250",
            **self._more,
        }

    @property
    def files(self) -> Path:
        """The data directory as the run sees it, which may be on a disk that only the run has."""
        return Path(f"/proc/{self.run.pid}/root{self.data_dir}") if self._wrapper else self.data_dir

    @property
    def run(self) -> subprocess.Popen[bytes]:
        """The process of `kith run`."""
        assert self._run is not None, "not started"
        return self._run

    @property
    def settings(self) -> Settings:
        """The settings that the roles have."""
        kept = {**read_file(self.files / CREDENTIALS_FILE), **read_file(self.files / RUNTIME_FILE)}
        return Settings.model_validate({**self.environment, **kept})

    def start(self) -> None:
        """Start and wait until it is ready."""
        with self.log.open("ab") as log:
            self._run = subprocess.Popen(
                [*self._wrapper, sys.executable, "-m", "cli", "run"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self.is_ready, START_TIMEOUT_S, lambda: f"the service is not ready:\n{self.log_tail()}", self.check_alive)

    def stop(self) -> int | None:
        """Stop as Ctrl-C does; the exit status, None when it was not started."""
        run = self._run
        if run is None:
            return None
        if run.poll() is None:
            run.send_signal(signal.SIGINT)
            try:
                run.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                # Its guards stop the rest.
                run.kill()
                run.wait()
                raise
        self._run = None
        return run.returncode

    def is_ready(self) -> bool:
        """Whether `/readyz` says so."""
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False, timeout=10).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def check_alive(self) -> None:
        """Fail when the run itself ended: it must outlive all of its parts."""
        assert self.run.poll() is None, f"kith run ended with {self.run.returncode}:\n{self.log_tail()}"

    def log_tail(self) -> str:
        """The last lines of the run and its roles."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL_CHARACTERS:]

    def pid(self, part: Part) -> int | None:
        """The process of a part, not its guard; None while there is none."""
        if part in SERVERS:
            return self._server_pid(part)
        try:
            for process in psutil.Process(self.run.pid).children(recursive=True):
                command = _command(process)
                if command[-2:] == ["role", part] and not any(word.endswith("guard.py") for word in command):
                    return int(process.pid)
        except psutil.NoSuchProcess:
            return None
        return None

    def metrics_port(self, role: Role) -> int:
        """Where a role serves its metrics; the API serves them beside everything else."""
        if role == "api":
            return self.port
        noted: dict[str, int] = json.loads((self.files / "local.json").read_text(encoding="utf-8"))
        return noted[f"{role}_metrics_port"]

    def kill(self, part: Part) -> int:
        """SIGKILL; returns the process id. Waits a while for a part that has just been started again."""
        pid = self._existing(part)
        os.kill(pid, signal.SIGKILL)
        return pid

    @contextmanager
    def frozen(self, part: Part) -> Iterator[None]:
        """SIGSTOP for the length of the block: connections stay open and nobody answers."""
        pid = self._existing(part)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def wait_for_another(self, part: Part, pid: int, timeout_s: float = 120.0) -> None:
        """Wait until the part runs again as another process."""
        until(
            lambda: self.pid(part) not in (None, pid),
            timeout_s,
            lambda: f"{part} was not started again:\n{self.log_tail()}",
            self.check_alive,
        )

    def kith(self, *arguments: str, timeout_s: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Run another command on the same data directory; its output is text."""
        return subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def _existing(self, part: Part) -> int:
        until(lambda: self.pid(part) is not None, START_TIMEOUT_S, lambda: f"there is no {part}", self.check_alive)
        pid = self.pid(part)
        assert pid is not None
        return pid

    def _server_pid(self, part: str) -> int | None:
        try:
            noted = int(json.loads((self.files / part / "pid.json").read_text(encoding="ascii"))["pid"])
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return noted if psutil.pid_exists(noted) and psutil.Process(noted).status() != psutil.STATUS_ZOMBIE else None


@dataclass(frozen=True, slots=True)
class Stores:
    """Clients of a service's servers, past its API."""

    settings: Settings
    graph: GraphClient
    redis: Redis


@asynccontextmanager
async def stores_of(service: Service) -> AsyncIterator[Stores]:
    """Connections to look behind the service's back."""
    settings = service.settings
    graph = GraphClient.of(settings)
    redis = connect(settings.redis_url)
    try:
        yield Stores(settings, graph, redis)
    finally:
        await redis.aclose()
        await graph.close()


@contextmanager
def running(service: Service) -> Iterator[Service]:
    """The service, started; stopped at the end of the block, every process of it."""
    try:
        service.start()
        yield service
    finally:
        service.stop()


def until(
    condition: Callable[[], bool],
    timeout_s: float,
    complaint: Callable[[], str],
    each_time: Callable[[], None] = lambda: None,
) -> None:
    """Poll until a condition holds; fails with the complaint."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        each_time()
        assert time.monotonic() < deadline_s, complaint()
        time.sleep(POLL_S)


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
