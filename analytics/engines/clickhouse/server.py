"""A ClickHouse server, by its HTTP interface. The only module that imports its client.

Faults are told by their kind alone: what the server says may quote values of people, and what the client says the
address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, Error, OperationalError
from clickhouse_connect.driver.external import ExternalData
from urllib3.exceptions import HTTPError

from base.errors import ConfigurationFault, Unavailable

_PORTS: Final = {False: 8123, True: 8443}
_CONNECT_S: Final = 5
# Of one statement. A question is given up sooner, by whoever asks.
_ANSWER_S: Final = 300
_SETTINGS: Final[Mapping[str, Any]] = {
    # The standard's outer joins and aggregates of nothing, where ClickHouse's own give zeros.
    "join_use_nulls": 1,
    "aggregate_functions_null_for_empty": 0,
    # An insert is there when it is answered, as one part.
    "async_insert": 0,
    # A rule of many leaves is a long statement.
    "max_query_size": 16_000_000,
    "max_ast_elements": 1_000_000,
    "max_expanded_ast_elements": 5_000_000,
}
UNKNOWN_TABLE: Final = 60
UNKNOWN_COLUMN: Final = 47
# Wrong user, password, database or rights: it stays so until somebody changes it.
_REFUSED: Final = {81, 164, 192, 193, 194, 452, 497, 516}
# Out of time, memory, parts or room for one more query.
_BUSY: Final = {159, 202, 209, 210, 241, 252, 439}


class StoreAway(Unavailable):
    """The server does not answer, or not now."""


class EngineFault(Exception):
    """The server cannot do what it was told.

    Args:
        code: ClickHouse's number of the fault; None where it told none.
    """

    def __init__(self, what: str, code: int | None):
        super().__init__(f"ClickHouse: {what}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and as whom it is asked."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    is_secure: bool

    @classmethod
    def of(cls, url: str) -> Address:
        """Read `clickhouse://user:password@host:8123/database?secure=true`; all but the host may be missing.

        Raises:
            ConfigurationFault: it is none; the text does not quote it.
        """
        try:
            parts = urlsplit(url)
            options = parse_qs(parts.query, strict_parsing=bool(parts.query))
            secure = options.pop("secure", ["false"])
            port = parts.port
        except ValueError:
            raise ConfigurationFault("KITH_COLUMNS_URL is no URL.") from None
        if parts.scheme != "clickhouse" or not parts.hostname or options or secure not in (["true"], ["false"]):
            raise ConfigurationFault(
                "KITH_COLUMNS_URL is not of the form clickhouse://user:password@host:8123/database?secure=true."
            )
        is_secure = secure == ["true"]
        return cls(
            host=parts.hostname,
            port=port or _PORTS[is_secure],
            user=unquote(parts.username or "default"),
            password=unquote(parts.password or ""),
            database=unquote(parts.path.strip("/")) or "default",
            is_secure=is_secure,
        )


class Server:
    """A connected server; any thread may use it."""

    def __init__(self, client: Client):
        self._client = client

    @classmethod
    def connect(cls, address: Address) -> Server:
        """Raises:
        StoreAway: it does not answer.
        ConfigurationFault: it refuses the user, or has no such database.
        """
        with _faults():
            return cls(
                clickhouse_connect.get_client(
                    interface="https" if address.is_secure else "http",
                    host=address.host,
                    port=address.port,
                    username=address.user,
                    password=address.password,
                    database=address.database,
                    connect_timeout=_CONNECT_S,
                    send_receive_timeout=_ANSWER_S,
                    # A session runs one statement at a time.
                    autogenerate_session_id=False,
                    settings=dict(_SETTINGS),
                )
            )

    def run(
        self,
        statement: str,
        values: Mapping[str, object] | None = None,
        shown: Mapping[str, pa.Table] | None = None,
        query_id: str | None = None,
    ) -> None:
        """Run a statement without an answer.

        Args:
            values: by the names that the statement gives them, as in `{name:String}`.
            shown: tables that the statement reads by name.
        """
        with _faults():
            self._client.command(
                statement, parameters=dict(values or {}), external_data=_external(shown), settings=_named(query_id)
            )

    def read(
        self,
        statement: str,
        values: Mapping[str, object] | None = None,
        shown: Mapping[str, pa.Table] | None = None,
        query_id: str | None = None,
    ) -> pa.Table:
        """The whole answer to a statement; arguments as of `run`."""
        with _faults():
            answer: pa.Table = self._client.query_arrow(
                statement,
                parameters=dict(values or {}),
                external_data=_external(shown),
                settings=_named(query_id),
                use_strings=True,
            )
            return answer

    def rows(self, statement: str, values: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """The same as tuples."""
        return tuples_of(self.read(statement, values))

    def batches(self, statement: str, shown: Mapping[str, pa.Table], query_id: str) -> Iterator[pa.RecordBatch]:
        """The answer, a part after the other."""
        with _faults():
            stream = self._client.query_arrow_stream(
                statement, external_data=_external(shown), settings=_named(query_id), use_strings=True
            )
            with stream as parts:
                for part in parts:
                    yield from part.to_batches() if isinstance(part, pa.Table) else [part]

    def insert(self, table: str, rows: pa.Table) -> None:
        """Add rows, which name their columns."""
        with _faults():
            self._client.insert_arrow(table, rows)

    def close(self) -> None:
        """Give the connections up."""
        self._client.close()


def tuples_of(rows: pa.Table) -> list[tuple[Any, ...]]:
    """Rows of an answer."""
    return list(zip(*(column.to_pylist() for column in rows.columns), strict=True))


@contextmanager
def _faults() -> Iterator[None]:
    """Tell faults in words of our own, without those of the server, the client and the address."""
    try:
        yield
        return
    except Error as fault:
        told = _told(fault)
    except (OSError, HTTPError):
        told = _away()
    except pa.ArrowInvalid:
        # An answer that ends within itself: the server failed while it was sending.
        told = EngineFault("an answer that cannot be read", None)
    # From none, so that no log shows the first fault as its context.
    raise told from None


def _told(fault: Error) -> Exception:
    what = fault.name or str(fault.code)
    if fault.code in _REFUSED:
        return ConfigurationFault(f"The ClickHouse server of KITH_COLUMNS_URL refuses: {what}.")
    if fault.code in _BUSY:
        return StoreAway(f"The ClickHouse server is busy: {what}.")
    if fault.code is None and isinstance(fault, OperationalError | DatabaseError):
        return _away()
    return EngineFault(what, fault.code)


def _away() -> StoreAway:
    return StoreAway("The ClickHouse server cannot be reached.", hint="`kith projection status` says when it is back.")


def _named(query_id: str | None) -> dict[str, Any]:
    return {} if query_id is None else {"query_id": query_id}


def _external(shown: Mapping[str, pa.Table] | None) -> ExternalData | None:
    if not shown:
        return None
    data = ExternalData()
    for name, rows in shown.items():
        structure = [f"{column.name} {_type_of(column.type)}" for column in rows.schema]
        data.add_file(file_name=name, data=_arrow(rows), fmt="ArrowStream", structure=structure)
    return data


def _arrow(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return sink.getvalue().to_pybytes()


def _type_of(type_: pa.DataType) -> str:
    if pa.types.is_list(type_):
        return f"Array({_type_of(type_.value_type)})"
    return f"Nullable({_NAMES[type_]})"


_NAMES: Final = {
    pa.string(): "String",
    pa.int64(): "Int64",
    pa.int32(): "Int32",
    pa.float64(): "Float64",
    pa.bool_(): "Bool",
}
