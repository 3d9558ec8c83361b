"""A server under guard, seen from Kith's side: start, is it up, stop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from base.errors import ConfigurationFault

GUARD_SCRIPT = Path(__file__).with_name("guard.py")
POLL_S = 0.1
# A server that was started this often before it answered once will not come up.
HOPELESS_STARTS = 3
LOG_TAIL_LINES = 15
# On top of the server's own grace: what the guard needs to notice and to reap.
GUARD_MARGIN_S = 5.0


def guard_command(name: str, command: Sequence[str], *, grace_s: float, options: Sequence[str] = ()) -> list[str]:
    """The command line that keeps `command` running for as long as this process lives."""
    interpreter = [sys.executable, "-I", "-S", str(GUARD_SCRIPT)]
    head = ["--parent", str(os.getpid()), "--name", name, "--grace-s", str(grace_s), "--restart"]
    return [*interpreter, *head, *options, "--", *command]


@dataclass(slots=True)
class Guarded:
    """One local server.

    Args:
        command: its command line.
        log: file that takes its output.
        pid_file: where the guard notes the server's process id.
        is_up: quick check whether it answers; must not raise.
        grace_s: how long it may take to stop by itself.
        guard_options: more of the guard's command line.
        keep_fds: descriptors that the guard and the server hold open too (the data directory's lock).
    """

    name: str
    command: Sequence[str]
    log: Path
    pid_file: Path
    is_up: Callable[[], bool]
    grace_s: float
    environment: Mapping[str, str] = field(default_factory=dict)
    guard_options: tuple[str, ...] = ()
    keep_fds: tuple[int, ...] = ()
    _guard: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return at once; `wait_until_up` tells when it answers."""
        self.pid_file.unlink(missing_ok=True)
        options = ["--log", str(self.log), "--pid-file", str(self.pid_file), *self.guard_options]
        for descriptor in self.keep_fds:
            options += ["--keep-fd", str(descriptor)]
        self._guard = subprocess.Popen(
            guard_command(self.name, self.command, grace_s=self.grace_s, options=options),
            stdin=subprocess.DEVNULL,
            # A session of its own: Ctrl-C on the terminal must not stop it before the roles that use it.
            start_new_session=True,
            pass_fds=self.keep_fds,
            env={**os.environ, **self.environment},
        )

    def wait_until_up(self, timeout_s: float) -> None:
        """Return once it answers.

        Raises:
            ConfigurationFault: it ended again and again, or did not answer in time; with the end of its log.
        """
        deadline = time.monotonic() + timeout_s
        while not self.is_up():
            if time.monotonic() > deadline:
                raise self._fault(f"did not answer within {timeout_s:g} s")
            if self._guard is None or self._guard.poll() is not None or self.starts > HOPELESS_STARTS:
                raise self._fault("does not start")
            time.sleep(POLL_S)

    def stop(self) -> None:
        """Stop it gently, then by force; returns when no process is left. Harmless when it is not running."""
        if self._guard is None:
            return
        self._guard.send_signal(signal.SIGTERM)
        try:
            self._guard.wait(self.grace_s + GUARD_MARGIN_S)
        except subprocess.TimeoutExpired:
            self._guard.kill()
            self._guard.wait()
        self._guard = None
        self.pid_file.unlink(missing_ok=True)

    @property
    def pid(self) -> int | None:
        """The server's process id, not the guard's; None before the first start."""
        return self._noted("pid")

    @property
    def guard_pid(self) -> int | None:
        """The guard's process id; None when it is not running."""
        return self._guard.pid if self._guard else None

    @property
    def starts(self) -> int:
        """How often the server was started under this guard."""
        return self._noted("starts") or 0

    def _noted(self, name: str) -> int | None:
        try:
            value = json.loads(self.pid_file.read_text(encoding="ascii"))[name]
        except FileNotFoundError:
            return None
        return int(value)

    def _fault(self, what: str) -> ConfigurationFault:
        tail = ""
        if self.log.is_file():
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:]
            tail = "\n".join(["", f"The end of {self.log}:", *lines])
        return ConfigurationFault(f"The local {self.name} {what}.{tail}")
