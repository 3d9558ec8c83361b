"""The data directory: one run at a time, and what has to stay the same from run to run."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from base.errors import ConfigurationFault

# After a killed run its guards stop the servers and let go of the lock; Neo4j takes a few seconds for it.
STALE_RUN_WAIT_S = 30.0
POLL_S = 0.2
LOOPBACK = "127.0.0.1"


class DataDirectory:
    """`KITH_DATA_DIR`, locked by this process for as long as it or one of its servers lives.

    Args:
        path: created with access for its owner only.

    Raises:
        ConfigurationFault: another run uses it, or it cannot be written.
    """

    def __init__(self, path: Path):
        self.path = path.resolve()
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self.path / "logs").mkdir(exist_ok=True)
            self._lock = (self.path / "lock").open("a+", encoding="ascii")
        except OSError as fault:
            raise ConfigurationFault(f"The data directory {self.path} cannot be written: {fault.strerror}.") from fault
        self._take_lock()
        self._state_file = self.path / "local.json"
        self._state: dict[str, str | int] = {}
        if self._state_file.is_file():
            self._state = json.loads(self._state_file.read_text(encoding="utf-8"))

    @property
    def lock_fd(self) -> int:
        """The lock's descriptor; a child that inherits it holds the lock too."""
        return self._lock.fileno()

    def password(self, name: str) -> str:
        """The generated password called `name`, the same in every run."""
        return str(self._remember(f"{name}_password", secrets.token_urlsafe(24)))

    def port(self, name: str) -> int:
        """A loopback port for `name`: the one of the last run if it is free, else another free one."""
        kept = self._state.get(f"{name}_port")
        if isinstance(kept, int) and is_free(kept):
            return kept
        self._state.pop(f"{name}_port", None)
        taken = {value for key, value in self._state.items() if key.endswith("_port")}
        port = free_port()
        while port in taken:
            port = free_port()
        return int(self._remember(f"{name}_port", port))

    def close(self) -> None:
        """Let the next run have the directory (once no child holds the lock either)."""
        self._lock.close()

    def _remember(self, key: str, fresh: str | int) -> str | int:
        if key not in self._state:
            self._state[key] = fresh
            write_private(self._state_file, json.dumps(self._state, indent=1))
        return self._state[key]

    def _take_lock(self) -> None:
        deadline = time.monotonic() + STALE_RUN_WAIT_S
        while True:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                owner = self._owner()
                if owner is None or not _is_alive(owner):
                    if time.monotonic() < deadline:
                        time.sleep(POLL_S)
                        continue
                    raise ConfigurationFault(
                        f"Servers of a run that was killed still use {self.path} and do not stop; "
                        "their process ids are in neo4j/pid.json and valkey/pid.json there."
                    ) from None
                raise ConfigurationFault(
                    f"Kith is already running on {self.path} (process {owner}). "
                    "Stop that run, or set KITH_DATA_DIR to another directory."
                ) from None
            break
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()

    def _owner(self) -> int | None:
        self._lock.seek(0)
        text = self._lock.read()
        return int(text) if text.isdigit() else None


@dataclass(frozen=True, slots=True)
class Running:
    """The run that holds a data directory: its process id."""

    pid: int


def find_running(path: Path) -> Running | None:
    """The run on this data directory, if there is one; never waits, never creates anything."""
    try:
        with (path / "lock").open("r", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                text = lock.read()
                return Running(int(text)) if text.isdigit() and _is_alive(int(text)) else None
    except FileNotFoundError:
        return None
    return None


def is_free(port: int) -> bool:
    """Whether nobody listens on this loopback port."""
    with socket.socket() as probe:
        # A port whose last connections are in TIME_WAIT is free for a server.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A loopback port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; only its owner may read it, from its first byte on."""
    scratch = path.with_name(path.name + ".new")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(scratch, path)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        # The state is the first field after the command's closing bracket.
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].startswith("Z")
    except OSError:
        return False
