"""Where statements run: a catalog of their own with nothing but views, read-only, watched.

The instance is closed already (`analytics/store/file.py`): no files, no network, no settings. What DuckDB limits for an
instance alone, time and memory of one statement, is watched from a thread, which interrupts it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import Final

import duckdb
from duckdb import DuckDBPyConnection

from analytics.sql.checking import FIELD, shown
from analytics.sql.views import EVENTS, View, create_statement
from analytics.store.file import CATALOG
from base.errors import BadInput

# How long a statement may go beyond a limit before it is interrupted.
WATCH_EVERY_S: Final = 0.05
_MB: Final = 1_000_000
_TRIES: Final = 5
# What is kept of the file in memory is given up when others need it.
_KEPT_OF_FILES: Final = ("BASE_TABLE", "METADATA", "ART_INDEX", "EXTERNAL_FILE_CACHE")
_USED: Final = (
    "SELECT coalesce(sum(memory_usage_bytes) FILTER (WHERE tag NOT IN ?), 0), "
    "coalesce(sum(temporary_storage_bytes), 0) FROM duckdb_memory()"
)
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one statement.

    Args:
        memory_mb: beyond what the instance uses when it begins; others that run at the same time count, too. Three
            quarters of what the instance has by default, so that there is something left for them.
        spilled_mb: written to disk because memory does not hold it.
        rows: of the result.
    """

    time_s: float = 30.0
    memory_mb: int = 1_536
    spilled_mb: int = 8_192
    rows: int = 20_000_000


@contextmanager
def only_views(connection: DuckDBPyConnection, views: Iterable[View]) -> Iterator[None]:
    """In the block the connection sees nothing by a plain name but these views, in one state of the store."""
    catalog = f"asked_{next(_numbers)}"
    connection.execute(f"ATTACH ':memory:' AS {catalog}")
    try:
        connection.execute(f"USE {catalog}")
        connection.execute(f"CREATE SCHEMA {EVENTS}")
        for view in views:
            connection.execute(create_statement(view))
        connection.execute("BEGIN TRANSACTION READ ONLY")
        try:
            yield
        finally:
            # What was interrupted may have ended the transaction.
            with suppress(duckdb.TransactionException):
                _surely(connection, "ROLLBACK")
    finally:
        _surely(connection, f"USE {CATALOG}")
        _surely(connection, f"DETACH {catalog}")


def _surely(connection: DuckDBPyConnection, statement: str) -> None:
    """Run a statement that takes no time, though somebody may interrupt the connection just now."""
    for _ in range(_TRIES):
        with suppress(duckdb.InterruptException):
            connection.execute(statement)
            return


@contextmanager
def watched(connection: DuckDBPyConnection, limits: Limits) -> Iterator[None]:
    """Interrupt whatever the connection does in the block when it goes beyond a limit.

    Raises:
        BadInput: it did, or what it ran failed for a reason that lies in the statement.
    """
    watch = _Watch(connection, limits)
    watch.start()
    try:
        yield
    except duckdb.InterruptException as fault:
        if watch.reason is None:
            raise
        raise BadInput(watch.reason, hint="Ask for less, or say more exactly for what.", field=FIELD) from fault
    except duckdb.OutOfMemoryException as fault:
        message = "The statement needs more memory than there is."
        raise BadInput(message, hint="Ask for less, or say more exactly for what.", field=FIELD) from fault
    except duckdb.Error as fault:
        raise _refusal(fault) from fault
    finally:
        watch.stop()


def _refusal(fault: duckdb.Error) -> Exception:
    """What fails before anything is read speaks of the statement alone; later on texts may name stored values."""
    if isinstance(fault, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException):
        return BadInput(f"The statement cannot be run: {shown(fault)}", field=FIELD)
    if isinstance(fault, duckdb.ConversionException | duckdb.OutOfRangeException | duckdb.InvalidInputException):
        hint = "TRY_CAST gives null where a value cannot be converted."
        return BadInput("A value cannot be converted, or is out of range.", hint=hint, field=FIELD)
    if isinstance(fault, duckdb.ConnectionException | duckdb.InternalException | duckdb.FatalException):
        # The store was closed, or does not work any more: no fault of the statement's.
        return fault
    return BadInput(f"The statement failed: {type(fault).__name__}.", field=FIELD)


class _Watch:
    """Attributes:
    reason: why the connection was interrupted; None while it was not.
    """

    def __init__(self, connection: DuckDBPyConnection, limits: Limits):
        self.reason: str | None = None
        self._connection = connection
        self._limits = limits
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch-statement", daemon=True)
        self._own = connection.cursor()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()
        self._own.close()

    def _run(self) -> None:
        started_s = time.monotonic()
        at_first = self._used()
        while not self._over.wait(WATCH_EVERY_S):
            memory, spilled = self._used()
            if time.monotonic() - started_s > self._limits.time_s:
                self._stop(f"The statement takes longer than {self._limits.time_s:g} seconds.")
            elif memory - at_first[0] > self._limits.memory_mb * _MB:
                self._stop(f"The statement needs more than {self._limits.memory_mb:,} MB of memory.")
            elif spilled - at_first[1] > self._limits.spilled_mb * _MB:
                self._stop(f"The statement needs more than {self._limits.spilled_mb:,} MB on disk.")

    def _stop(self, reason: str) -> None:
        # Again and again: a statement that begins just now would miss it.
        self.reason = self.reason or reason
        self._connection.interrupt()

    def _used(self) -> tuple[int, int]:
        """Bytes in memory and on disk that the instance uses for what it computes."""
        try:
            [(memory, spilled)] = self._own.execute(_USED, [list(_KEPT_OF_FILES)]).fetchall()
        except duckdb.Error:
            # The store is being closed: the statement ends by itself.
            return 0, 0
        return int(memory), int(spilled)
