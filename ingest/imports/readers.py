"""Rows of a CSV, JSON lines or Parquet file, one after the other, with how far the file has been read."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec
import pyarrow.parquet as parquet

from base.errors import BadInput
from ingest.imports.mapping import Csv

# A longer line is a file without line ends, or not text at all.
MAX_LINE_BYTES = 1024 * 1024
PARQUET_BATCH_ROWS = 1_000
_JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")


class Row(NamedTuple):
    """One row: its number from 1, its cells by column, why it cannot be read; `done`: the part of the file, 0 to 1."""

    number: int
    cells: Mapping[str, Any]
    fault: str | None
    done: float


def read_rows(path: Path, columns: Sequence[str], layout: Csv) -> Iterator[Row]:
    """The rows of a file, by its suffix: .csv, .tsv, .jsonl, .ndjson (each also .gz), .parquet.

    Args:
        columns: what the mapping names; CSV and Parquet files must have them.

    Raises:
        BadInput: another kind of file, unreadable, or without a column.
    """
    name = path.name.lower().removesuffix(".gz")
    try:
        if name.endswith(".parquet"):
            yield from _read_parquet(path, columns)
        elif name.endswith(_JSON_SUFFIXES):
            yield from _read_json_lines(path)
        elif name.endswith((".csv", ".tsv", ".txt")):
            yield from _read_csv(path, columns, layout, tabs=name.endswith(".tsv"))
        else:
            raise BadInput(f"{path.name} is no CSV, JSON lines or Parquet file by its suffix.")
    except (OSError, EOFError) as fault:
        raise BadInput(f"{path} cannot be read: {fault}.") from fault


def _read_csv(path: Path, columns: Sequence[str], layout: Csv, tabs: bool) -> Iterator[Row]:
    with path.open("rb") as file:
        size = max(path.stat().st_size, 1)
        delimiter = "\t" if tabs and layout.delimiter == "," else layout.delimiter
        with io.TextIOWrapper(_unpacked(file, path), encoding=layout.encoding, newline="") as text:
            reader = csv.DictReader(text, delimiter=delimiter, quotechar=layout.quote, strict=True)
            number = 0
            try:
                _check_columns(reader.fieldnames or (), columns)
                for cells in reader:
                    number += 1
                    fault = "the row has more cells than the header" if None in cells else None
                    if fault is None and None in cells.values():
                        fault = "the row has fewer cells than the header"
                    yield Row(number, cells, fault, file.tell() / size)
            except UnicodeDecodeError as wrong:
                raise BadInput(
                    f"{path.name} is not {layout.encoding} after row {number}.",
                    hint='Set encoding under [csv], e.g. "gb18030".',
                ) from wrong
            except csv.Error as wrong:
                raise BadInput(f"{path.name} is no CSV after row {number}: {wrong}.") from wrong


def _read_json_lines(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        size = max(path.stat().st_size, 1)
        lines, number = _unpacked(file, path), 0
        while line := lines.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > MAX_LINE_BYTES:
                raise BadInput(f"Line {number} of {path.name} is longer than {MAX_LINE_BYTES} bytes.")
            if not line.strip():
                continue
            try:
                cells, fault = msgspec.json.decode(line, type=dict[str, Any]), None
            except (ValueError, RecursionError):
                cells, fault = {}, "the line is not a JSON object"
            yield Row(number, cells, fault, file.tell() / size)


def _read_parquet(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    try:
        file = parquet.ParquetFile(path)
    except ValueError as fault:
        raise BadInput(f"{path.name} is no Parquet file.") from fault
    with file:
        names = file.schema_arrow.names
        tops = [column if column in names else column.partition(".")[0] for column in columns]
        _check_columns(names, tops)
        total, number = max(file.metadata.num_rows, 1), 0
        for batch in file.iter_batches(PARQUET_BATCH_ROWS, columns=list(dict.fromkeys(tops))):
            for cells in batch.to_pylist():
                number += 1
                yield Row(number, cells, None, number / total)


def _unpacked(file: IO[bytes], path: Path) -> Any:
    return gzip.open(file) if path.suffix.lower() == ".gz" else file


def _check_columns(there: Sequence[str], wanted: Sequence[str]) -> None:
    if len(set(there)) != len(there):
        raise BadInput("Two columns of the file have the same name.")
    if missing := [column for column in wanted if column not in there]:
        raise BadInput(f"The file has no column {', '.join(missing)}.", hint=f"It has {', '.join(there)}.")
