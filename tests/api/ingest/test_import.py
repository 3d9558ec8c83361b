"""`kith import`: the same result as the API, however often it is cut off or repeated."""

from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from redis.asyncio import Redis

from base.clock import now_ms
from base.errors import Unavailable
from base.keys import Keyring
from graph.client import GraphClient, Transaction
from graph.repositories.quarantine import QuarantineRepository
from ingest.imports import run as module
from ingest.imports.mapping import Mapping, check_mapping
from ingest.imports.run import Destination, Import
from ingest.imports.state import ImportState, Progress
from ingest.stream import IngestStream
from tests.support.line import Line, query
from tests.support.tracking import calls_of, drain, length
from tests.support.working import working

ORDERS: dict[str, Any] = {
    "source": "pos",
    "identifiers": {"crm:pos": "member", "phone": "mobile"},
    "traits": {"name": "name"},
    "event": {"name": "Order Completed"},
    "properties": {"amount": {"column": "amount", "type": "number"}},
    "time": {"column": "at"},
    "message_id": {"column": "order"},
}
ROWS_COUNT = 40
_WIPE = query("MATCH (n) DETACH DELETE n", "WRITE")


def make_rows(count: int = ROWS_COUNT) -> list[dict[str, str]]:
    return [
        {
            "member": f"m-{number % 7 + 1}",
            "mobile": f"139{number % 7:08d}",
            "name": f"customer {number % 7}",
            "amount": str(number),
            "at": f"2026-07-01 08:{number // 60:02d}:{number % 60:02d}",
            "order": f"o-{number}",
        }
        for number in range(1, count + 1)
    ]


