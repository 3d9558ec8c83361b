"""The only place that talks to Neo4j: opens transactions, retries them, times statements."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from neo4j import (
    READ_ACCESS,
    WRITE_ACCESS,
    AsyncDriver,
    AsyncGraphDatabase,
    AsyncSession,
    AsyncTransaction,
    TrustCustomCAs,
)
from neo4j.exceptions import (
    AuthError,
    ClientError,
    ConfigurationError,
    ConstraintError,
    DatabaseError,
    DriverError,
    Neo4jError,
    ServiceUnavailable,
)

from base import logs, metrics
from base.clock import now_ms
from base.errors import ConfigurationFault, Unavailable
from base.settings import Settings
from graph.personal import PersonalData
from graph.queries import Query, given, load
from graph.touched import Touched

T = TypeVar("T")
Row = Mapping[str, Any]

# Deadlocks between writers are normal (identity.md §6); the driver's own first pause of 1 s would dominate latency.
FIRST_PAUSE_S = 0.01
LONGEST_PAUSE_S = 0.5
RETRY_FOR_S = 20.0
# Two writers may create one key at once, or one may delete a node for whose lock the other waits; the second finds what
# the first left on its next try. More tries mean a fault of ours.
COLLISION_TRIES = 5
CONNECT_TIMEOUT_S = 3.0
ACQUIRE_TIMEOUT_S = 10.0
POOL_CONNECTIONS = 50
# Write transactions under way at once in one process. More only queue for the same locks inside the server, where
# each waiter that turns out to be part of a deadlock starts over; here they wait for nothing.
MAX_WRITERS = 8
# Everything in one reply: pages are bounded by the statements themselves, and a second PULL costs a round trip.
FETCH_ALL = -1
NODE_IS_GONE = "Neo.ClientError.Statement.EntityNotFound"
NO_SUCH_DATABASE = "Neo.ClientError.Database.DatabaseNotFound"
_PING = load("system/ping")
_TOUCH = load("touched/append")

_log = logs.get_logger()


class TryAgain(Exception):
    """Raised by the work of a transaction whose premises turned out to be outdated: it is rolled back and run again."""


class Transaction:
    """One open transaction; handed to the work function of `GraphClient.write`.

    `touched` is told by whoever writes what the columnar store holds; what is left in it is written before the commit.
    `personal` encrypts and opens documents about people.
    """

    def __init__(self, inner: AsyncTransaction, slow_query_ms: int, personal: PersonalData):
        self._inner = inner
        self.personal = personal
        self._slow_query_ms = slow_query_ms
        self.touched = Touched()

    async def run(self, query: Query, /, **parameters: Any) -> list[Row]:
        """Run a statement to its end.

        Returns:
            One mapping a row, column name → value; empty for none.
        """
        started = time.perf_counter()
        result = await self._inner.run(query.text, given(parameters))
        keys = result.keys()
        rows: list[Row] = [dict(zip(keys, values, strict=True)) for values in await result.values()]
        _observe(query, started, self._slow_query_ms)
        return rows


class GraphClient:
    """A pool of connections to one Neo4j database; one an event loop.

    Args:
        uri: `bolt://` or `neo4j://` address.
        slow_query_ms: statements slower than this are logged by name, never with values.
        secret_key: what documents about people are encrypted with, see `base.keys`; "" where none is read.
        ca_file: of the authority that signed the server's certificate; empty: one that the system knows.

    Raises:
        ConfigurationFault: the address or the file cannot be used.
    """

    def __init__(
        self,
        uri: str,
        user: str,
        password: str,
        database: str = "neo4j",
        slow_query_ms: int = 500,
        secret_key: str = "",
        ca_file: str = "",
    ):
        self.personal = PersonalData(secret_key)
        self._database = database
        self._slow_query_ms = slow_query_ms
        self._writers = asyncio.Semaphore(MAX_WRITERS)
        try:
            self._driver: AsyncDriver = AsyncGraphDatabase.driver(
                _bare(uri) if ca_file else uri,
                **_trust(uri, ca_file),
                auth=(user, password) if password else None,
                connection_timeout=CONNECT_TIMEOUT_S,
                connection_acquisition_timeout=ACQUIRE_TIMEOUT_S,
                max_connection_pool_size=POOL_CONNECTIONS,
                notifications_min_severity="OFF",
                telemetry_disabled=True,
            )
        except (ConfigurationError, ValueError) as fault:
            raise ConfigurationFault(f"NEO4J_URI cannot be used: {fault}") from fault

    @classmethod
    def of(cls, settings: Settings) -> GraphClient:
        """A client of the database that the settings name."""
        return cls(
            settings.neo4j_uri,
            settings.neo4j_user,
            settings.neo4j_password,
            settings.neo4j_database,
            settings.slow_query_ms,
            settings.secret_key,
            settings.neo4j_ca_file,
        )

    async def read(self, query: Query, /, **parameters: Any) -> list[Row]:
        """Run one READ statement in its own auto-commit transaction: half the cost of a managed one.

        Raises:
            Unavailable: the server cannot be reached; a connection that died in the pool is replaced once.
        """
        started = time.perf_counter()
        for last_try in (False, True):
            try:
                async with self._driver.session(
                    database=self._database, default_access_mode=READ_ACCESS, fetch_size=FETCH_ALL
                ) as session:
                    result = await session.run(query.text, given(parameters))
                    keys = result.keys()
                    rows: list[Row] = [dict(zip(keys, values, strict=True)) for values in await result.values()]
                _observe(query, started, self._slow_query_ms)
                return rows
            except (DriverError, Neo4jError, OSError) as fault:
                if last_try or not _may_retry(fault):
                    raise _translated(fault) from fault
        raise AssertionError("unreachable")

    async def write(self, name: str, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` in one transaction and commit it; again from the start after a transient fault.

        A connection lost during the commit leaves its outcome unknown, so `work` must be idempotent: it finds what
        it wrote before by its keys.

        Args:
            name: label of metrics and logs.

        Raises:
            Unavailable: the server stayed away, or `work` raised TryAgain, for `RETRY_FOR_S`.
        """
        async with self._writers:
            return await self._write(name, work)

    async def _write(self, name: str, work: Callable[[Transaction], Awaitable[T]]) -> T:
        deadline = time.monotonic() + RETRY_FOR_S
        pause_s = FIRST_PAUSE_S
        collisions = 0
        while True:
            try:
                async with self._driver.session(
                    database=self._database, default_access_mode=WRITE_ACCESS, fetch_size=FETCH_ALL
                ) as session:
                    with _begin_with_first_statement(session):
                        inner = await session.begin_transaction()
                    async with inner:
                        transaction = Transaction(inner, self._slow_query_ms, self.personal)
                        result = await work(transaction)
                        if touched := transaction.touched.take():
                            await transaction.run(_TOUCH, rows=touched, at=now_ms())
                        await inner.commit()
                        return result
            except TryAgain as fault:
                if time.monotonic() >= deadline:
                    raise Unavailable("The graph changes faster than it can be read.") from fault
                metrics.RETRIES.labels(name).inc()
                _log.debug("transaction_retried", transaction=name, fault=str(fault))
            except (DriverError, Neo4jError, OSError) as fault:
                collided = isinstance(fault, ConstraintError) or _code(fault) == NODE_IS_GONE
                collisions += collided
                collided = collided and collisions <= COLLISION_TRIES
                if not (collided or _may_retry(fault)) or time.monotonic() >= deadline:
                    raise _translated(fault) from fault
                metrics.RETRIES.labels(name).inc()
                _log.info("transaction_retried", transaction=name, fault=_code(fault))
                await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def run_schema(self, statement: str) -> None:
        """Run one schema statement of a migration file in its own transaction.

        Raises:
            Unavailable: the server cannot be reached.
        """
        try:
            async with self._driver.session(database=self._database) as session:
                await (await session.run(statement)).consume()
        except (DriverError, Neo4jError, OSError) as fault:
            raise _translated(fault) from fault

    async def plan(self, query: Query) -> Mapping[str, Any]:
        """The plan that EXPLAIN gives, as the driver's nested mapping. The server keeps it for the statement itself.

        Raises:
            Unavailable: the server cannot be reached.
        """
        try:
            async with self._driver.session(database=self._database) as session:
                result = await session.run("EXPLAIN " + query.text, given({}))
                summary = await result.consume()
        except (DriverError, Neo4jError, OSError) as fault:
            raise _translated(fault) from fault
        return summary.plan or {}

    async def verify(self) -> None:
        """Raises:
        Unavailable: the database runs no statement. A connection alone stands also when it has stopped.
        ConfigurationFault: the server refuses the user, or has no such database.
        """
        try:
            await self.read(_PING)
        except ClientError as fault:
            if fault.code != NO_SUCH_DATABASE:
                raise
            raise ConfigurationFault(f"There is no database {self._database!r}: correct NEO4J_DATABASE") from fault

    async def close(self) -> None:
        """Close all connections."""
        await self._driver.close()


