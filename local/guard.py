"""Keeps one command running: `python guard.py --parent PID --name NAME [options] -- COMMAND…`.

Runs as a process of its own between Kith and a server or role, because a child of a Python process can neither
outlive nor notice its parent reliably: this one starts the command again when it dies (with growing pauses), and ends
it, gently first, when it is asked to or when the parent is gone, even by SIGKILL. A Neo4j it also asks now and then
whether it can still work: after a full disk its database stays stopped until the process is started anew. A Valkey's
files it writes through to the disk every second (see `local.valkey_server`).
Standard library only: it is started without the project on its path, and is small (7 MB).
"""

from __future__ import annotations

import argparse
import ctypes
import json
import math
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

# The command itself says that starting again cannot help, e.g. a wrong setting. Source: sysexits.h, EX_CONFIG.
EXIT_CONFIGURATION = 78
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
# A command that ran this long was healthy, so the next pause is the first again.
HEALTHY_S = 30.0
# Only where the system cannot tell of the parent's end (no pidfd): how often to look.
LOOK_S = 1.0
PR_SET_PDEATHSIG = 1
# Longer than any note, so that each fits into the place of the one before.
NOTE_BYTES = 80
# How often a Neo4j is asked, and how many refusals in a row are no coincidence.
PROBE_EVERY_S = 3.0
PROBE_TIMEOUT_S = 5.0
PROBE_REFUSALS = 2
# It has nothing left to save: its database stopped when it could not write.
BROKEN_GRACE_S = 5.0
# The caller's fault, e.g. a password that was changed by hand: starting again would not help.
CALLERS_FAULT = "Neo.ClientError."
PROBE_PASSWORD_VARIABLE = "KITH_GUARD_PASSWORD"
SYNC_EVERY_S = 1.0