def write_csv(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def destination(stream: IngestStream, graph: GraphClient) -> Destination:
    return Destination(stream, QuarantineRepository(graph))


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_CALLS", 10)


async def run_import(
    path: Path, destination: Destination | None, mapping: dict[str, Any] | Mapping = ORDERS, *, wait: bool = False
) -> tuple[Progress, Path]:
    checked = mapping if isinstance(mapping, Mapping) else check_mapping(mapping)
    with ImportState(path.parent / "imports", path, checked, now_ms()) as state:
        one = Import(path, checked, state, destination, "CN")
        await one.run(lambda _: None)
        if wait:
            assert await one.wait_until_applied(20)
        return state.progress, state.rejects_path


def counts(progress: Progress) -> tuple[int, int, int, int]:
    return progress.rows_done, progress.accepted, progress.rejected, progress.duplicates


async def test_a_file_gives_the_same_graph_as_the_api(
    tmp_path: Path, destination: Destination, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    rows = make_rows()
    async with working(graph, redis, keyring):
        progress, _ = await run_import(write_csv(tmp_path / "orders.csv", rows), destination, wait=True)
    line = Line.of(graph, redis, keyring)
    imported = await line.picture()

    async def wipe(tx: Transaction) -> None:
        await tx.run(_WIPE)

    await graph.write("test_wipe", wipe)
    for row in rows:
        common = {
            "timestamp": row["at"],
            "context": {
                "externalIds": [{"type": "crm:pos", "id": row["member"]}, {"type": "phone", "id": row["mobile"]}]
            },
        }
        await Line.of(graph, redis, keyring).apply(
            common | {"type": "identify", "traits": {"name": row["name"]}, "messageId": row["order"] + ":identify"},
            common
            | {
                "type": "track",
                "event": "Order Completed",
                "properties": {"amount": float(row["amount"])},
                "messageId": row["order"],
            },
            source="import:pos",
        )

    assert counts(progress) == (ROWS_COUNT, 2 * ROWS_COUNT, 0, 0)
    assert len(imported["customers"]) == 7
    assert imported == await line.picture()


async def test_a_repeated_import_finds_duplicates_and_changes_nothing(
    tmp_path: Path, destination: Destination, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    rows = make_rows()
    path = write_csv(tmp_path / "orders.csv", [*rows, rows[0], rows[5]])
    line = Line.of(graph, redis, keyring)
    async with working(graph, redis, keyring):
        first, _ = await run_import(path, destination, wait=True)
        before = await line.picture()
        second, _ = await run_import(path, destination, wait=True)

    assert counts(first) == (ROWS_COUNT + 2, 2 * ROWS_COUNT, 0, 4)
    assert counts(second) == (ROWS_COUNT + 2, 0, 0, 2 * ROWS_COUNT + 4)
    assert await line.picture() == before


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
async def test_every_kind_of_file_gives_the_same_calls(
    tmp_path: Path, destination: Destination, stream: IngestStream, suffix: str
) -> None:
    rows, path = make_rows(3), tmp_path / f"orders.{suffix}"
    if suffix == "csv":
        write_csv(path, rows)
    elif suffix == "jsonl":
        path.write_text("\n".join(json.dumps(row | {"amount": float(row["amount"])}) for row in rows))
    else:
        pq.write_table(pa.Table.from_pylist([row | {"amount": int(row["amount"])} for row in rows]), path)

    await run_import(path, destination)

    calls = calls_of(await drain(stream))
    assert [(call.kind, call.message_id) for call in calls] == [
        (kind, f"o-{number}{tail}") for number in (1, 2, 3) for kind, tail in (("identify", ":identify"), ("track", ""))
    ]
    assert [call.values for call in calls if call.name] == [{"amount": 1.0}, {"amount": 2.0}, {"amount": 3.0}]
    assert {call.source for call in calls} == {"import:pos"}


async def test_an_import_that_was_cut_off_goes_on_and_counts_nothing_twice(
    tmp_path: Path, destination: Destination, stream: IngestStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = make_rows()
    rows[2]["amount"], rows[30]["amount"] = "much", "more"
    path, appended = write_csv(tmp_path / "orders.csv", rows), 0
    append = stream.append

    async def fail_later(*arguments: Any) -> str:
        nonlocal appended
        appended += 1
        if appended > 3:
            raise Unavailable("gone")
        return await append(*arguments)

    monkeypatch.setattr(stream, "append", fail_later)
    with pytest.raises(Unavailable):
        await run_import(path, destination)
    monkeypatch.setattr(stream, "append", append)
    progress, rejects = await run_import(path, destination)

    assert counts(progress) == (ROWS_COUNT, 2 * (ROWS_COUNT - 2), 2, 0)
    ids = [call.message_id for call in calls_of(await drain(stream))]
    assert len(ids) == len(set(ids)) == 2 * (ROWS_COUNT - 2)
    written = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [(one["row"], one["reason"], one["cells"]["amount"]) for one in written] == [
        (3, "BAD_ROW", "much"),
        (31, "BAD_ROW", "more"),
    ]


async def test_what_the_worker_would_put_aside_is_rejected_with_the_same_reason(
    tmp_path: Path, destination: Destination, stream: IngestStream
) -> None:
    rows = make_rows(4)
    rows[0] |= {"member": "null", "mobile": "0"}
    rows[1] |= {"member": "", "mobile": ""}
    rows[2] |= {"at": "1950-01-01"}

    progress, _ = await run_import(write_csv(tmp_path / "orders.csv", rows), destination)

    assert progress.reasons == {"NO_USABLE_IDENTIFIER": 2, "MISSING_IDENTITY": 2, "TIME_OUT_OF_RANGE": 2}
    assert [call.message_id for call in calls_of(await drain(stream))] == ["o-4:identify", "o-4"]


async def test_a_dry_run_keeps_nothing(tmp_path: Path, redis: Redis) -> None:
    rows = make_rows()
    rows[3]["at"] = "yesterday"

    progress, _ = await run_import(write_csv(tmp_path / "orders.csv", rows), None)

    assert counts(progress) == (ROWS_COUNT, 2 * (ROWS_COUNT - 1), 1, 0)
    assert await length(redis) == 0
    assert list((tmp_path / "imports").glob("*.json")) == []


async def test_an_import_waits_while_the_backlog_is_long(
    tmp_path: Path, destination: Destination, stream: IngestStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BACKLOG_ENTRIES", 2)
    longest = 0
    append = stream.append

    async def watch(*arguments: Any) -> str:
        nonlocal longest
        longest = max(longest, (await stream.backlog()).entries_count)
        return await append(*arguments)

    async def work_slowly() -> None:
        while True:
            await asyncio.sleep(0.02)
            await stream.ack([entry.id for entry in await stream.read("a", 1, 0)])

    monkeypatch.setattr(module, "BACKLOG_POLL_S", 0.01)
    monkeypatch.setattr(stream, "append", watch)
    worker = asyncio.create_task(work_slowly())
    await run_import(write_csv(tmp_path / "orders.csv", make_rows()), destination)
    worker.cancel()

    assert longest == 1


async def test_the_same_import_does_not_run_twice_at_once(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "orders.csv", make_rows(1))
    mapping = check_mapping(ORDERS)

    with (
        ImportState(tmp_path / "imports", path, mapping, 1),
        pytest.raises(Exception, match="running already"),
        ImportState(tmp_path / "imports", path, mapping, 1),
    ):
        pass