def _begin_with_first_statement(session: AsyncSession) -> AbstractContextManager[object]:
    """Saves the round trip of BEGIN: a quarter of a small transaction.

    TRICKY: the driver offers it to its own `execute_query` only. Where the attribute is gone, all goes on as usual.
    """
    switch: AbstractContextManager[object] | None = getattr(session, "_pipelined_begin", None)
    return nullcontext() if switch is None else switch


def _may_retry(fault: Exception) -> bool:
    # ServiceUnavailable includes IncompleteCommit, which the driver never retries; `write` may, see its docstring.
    # While Neo4j starts it answers DatabaseUnavailable and friends, all marked retryable; a plain OSError is a
    # connection reset below the driver.
    if isinstance(fault, OSError | ServiceUnavailable):
        return True
    return isinstance(fault, DriverError | Neo4jError) and fault.is_retryable()


def _translated(fault: Exception) -> Exception:
    if isinstance(fault, AuthError):
        return ConfigurationFault("Neo4j refuses NEO4J_USER and NEO4J_PASSWORD")
    if _may_retry(fault):
        return Unavailable("The graph database cannot be reached now.")
    if isinstance(fault, DatabaseError):
        # A full disk, a damaged store: the fault of the server, not of what was asked.
        return Unavailable("The graph database has an internal fault.", hint="See the logs of Neo4j.")
    return fault


def _code(fault: Exception) -> str:
    return (getattr(fault, "code", None) or type(fault).__name__) if isinstance(fault, Exception) else "?"


def _bare(uri: str) -> str:
    scheme, separator, rest = uri.partition("://")
    return scheme.removesuffix("+s") + separator + rest


def _trust(uri: str, ca_file: str) -> dict[str, Any]:
    """The driver takes an authority only beside a scheme that says nothing of encryption itself."""
    if not ca_file:
        return {}
    if not uri.startswith(("neo4j+s://", "bolt+s://")):
        raise ConfigurationFault("NEO4J_CA_FILE needs a NEO4J_URI that begins with neo4j+s:// or bolt+s://")
    if not Path(ca_file).is_file():
        raise ConfigurationFault("NEO4J_CA_FILE names no file")
    return {"encrypted": True, "trusted_certificates": TrustCustomCAs(ca_file)}


def _observe(query: Query, started: float, slow_query_ms: int) -> None:
    taken_s = time.perf_counter() - started
    metrics.QUERY_SECONDS.labels(query.name).observe(taken_s)
    if taken_s * 1000 > slow_query_ms:
        _log.warning("slow_query", query=query.name, taken_ms=round(taken_s * 1000))
