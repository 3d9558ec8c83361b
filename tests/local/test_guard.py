"""The guard: starts again what dies, and leaves nothing behind whoever dies."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.directory import free_port
from local.guard import PROBE_EVERY_S, SYNC_EVERY_S
from local.neo4j_server import answers
from local.process import GUARD_SCRIPT
from local.valkey_server import configuration

WAIT_S = 15.0


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2]
    except FileNotFoundError:
        return False
    return not state.startswith("Z")


class Guarded:
    """A guard process and what it noted about its child."""

    def __init__(self, folder: Path, command: list[str], parent: int, grace_s: float = 5.0, more: tuple[str, ...] = ()):
        self.note = folder / "pid.json"
        head = [sys.executable, "-I", "-S", str(GUARD_SCRIPT), "--parent", str(parent), "--name", "test", "--restart"]
        options = ["--grace-s", str(grace_s), "--pid-file", str(self.note), "--log", str(folder / "log"), *more]
        self.errors = folder / "errors"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen([*head, *options, "--", *command], stderr=errors)
        _until(self.note.exists)

    def noted(self) -> dict[str, int]:
        return dict(json.loads(self.note.read_text()))


# Speaks as much Bolt as the probe asks for; refuses every statement while `refuse` exists.
BOLT_SERVER = """
import pathlib, socket, sys
refuse = pathlib.Path(sys.argv[2])
def message(link):
    while not (size := int.from_bytes(link.recv(2), "big")):
        pass
    return link.recv(size) + link.recv(2)
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        link, _ = server.accept()
        with link:
            link.recv(20); link.sendall(bytes.fromhex("00000404"))
            message(link); link.sendall(bytes.fromhex("0003b170a00000"))
            message(link)
            body = bytes.fromhex("b170a0")
            if refuse.exists():
                code = b"Neo.DatabaseError.Transaction.TransactionStartFailed"
                body = bytes.fromhex("b17fa184") + b"code" + bytes([0xD0, len(code)]) + code
            link.sendall(len(body).to_bytes(2, "big") + body + bytes(2))
            if body == bytes.fromhex("b170a0"):
                message(link); link.sendall(bytes.fromhex("0004b17191010000") + bytes.fromhex("0003b170a00000"))
"""


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[bytes]]:
    """A process for the guard to watch."""
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def test_a_killed_command_is_started_again(tmp_path: Path) -> None:
    guarded = Guarded(tmp_path, ["sleep", "60"], os.getpid())
    first = guarded.noted()["pid"]

    os.kill(first, signal.SIGKILL)

    _until(lambda: guarded.noted()["starts"] == 2)
    assert guarded.noted()["pid"] != first
    guarded.process.terminate()
    assert guarded.process.wait(WAIT_S) == 128 + signal.SIGTERM
    assert not _alive(guarded.noted()["pid"])


def test_the_command_ends_when_the_parent_is_killed(tmp_path: Path, parent: subprocess.Popen[bytes]) -> None:
    guarded = Guarded(tmp_path, ["sleep", "60"], parent.pid)

    # Not reaped before the end: a dead parent whose own parent does not look is gone all the same.
    parent.kill()

    guarded.process.wait(WAIT_S)
    assert not _alive(guarded.noted()["pid"])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a process to its parent")
def test_the_command_ends_when_the_guard_is_killed(tmp_path: Path) -> None:
    guarded = Guarded(tmp_path, ["sleep", "60"], os.getpid())

    guarded.process.kill()
    guarded.process.wait(WAIT_S)

    _until(lambda: not _alive(guarded.noted()["pid"]))


def test_a_command_that_ignores_the_request_to_stop_is_killed(tmp_path: Path) -> None:
    stubborn = ["sh", "-c", 'trap "" TERM; echo ready; while :; do sleep 0.1; done']
    guarded = Guarded(tmp_path, stubborn, os.getpid(), grace_s=0.3)
    _until(lambda: "ready" in (tmp_path / "log").read_text())

    guarded.process.terminate()

    guarded.process.wait(WAIT_S)
    assert not _alive(guarded.noted()["pid"])


def test_a_wrong_setting_is_not_tried_again(tmp_path: Path) -> None:
    guarded = Guarded(tmp_path, ["sh", "-c", "exit 78"], os.getpid())

    assert guarded.process.wait(WAIT_S) == 78
    assert guarded.noted()["starts"] == 1


def test_a_neo4j_that_only_refuses_is_started_again(tmp_path: Path) -> None:
    port, refuse = free_port(), tmp_path / "refuse"
    command = [sys.executable, "-c", BOLT_SERVER, str(port), str(refuse)]
    guarded = Guarded(tmp_path, command, os.getpid(), more=("--probe-bolt", str(port)))
    _until(lambda: answers(port, "any"))

    refuse.touch()
    _until(lambda: guarded.noted()["starts"] == 2)
    refuse.unlink()

    _until(lambda: answers(port, "any"))
    time.sleep(PROBE_EVERY_S + 0.5)
    assert guarded.noted()["starts"] == 2, "a healthy one is left alone"
    guarded.process.terminate()
    guarded.process.wait(WAIT_S)


def test_a_note_is_kept_where_no_new_file_can_be_written(tmp_path: Path) -> None:
    guarded = Guarded(tmp_path, ["sleep", "60"], os.getpid())
    # As on a full disk: the note cannot be replaced, but written over.
    (tmp_path / "pid.new").mkdir()

    os.kill(guarded.noted()["pid"], signal.SIGKILL)

    _until(lambda: guarded.noted()["starts"] == 2)
    assert _alive(guarded.noted()["pid"])
    guarded.process.terminate()
    guarded.process.wait(WAIT_S)


def test_a_folder_is_synchronised_again_and_again(tmp_path: Path) -> None:
    folder = tmp_path / "appended"
    folder.mkdir()
    (folder / "file").write_text("x")
    guarded = Guarded(tmp_path, ["sleep", "60"], os.getpid(), more=("--sync-dir", str(folder)))

    time.sleep(2 * SYNC_EVERY_S)
    assert guarded.errors.read_text() == ""
    # What cannot be synchronised is told, and ends nothing.
    shutil.rmtree(folder)
    folder.write_text("no folder")

    _until(lambda: guarded.errors.read_text().count("cannot be written to the disk") >= 2)
    assert guarded.noted()["starts"] == 1
    guarded.process.terminate()
    guarded.process.wait(WAIT_S)


def test_a_killed_valkey_keeps_what_it_answered(tmp_path: Path) -> None:
    """Its own fsync every second would let it answer first and write later: see the comment in the configuration."""
    every_second = configuration(1, "secret", tmp_path, "everysec")
    always = configuration(1, "secret", tmp_path, "always")

    assert "\nappendfsync no\n" in every_second
    assert "\nappendfsync always\n" in always
