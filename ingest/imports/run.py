"""An import from its first row to its report: check, leave out what is known, append, remember."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from base.clock import now_ms
from base.ids import call_id
from ingest.calls import Call, Rejected, decode_calls
from ingest.faults import IngestCode
from ingest.imports.mapping import Mapping
from ingest.imports.readers import Row, read_rows
from ingest.imports.recent import Recent
from ingest.imports.rows import RowCall, RowMapper
from ingest.imports.state import ImportState
from ingest.imports.values import BadCell
from ingest.limits import MAX_CALL_BYTES
from ingest.sources import IMPORT_PREFIX
from ingest.stream import IngestStream

# One entry of the stream: large enough to cost little, small enough for a worker to take several at once.
BATCH_CALLS = 500
BATCH_BYTES = 400 * 1024
# With more entries than this before it, an import waits: calls of SDKs come through the same stream.
MAX_BACKLOG_ENTRIES = 40
BACKLOG_POLL_S = 0.1
# Reason of a row whose cells are not what the mapping says.
BAD_ROW = "BAD_ROW"


class Traces(Protocol):
    """What the graph knows of calls: id → whether it was applied; unknown ids are missing."""

    async def find_traces(self, ids: list[str]) -> dict[str, bool]:
        """Look call ids up."""


class Destination(NamedTuple):
    """Where calls go and what is known of them; a dry run has none."""

    stream: IngestStream
    traces: Traces


class _Batch:
    """Calls of whole rows on their way to one entry."""

    def __init__(self) -> None:
        self.calls: list[RowCall] = []
        self.rows: list[Row] = []
        self.size_bytes = 0
        self.last_row = 0

    def add(self, row: Row, calls: list[RowCall]) -> None:
        self.calls += calls
        self.rows += [row] * len(calls)
        self.size_bytes += sum(len(call.body) + 1 for call in calls)

    def is_full(self) -> bool:
        return len(self.calls) >= BATCH_CALLS or self.size_bytes >= BATCH_BYTES


class Import:
    """One run of one file.

    Args:
        destination: None for a dry run: everything is checked and nothing kept.
        region: two letters, where phones without a country code are from.
    """

    def __init__(self, path: Path, mapping: Mapping, state: ImportState, destination: Destination | None, region: str):
        self._path = path
        self._mapping = mapping
        self._state = state
        self._destination = destination
        self._region = region
        self._source = IMPORT_PREFIX + mapping.source
        self._mapper = RowMapper(mapping, state.progress.started_at_ms)
        self._recent = Recent()
        self._last_call_ids: list[str] = []

    async def wait_until_applied(self, timeout_s: float) -> bool:
        """Wait until the graph knows the last batch; False when the time is over first. Workers go in order."""
        if self._destination is None:
            return True
        deadline_s = time.monotonic() + timeout_s
        while True:
            traces = await self._destination.traces.find_traces(self._last_call_ids)
            if len(traces) >= len(self._last_call_ids):
                return True
            if time.monotonic() >= deadline_s:
                return False
            await asyncio.sleep(BACKLOG_POLL_S)

    async def run(self, on_progress: Callable[[float], None]) -> None:
        """Read the file to its end; `state.progress` counts, `on_progress` hears the part that is done, 0 to 1.

        Raises:
            BadInput: the file cannot be read on.
            Unavailable: the stores went away; running it again goes on from the last batch.
        """
        batch = _Batch()
        for row in self._rows():
            batch.last_row = row.number
            calls = self._calls(row)
            batch.add(row, calls)
            if batch.is_full():
                await self._flush(batch)
                batch = _Batch()
                on_progress(row.done)
                # The reading above never waits; let Ctrl-C and the progress bar in.
                await asyncio.sleep(0)
        await self._flush(batch)
        self._state.progress.finished = True
        if self._destination is not None:
            self._state.save()
        on_progress(1.0)

    def _rows(self) -> Iterator[Row]:
        done = self._state.progress.rows_done
        for row in read_rows(self._path, self._mapping.columns(), self._mapping.csv):
            if row.number > done:
                yield row

    def _calls(self, row: Row) -> list[RowCall]:
        if row.fault is not None:
            self._state.reject(row.number, BAD_ROW, row.fault, row.cells)
            return []
        try:
            calls = self._mapper.calls(row.number, row.cells)
        except BadCell as fault:
            self._state.reject(row.number, BAD_ROW, str(fault), row.cells)
            return []
        kept: list[RowCall] = []
        for call in calls:
            if len(call.body) > MAX_CALL_BYTES:
                detail = f"a call holds at most {MAX_CALL_BYTES} bytes"
                self._state.reject(row.number, IngestCode.TOO_LARGE, detail, row.cells)
            elif self._recent.add(call.message_id):
                kept.append(call)
            else:
                self._state.progress.duplicates += 1
        return kept

    async def _flush(self, batch: _Batch) -> None:
        progress = self._state.progress
        if batch.calls:
            received_at_ms = now_ms()
            body = _join([call.body for call in batch.calls])
            decoded = decode_calls(body, "batch", received_at_ms, self._source, "import", region=self._region)
            for rejected in decoded.rejected:
                self._reject(rejected, batch.rows[rejected.index])
            fresh = await self._without_known(decoded.calls)
            progress.duplicates += len(decoded.calls) - len(fresh)
            if fresh and self._destination is not None:
                await self._wait_for_room(self._destination.stream)
                fresh_body = body if len(fresh) == len(batch.calls) else _join([call.item for call in fresh])
                ids = [call.message_id for call in fresh]
                await self._destination.stream.append(fresh_body, "batch", received_at_ms, self._source, ids)
                self._last_call_ids = sorted(call_id(self._source, id) for id in ids)
            progress.accepted += len(fresh)
        progress.rows_done = max(progress.rows_done, batch.last_row)
        if self._destination is not None:
            self._state.save()

    def _reject(self, rejected: Rejected, row: Row) -> None:
        self._state.reject(row.number, rejected.reason, rejected.detail, row.cells)

    async def _without_known(self, calls: list[Call]) -> list[Call]:
        if self._destination is None:
            return calls
        ids = {call.message_id: call_id(self._source, call.message_id) for call in calls}
        traces = await self._destination.traces.find_traces(sorted(ids.values()))
        return [call for call in calls if not traces.get(ids[call.message_id])]

    @staticmethod
    async def _wait_for_room(stream: IngestStream) -> None:
        while True:
            if (await stream.backlog()).entries_count < MAX_BACKLOG_ENTRIES:
                return
            await asyncio.sleep(BACKLOG_POLL_S)


def _join(items: list[Any]) -> bytes:
    return b'{"batch":[' + b",".join(items) + b"]}"