class Guard:
    """One command under guard; `run` returns the exit status for this process."""

    def __init__(self, options: argparse.Namespace):
        self._options = options
        self._starts = 0
        self._stopping = False
        self._refusals = 0
        self._probe_password = os.environ.pop(PROBE_PASSWORD_VARIABLE, "")
        self._wake_read, wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        try:
            self._parent_fd = os.pidfd_open(options.parent) if hasattr(os, "pidfd_open") else -1
        except OSError:
            self._stopping = True

    def run(self) -> int:
        """Start, wait, start again; until stopped or until the command gives up by `EXIT_CONFIGURATION`."""
        pause_s = FIRST_PAUSE_S
        while not self._stopping:
            started = time.monotonic()
            child = self._start()
            status = self._wait(child)
            if self._stopping or not self._options.restart or status == EXIT_CONFIGURATION:
                return status
            if time.monotonic() - started > HEALTHY_S:
                pause_s = FIRST_PAUSE_S
            self._say(f"{_in_words(status)}; starting again in {pause_s:g} s")
            self._sleep(time.monotonic() + pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
        return 0

    def _start(self) -> subprocess.Popen[bytes]:
        output = self._options.log.open("ab") if self._options.log else None
        try:
            child = subprocess.Popen(
                self._options.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Safe here: this process has one thread, and that thread lives as long as the process.
                preexec_fn=_die_with_parent,
                start_new_session=True,
                pass_fds=self._options.keep_fd,
            )
        finally:
            if output is not None:
                output.close()
        self._starts += 1
        if self._options.pid_file:
            self._note({"pid": child.pid, "guard": os.getpid(), "starts": self._starts})
        return child

    def _note(self, facts: dict[str, int]) -> None:
        text = json.dumps(facts).ljust(NOTE_BYTES)
        scratch = self._options.pid_file.with_suffix(".new")
        try:
            scratch.write_text(text, encoding="ascii")
            os.replace(scratch, self._options.pid_file)
        except OSError:
            # A full disk must not end the guard too. The note of the last start has room for this one.
            try:
                with self._options.pid_file.open("r+", encoding="ascii") as note:
                    note.write(text)
            except OSError as fault:
                self._say(f"cannot note its process: {fault.strerror}")

    def _wait(self, child: subprocess.Popen[bytes]) -> int:
        self._refusals = 0
        probe_at = time.monotonic() + PROBE_EVERY_S if self._options.probe_bolt else math.inf
        sync_at = time.monotonic() + SYNC_EVERY_S if self._options.sync_dir else math.inf
        while True:
            status = child.poll()
            if status is not None:
                return status
            self._sleep(min(probe_at, sync_at), one_signal=True)
            if self._stopping:
                return self._stop(child, self._options.grace_s)
            if time.monotonic() >= probe_at:
                if self._is_beyond_help():
                    return self._stop(child, min(BROKEN_GRACE_S, self._options.grace_s))
                probe_at = time.monotonic() + PROBE_EVERY_S
            if time.monotonic() >= sync_at:
                self._sync()
                sync_at = time.monotonic() + SYNC_EVERY_S

    def _sync(self) -> None:
        # The command's own descriptors do not matter: what is synchronised is the file.
        try:
            for file in self._options.sync_dir.iterdir():
                descriptor = os.open(file, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        # Not there yet, or just replaced by a rewritten one.
        except FileNotFoundError:
            return
        except OSError as fault:
            self._say(f"{self._options.sync_dir} cannot be written to the disk: {fault.strerror}")

    def _is_beyond_help(self) -> bool:
        # Found beside this script, which is started without any other directory on its path.
        from bolt_probe import failure  # type: ignore[import-not-found,unused-ignore]

        try:
            code = failure(self._options.probe_bolt, "neo4j", self._probe_password, PROBE_TIMEOUT_S)
        # It starts, stops, or is busy: none of which a new start would make better.
        except OSError:
            code = None
        self._refusals = self._refusals + 1 if code and not code.startswith(CALLERS_FAULT) else 0
        if self._refusals < PROBE_REFUSALS:
            return False
        self._say(f"answers only {code}, stopping it")
        return True

    def _stop(self, child: subprocess.Popen[bytes], grace_s: float) -> int:
        child.terminate()
        try:
            return child.wait(grace_s)
        except subprocess.TimeoutExpired:
            self._say(f"did not stop within {grace_s:g} s, killing it")
            child.kill()
            return child.wait()

    def _sleep(self, until: float, one_signal: bool = False) -> None:
        """Until the monotonic instant `until`, a request to stop, or the parent's end; any signal with `one_signal`."""
        while not self._stopping:
            left_s = None if until == math.inf else until - time.monotonic()
            if left_s is not None and left_s <= 0:
                return
            ends = [self._wake_read] + ([self._parent_fd] if self._parent_fd >= 0 else [])
            wait_s = left_s if self._parent_fd >= 0 else min(LOOK_S, LOOK_S if left_s is None else left_s)
            ready, _, _ = select.select(ends, [], [], wait_s)
            if self._parent_fd in ready or (self._parent_fd < 0 and not _exists(self._options.parent)):
                self._stopping = True
            if self._wake_read in ready:
                os.read(self._wake_read, 4096)
                if one_signal:
                    return

    def _asked_to_stop(self, number: int, frame: object) -> None:
        self._stopping = True

    def _say(self, text: str) -> None:
        # The terminal may be gone together with the parent.
        try:
            print(f"{self._options.name}: {text}", file=sys.stderr, flush=True)
        except OSError:
            return


def _die_with_parent() -> None:
    # When this guard is killed, its command dies with it instead of running on unseen. Linux only.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _in_words(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"ended with status {status}"


def main() -> int:
    """Read the command line and guard the command."""
    sys.path.insert(0, str(Path(__file__).parent))
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--grace-s", type=float, default=20.0)
    parser.add_argument("--restart", action="store_true")
    parser.add_argument("--log", type=Path)
    parser.add_argument("--pid-file", type=Path)
    parser.add_argument("--probe-bolt", type=int, metavar="PORT")
    parser.add_argument("--sync-dir", type=Path)
    parser.add_argument("--keep-fd", type=int, action="append", default=[])
    parser.add_argument("command", nargs="+")
    status = Guard(parser.parse_args()).run()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
