"""A service of the benchmark's own: local servers and roles as child processes, on free ports, in its own directory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import httpx
import psutil  # type: ignore[import-untyped]

from base.settings import Settings
from local.directory import DataDirectory
from local.process import guard_command
from local.services import LocalServices

ROOT = Path(__file__).resolve().parent.parent
READY_TIMEOUT_S = 60.0
GRACE_S = 10.0
MB = 1024 * 1024
ROLES = ("ingest", "worker", "analytics", "api")


class BenchService:
    """A context manager: servers and all roles run inside the block.

    Args:
        data_dir: kept between runs, so that a filled graph is found again.
    """

    def __init__(self, data_dir: Path):
        self._local = LocalServices(data_dir, {})
        self._directory: DataDirectory = self._local.directory
        self._values: dict[str, str] = {}
        self._roles: dict[str, subprocess.Popen[bytes]] = {}
        self._logs: list[BinaryIO] = []
        self.host = "127.0.0.1"
        self.port = 0
        self.metrics_ports: dict[str, int] = {}
        self.data_dir = data_dir

    def __enter__(self) -> BenchService:
        self._values = self._local.start()
        try:
            self.port = self._directory.port("bench_api")
            for role in ("ingest", "worker", "analytics"):
                self.metrics_ports[role] = self._directory.port(f"bench_{role}_metrics")
            for role in ROLES:
                self.start(role)
            self.wait_until_ready()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for role in list(self._roles):
            self.stop(role)
        for log in self._logs:
            log.close()
        self._local.stop()

    @property
    def settings(self) -> Settings:
        """The settings that the roles have."""
        return Settings.model_validate(self.environment("api", {}) | {"KITH_DATA_DIR": str(self.data_dir)})

    @property
    def write_key(self) -> str:
        """For the tracking API."""
        return self._values["KITH_WRITE_KEY"]

    @property
    def admin_token(self) -> str:
        """For GraphQL."""
        return self._values["KITH_ADMIN_TOKEN"]

    @property
    def url(self) -> str:
        """Of the API, without a slash at the end."""
        return f"http://{self.host}:{self.port}"

    def start(self, role: str, more: Mapping[str, str] | None = None) -> None:
        """Start a role's process; `more` are settings of its own."""
        self.spawn(role, [sys.executable, "-m", "cli", "role", role], more or {})

    def spawn(self, name: str, command: list[str], more: Mapping[str, str]) -> None:
        """Start any process with the service's settings."""
        log = (self.data_dir / f"{name}.log").open("ab")
        self._logs.append(log)
        # Under a guard, which ends it with this process, however that ends.
        guarded = guard_command(name, command, grace_s=GRACE_S)
        self._roles[name] = subprocess.Popen(
            guarded, cwd=ROOT, env=self.environment(name, more), stdout=log, stderr=log, start_new_session=True
        )

    def stop(self, role: str) -> None:
        """Stop a role's process and its children; harmless when it does not run."""
        process = self._roles.pop(role, None)
        if process is None:
            return
        process.terminate()
        process.wait()

    def restart(self, role: str, more: Mapping[str, str] | None = None) -> None:
        """Stop and start a role, with other settings of its own."""
        self.stop(role)
        self.start(role, more)
        if role == "api":
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until the API answers.

        Raises:
            TimeoutError: it does not; the roles' logs are in the data directory.
        """
        deadline_s = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline_s:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.url}/readyz", trust_env=False).status_code == httpx.codes.OK:
                    return
            time.sleep(0.1)
        raise TimeoutError(f"the API is not ready; see {self.data_dir}/api.log")

    def memory_mb(self) -> dict[str, float]:
        """Resident memory of each role with its children, MB."""
        sizes: dict[str, float] = {}
        for role, process in self._roles.items():
            with suppress(psutil.NoSuchProcess):
                # Without the guard itself.
                family = psutil.Process(process.pid).children(recursive=True)
                sizes[role] = round(sum(one.memory_info().rss for one in family) / MB, 1)
        return sizes

    def metric(self, role: str, name: str, labels: str = "") -> float:
        """One metric of a role, e.g. `kith_applied_total` with labels `outcome="applied"`; 0 when unknown."""
        port = self.port if role == "api" else self.metrics_ports[role]
        wanted = f"{name}{{{labels}}} " if labels else f"{name} "
        text = httpx.get(f"http://{self.host}:{port}/metrics", trust_env=False, timeout=10).text
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(wanted))

    def environment(self, name: str, more: Mapping[str, str]) -> dict[str, str]:
        """What a process of the service is started with; `more` are settings of its own."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("KITH_", "NEO4J_", "REDIS_"))}
        return {
            **kept,
            **self._values,
            "KITH_DATA_DIR": str(self.data_dir.resolve()),
            "KITH_PORT": str(self.port),
            "KITH_LOG_LEVEL": "WARNING",
            "KITH_MODE": "local",
            "KITH_METRICS_PORT": str(self.metrics_ports.get(name, 0)),
            **more,
        }
