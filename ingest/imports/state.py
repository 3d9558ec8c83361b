"""How far an import has come, on disk: killed at any instant, it goes on where it was."""

from __future__ import annotations

import fcntl
import os
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from base.errors import BadInput
from ingest.imports.mapping import Mapping

# Both ends and the size tell files apart without reading gigabytes twice.
_SAMPLE_BYTES = 256 * 1024
_KEY_BYTES = 8


class Progress(msgspec.Struct):
    """What has been done. Rows are counted once, calls by what became of them.

    Args:
        started_at_ms: when rows without a time happened.
        rejects_bytes: length of the file of rejected rows that belongs to `rows_done`.
    """

    file: str
    source: str
    started_at_ms: int
    rows_done: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0
    rejects_bytes: int = 0
    finished: bool = False
    reasons: dict[str, int] = {}


class ImportState:
    """The state of one file under one mapping; a context manager that holds it for this process alone.

    `<key>.json` is replaced as a whole after each batch, after the batch is durable; `<key>.rejected.jsonl` grows.

    Args:
        directory: `KITH_DATA_DIR/imports`.

    Raises:
        BadInput: the same import is running already (on entry).
    """

    def __init__(self, directory: Path, path: Path, mapping: Mapping, now_ms: int):
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = _key(path, mapping)
        self._state_path = directory / f"{key}.json"
        self.rejects_path = directory / f"{key}.rejected.jsonl"
        self._lock_path = directory / f"{key}.lock"
        self._fresh = Progress(path.name, mapping.source, now_ms)
        self.progress = self._fresh

    def __enter__(self) -> ImportState:
        self._lock = self._lock_path.open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            self._lock.close()
            raise BadInput("This import is running already.") from fault
        self.progress = self._load()
        # Rows of a batch that was not finished are read again; so are their faults.
        descriptor = os.open(self.rejects_path, os.O_WRONLY | os.O_CREAT, 0o600)
        self._rejects = os.fdopen(descriptor, "wb")
        self._rejects.truncate(self.progress.rejects_bytes)
        self._rejects.seek(self.progress.rejects_bytes)
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._rejects.close()
        self._lock.close()

    def reject(self, row: int, reason: str, detail: str, cells: Any) -> None:
        """Write a row down with why it was not taken; kept by the next `save`."""
        line = {"row": row, "reason": reason, "detail": detail, "cells": cells}
        self._rejects.write(msgspec.json.encode(line, enc_hook=str) + b"\n")
        self.progress.rejected += 1
        self.progress.reasons[reason] = self.progress.reasons.get(reason, 0) + 1

    def save(self) -> None:
        """Make everything up to now the place to go on from."""
        self._rejects.flush()
        self.progress.rejects_bytes = self._rejects.tell()
        temporary = self._state_path.with_suffix(".tmp")
        temporary.write_bytes(msgspec.json.encode(self.progress))
        temporary.replace(self._state_path)

    def first_rejects(self, count: int) -> list[tuple[int, str, str]]:
        """Row number, reason and detail of the first rejected rows."""
        self._rejects.flush()
        with self.rejects_path.open("rb") as lines:
            found = [msgspec.json.decode(line) for line in islice(lines, count)]
        return [(one["row"], one["reason"], one["detail"]) for one in found]

    def _load(self) -> Progress:
        try:
            found = msgspec.json.decode(self._state_path.read_bytes(), type=Progress)
        except (OSError, msgspec.DecodeError):
            return self._fresh
        # A finished import that is run again starts over: its message ids make that harmless.
        return self._fresh if found.finished else found


def _key(path: Path, mapping: Mapping) -> str:
    digest = blake2b(msgspec.json.encode(mapping), digest_size=_KEY_BYTES)
    size = path.stat().st_size
    digest.update(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(_SAMPLE_BYTES))
        file.seek(max(0, size - _SAMPLE_BYTES))
        digest.update(file.read(_SAMPLE_BYTES))
    return f"{mapping.source}-{digest.hexdigest()}"
