"""`make bench-large`: rules and tags of 10,000,000 customers, beside SQL by hand on the same file in the same run.

make bench-large                   10,000,000 customers, 100,000,000 events: some minutes, 5 GB of disk meanwhile
make bench-large ARGS=--encrypted  as a deployment keeps it
make bench-large ARGS="--customers 100000 --events 1000000"
"""

from __future__ import annotations

import argparse
import secrets
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import duckdb
from rich.console import Console

from analytics.engines.local import FileStore
from analytics.query.sources import Tables
from analytics.store.file import DEFAULT_MEMORY_MB, ColumnFile
from bench.large.data import Size, make_store
from bench.large.questions import QUESTIONS, Answer, Question
from bench.run import table, write
from bench.service import MB
from bench.stage import Result, Value

RUNS: Final = 3
# Times as long as by hand.
AT_MOST_TIMES: Final = 1.5
_KEY_BYTES: Final = 32


def main() -> None:
    """Parse arguments, make the store in a folder that is removed at the end, and ask it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=10_000_000)
    parser.add_argument("--events", type=int, default=100_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=RUNS, help="of each way; the median counts")
    parser.add_argument("--memory-mb", type=int, default=DEFAULT_MEMORY_MB)
    parser.add_argument("--encrypted", action="store_true")
    parser.add_argument("--only", default="", metavar="TEXT", help="rows whose name contains this")
    parser.add_argument("--folder", type=Path, help="of the temporary folder; with room for 5 GB and what is spilled")
    chosen = parser.parse_args()
    # Unwinds the stack, so that the folder is removed.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    console = Console(soft_wrap=True, highlight=False)
    size = Size(chosen.customers, chosen.events, chosen.seed)
    key = secrets.token_hex(_KEY_BYTES) if chosen.encrypted else None
    with tempfile.TemporaryDirectory(prefix="kith-large-", dir=chosen.folder) as folder:
        path = Path(folder) / "columns.duckdb"
        results: list[Result] = []
        for result in measure(path, size, key, chosen.memory_mb, chosen.runs, chosen.only):
            results.append(result)
            console.print(result.row, *(f"{value.name} {value.shown()}" for value in result.values), sep="  ")
    console.print(table(results))
    console.print(f"written to {write(results, f'large-{size.customers}-{size.events}')}")


def measure(
    path: Path, size: Size, key: str | None, memory_mb: int, run_count: int, only: str = ""
) -> Iterator[Result]:
    """Make a store and give one row for that, then one for each question."""
    started_s = time.perf_counter()
    file = make_store(path, size, key, memory_mb)
    made_s = time.perf_counter() - started_s
    try:
        yield Result(
            "the store",
            [Value(f"{size.events:,} events", made_s, "s"), Value("file", path.stat().st_size / MB, "MB")],
            {"encrypted": key is not None, "customers": size.customers, "seed": size.seed, "memory_mb": memory_mb},
        )
        for question in QUESTIONS:
            if only in question.row:
                yield _compare(file, question, run_count)
    finally:
        file.close()


@dataclass(frozen=True, slots=True)
class _Taken:
    """Seconds of the clock and of the processors, of each run of one way."""

    way: Callable[[], Answer]
    wall_s: list[float] = field(default_factory=list)
    processor_s: list[float] = field(default_factory=list)

    def run(self) -> Answer:
        wall_s, processor_s = time.perf_counter(), time.process_time()
        answer = self.way()
        self.wall_s.append(time.perf_counter() - wall_s)
        self.processor_s.append(time.process_time() - processor_s)
        return answer


def _compare(file: ColumnFile, question: Question, run_count: int) -> Result:
    """Both ways by turns, and by the time of the processors: what else the machine does meets both.

    A statement by hand for which the memory does not suffice is no rival; where none is left, nothing is compared.

    Raises:
        RuntimeError: they do not give the same.
    """
    reader, tables = FileStore(file).ask(), Tables(file.layout)
    asked = _Taken(lambda: question.ask(reader, tables))
    by_hand = {
        statement: _Taken(partial(question.run_by_hand(statement), reader.connection))
        for statement in question.by_hand(file.layout)
    }
    for _ in range(run_count):
        answer = asked.run()
        for statement, other in list(by_hand.items()):
            try:
                found = other.run()
            except duckdb.OutOfMemoryException:
                del by_hand[statement]
                continue
            if found != answer:
                raise RuntimeError(f"{question.row}: by hand something else comes out")
    reader.close()
    values = [Value("asked", statistics.median(asked.wall_s), "s", question.at_most_s, "lower", digits=2)]
    if by_hand:
        quickest = min(by_hand.values(), key=lambda taken: statistics.median(taken.processor_s))
        asked_s, by_hand_s = (statistics.median(taken.processor_s) for taken in (asked, quickest))
        values += [
            Value("by hand", statistics.median(quickest.wall_s), "s", digits=2),
            Value("time of processors", asked_s / by_hand_s, "times", AT_MOST_TIMES, "lower", digits=2),
        ]
    return Result(
        question.row,
        values,
        {
            "asked": {"wall_s": asked.wall_s, "processor_s": asked.processor_s},
            "by_hand": [
                {"wall_s": taken.wall_s, "processor_s": taken.processor_s, "statement": statement}
                for statement, taken in by_hand.items()
            ],
        },
    )
