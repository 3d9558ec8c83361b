"""A small disk that only one service sees, so that it can be filled without harm to anybody else."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from tests.support.service import Service

# An empty Neo4j reserves 512 MB for logs; the rest is room for a few minutes of load.
SIZE_MB = 900
BLOCK_BYTES = 1024 * 1024
SMALL_BLOCK_BYTES = 4096
# What a process frees meanwhile is taken away again.
REFILL_S = 0.3
MOUNT = f'mount -t tmpfs -o size={SIZE_MB}m,mode=700 tmpfs "$0" && exec "$@"'


def own_disk(folder: Path) -> list[str]:
    """The command before a command that gives it an empty disk at `folder`; it goes when the last process ends."""
    rights = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *rights, "--mount", "sh", "-c", MOUNT, str(folder)]


def why_no_disk(folder: Path) -> str | None:
    """Why this system cannot give a process a disk of its own; None when it can."""
    if shutil.which("unshare") is None:
        return "there is no `unshare` on this system"
    tried = subprocess.run([*own_disk(folder), "true"], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else f"no disk of its own: {tried.stderr.strip()}"


def keep_full(service: Service, seconds: float) -> None:
    """Fill the service's disk, keep it full for a while, then free it again."""
    ballast = service.files / "ballast"
    deadline_s = time.monotonic() + seconds
    try:
        with ballast.open("ab", buffering=0) as file:
            while time.monotonic() < deadline_s:
                for size in (BLOCK_BYTES, SMALL_BLOCK_BYTES):
                    with suppress(OSError):
                        while True:
                            file.write(bytes(size))
                time.sleep(REFILL_S)
    finally:
        ballast.unlink()
