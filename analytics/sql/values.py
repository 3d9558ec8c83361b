"""The values that a tag of kind SQL has: its statement is checked, run, and what it gives is checked too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa
from duckdb import DuckDBPyConnection

from analytics.sql.checking import FIELD, Statement, check_statement
from analytics.sql.sandbox import Limits, only_views, watched
from analytics.sql.views import EVENTS, Views
from analytics.store.file import CATALOG
from analytics.store.spread import Kind
from analytics.store.tables import CUSTOMERS, Layout
from base.clock import MAX_MS, MIN_MS
from base.errors import BadInput
from graph.repositories.sharing import NOTHING_CLOSED, ClosedKeys
from rules.keys import KEY
from rules.limits import MAX_TEXT_LENGTH
from rules.tags.definition import Sql
from rules.type_problems import ValueType

# Reading a statement and finding its names takes milliseconds.
CHECK_TIME_S: Final = 10.0
# A longer list is no value that people look at.
MAX_LIST_VALUES: Final = 100
CUSTOMER, VALUE = "customer_id", "value"
# Longer than any id.
MAX_ID_CHARS: Final = 200
# In the connection's own catalog of temporary things, which only itself can see.
ASKED: Final = "temp.main.asked"
_FOUND: Final = "temp.main.found"
_CUSTOMERS: Final = f"{CATALOG}.main.{CUSTOMERS}"


class Column(NamedTuple):
    """A column of a result as DuckDB names its type."""

    name: str
    type: str


class Reads(NamedTuple):
    """What a statement may read.

    Args:
        names: (attribute, name), (event, name), (property, event, name).
        segments, tags: constants that may be keys of segments or tags whose rows it reads.
    """

    names: tuple[tuple[str, ...], ...]
    segments: frozenset[str]
    tags: frozenset[str]


def check_sql(
    reader: DuckDBPyConnection,
    definition: Sql,
    layout: Layout,
    now_ms: int,
    zone: ZoneInfo,
    limits: Limits | None = None,
) -> tuple[list[Column], Reads]:
    """Read, plan and refuse a statement that cannot give values of the tag. It is not run.

    Returns:
        Its columns, and what it reads.

    Raises:
        BadInput: what is wrong, at the field `text` or `type`.
    """
    limits = limits or replace(Limits(), time_s=CHECK_TIME_S)
    views = Views(layout, now_ms, zone)
    with _asked(reader, definition, views, limits) as statement:
        columns = _columns(reader)
        _check_columns(columns, definition.type)
        # Plans it as a whole, which finds what names and types alone do not.
        reader.execute(f"EXPLAIN SELECT * FROM {ASKED}").fetchall()
        return columns, _reads(views, statement)


def sql_values(
    reader: DuckDBPyConnection,
    definition: Sql,
    layout: Layout,
    now_ms: int,
    zone: ZoneInfo,
    limits: Limits | None = None,
    closed: ClosedKeys = NOTHING_CLOSED,
) -> pa.Table:
    """The value of everybody who has one.

    Args:
        reader: a connection of its own; interrupted from outside, it ends with `duckdb.InterruptException`.
        now_ms: the instant for which the tag is computed.
        closed: segments and tags that it does not read.

    Returns:
        `customer`, as in the store, each once and without order, and one column named by the kind of the value and
        typed as the store has it: `text`, `number`, `flag`, `instant` (ms), or `texts`, `numbers`, `flags` of a list.

    Raises:
        BadInput: the statement is refused or goes beyond a limit; or its result has two rows for a customer, a customer
            who is not there, or a value that the tag cannot have: an id is named as an example.
    """
    limits = limits or Limits()
    with _asked(reader, definition, Views(layout, now_ms, zone, closed), limits):
        form = _form(definition.type, _check_columns(_columns(reader), definition.type))
        # More rows than customers hold one of them twice, or somebody else.
        [(customers,)] = reader.execute(f"SELECT count(*) FROM {_CUSTOMERS}").fetchall()
        most = min(customers, limits.rows) + 1
        reader.execute(
            f"CREATE TEMP TABLE {_FOUND} AS SELECT left({CUSTOMER}, {MAX_ID_CHARS}) AS {CUSTOMER}, "
            f"{form.cut} AS {VALUE} FROM {ASKED} LIMIT {most}"
        )
        return _checked(reader, form, limits)


@contextmanager
def _asked(reader: DuckDBPyConnection, definition: Sql, views: Views, limits: Limits) -> Iterator[Statement]:
    """In the block the statement is the view `ASKED`."""
    statement = check_statement(reader, definition.text, views.has)
    with only_views(reader, views.of(statement.views)), watched(reader, limits):
        # The only place where the text becomes a part of other SQL: behind this.
        reader.execute(f"CREATE TEMP VIEW {ASKED} AS {statement.text}")
        yield statement


def _reads(views: Views, statement: Statement) -> Reads:
    tables = {name for schema, name in statement.views if schema != EVENTS}
    keys = frozenset(text for text in statement.texts if KEY.fullmatch(text))
    none: frozenset[str] = frozenset()
    names = tuple(views.names_in(statement))
    return Reads(names, keys if "segments" in tables else none, keys if "tags" in tables else none)


def _columns(reader: DuckDBPyConnection) -> list[Column]:
    return [Column(name, type_) for name, type_, *_ in reader.execute(f"DESCRIBE {ASKED}").fetchall()]


_NUMBERS: Final = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
)
_FRACTIONS: Final = ("UHUGEINT", "FLOAT", "DOUBLE")


def _check_columns(columns: list[Column], wanted: ValueType) -> str:
    """The type of the value.

    Raises:
        BadInput: there are not exactly these two columns, or of other types.
    """
    types = {column.name.lower(): column.type for column in columns}
    if set(types) != {CUSTOMER, VALUE} or len(columns) != len(types):
        given = ", ".join(column.name for column in columns[:10])
        hint = "Write SELECT … AS customer_id, … AS value."
        raise BadInput(f"The columns are {given} instead of {CUSTOMER} and {VALUE}.", hint=hint, field=FIELD)
    if types[CUSTOMER] != "VARCHAR":
        hint = "Every view has customer_id: pass that on."
        raise BadInput(f"{CUSTOMER} is {types[CUSTOMER]}, and no text.", hint=hint, field=FIELD)
    if not _is_of(types[VALUE], wanted):
        message = f"{VALUE} is {types[VALUE]}, and the tag's values are {wanted}."
        raise BadInput(message, hint=_HINTS[wanted], field="type")
    return types[VALUE]


_HINTS: Final[Mapping[ValueType, str]] = {
    ValueType.STRING: "CAST(… AS VARCHAR) makes a text of it.",
    ValueType.NUMBER: "TRY_CAST(… AS DOUBLE) makes a number of it.",
    ValueType.BOOLEAN: "A comparison is a boolean.",
    ValueType.TIME: "Give a TIMESTAMP in UTC, like `time_utc` of events; CAST(… AS TIMESTAMP) makes one of a day.",
    ValueType.LIST: "list(…) makes a list of the rows of a group, of texts, numbers or booleans.",
}


def _is_of(type_: str, wanted: ValueType) -> bool:
    match wanted:
        case ValueType.STRING:
            return type_ == "VARCHAR"
        case ValueType.NUMBER:
            return type_ in _NUMBERS or type_ in _FRACTIONS or type_.startswith("DECIMAL(")
        case ValueType.BOOLEAN:
            return type_ == "BOOLEAN"
        case ValueType.TIME:
            return type_ == "TIMESTAMP"
        case ValueType.LIST:
            return type_.endswith("[]") and _kind_of_list(type_) is not None
        case _:
            return False


def _kind_of_list(type_: str) -> Kind | None:
    element = type_.removesuffix("[]")
    if element == "VARCHAR":
        return Kind.TEXTS
    if element == "BOOLEAN":
        return Kind.FLAGS
    return Kind.NUMBERS if _is_of(element, ValueType.NUMBER) else None


class _Form(NamedTuple):
    """How a value is stored, and which cannot be: SQL about the column `value`.

    Args:
        cut: what is kept of the value, so that no result is larger than what tags can have.
        stored: its form in the store; `wrong`: whether it cannot be one. Neither is asked of nulls.
    """

    kind: Kind
    cut: str
    stored: str
    wrong: str
    why: str


def _form(wanted: ValueType, type_: str) -> _Form:
    # One more than there may be, so that it shows.
    cut_text, wrong_text = f"left({{0}}, {MAX_TEXT_LENGTH + 1})", f"length({{0}}) NOT BETWEEN 1 AND {MAX_TEXT_LENGTH}"
    # Added to 0 a negative zero is a positive one, as everywhere in the store.
    number, wrong_number = "CAST({0} AS DOUBLE) + 0", "NOT isfinite(CAST({0} AS DOUBLE))"
    match wanted:
        case ValueType.STRING:
            why = f"a text of 1 to {MAX_TEXT_LENGTH:,} characters"
            return _Form(Kind.TEXT, cut_text.format(VALUE), VALUE, wrong_text.format(VALUE), why)
        case ValueType.NUMBER:
            return _Form(Kind.NUMBER, VALUE, number.format(VALUE), wrong_number.format(VALUE), "a finite number")
        case ValueType.BOOLEAN:
            return _Form(Kind.FLAG, VALUE, VALUE, "false", "a boolean")
        case ValueType.TIME:
            outside = f"NOT isfinite({VALUE}) OR epoch_ms({VALUE}) NOT BETWEEN {MIN_MS} AND {MAX_MS}"
            return _Form(Kind.INSTANT, VALUE, f"epoch_ms({VALUE})", outside, "a time in the years 1 to 9999")
        case _:
            kind = _kind_of_list(type_)
            assert kind is not None, "checked"
            few = f"list_filter({VALUE}, lambda x: x IS NOT NULL)[1:{MAX_LIST_VALUES + 1}]"
            cut = f"list_transform({few}, lambda x: {cut_text.format('x')})" if kind is Kind.TEXTS else few
            stored = f"list_transform({VALUE}, lambda x: {number.format('x')})" if kind is Kind.NUMBERS else VALUE
            wrong = {Kind.TEXTS: wrong_text, Kind.NUMBERS: wrong_number}.get(kind, "false").format("x")
            wrong = f"len({VALUE}) > {MAX_LIST_VALUES} OR len(list_filter({VALUE}, lambda x: {wrong})) > 0"
            return _Form(kind, cut, stored, wrong, f"a list of at most {MAX_LIST_VALUES} values that a tag can have")


def _checked(reader: DuckDBPyConnection, form: _Form, limits: Limits) -> pa.Table:
    """What was found, in the form of the store."""
    [(count,)] = reader.execute(f"SELECT count(*) FROM {_FOUND}").fetchall()
    if count > limits.rows:
        raise BadInput(f"The statement gives more than {limits.rows:,} rows.", field=FIELD)
    _refuse_rows(reader, f"{CUSTOMER} IS NULL", "{0} rows have no customer_id.", "count(*)")
    twice = f"SELECT min({CUSTOMER}) FROM (SELECT {CUSTOMER} FROM {_FOUND} GROUP BY 1 HAVING count(*) > 1)"
    [(customer,)] = reader.execute(twice).fetchall()
    if customer is not None:
        hint = "Group by customer_id, or choose one row of each."
        raise BadInput(f"There are two rows for {customer!r}, for example.", hint=hint, field=FIELD)
    _refuse_rows(
        reader,
        f"NOT EXISTS (SELECT 1 FROM {_CUSTOMERS} AS c WHERE c.id = f.{CUSTOMER})",
        "There is no customer {0!r}, for example.",
    )
    of_them = "The value of {0!r}, for example, is not " + form.why + "."
    _refuse_rows(reader, f"{VALUE} IS NOT NULL AND ({form.wrong})", of_them)
    there = f"len({VALUE}) > 0" if form.kind in _LISTS else f"{VALUE} IS NOT NULL"
    rows = reader.execute(
        f"SELECT c.customer AS customer, {form.stored} AS {form.kind.value} "
        f"FROM {_FOUND} AS f JOIN {_CUSTOMERS} AS c ON c.id = f.{CUSTOMER} WHERE {there}"
    ).to_arrow_table()
    return rows.cast(pa.schema([("customer", pa.int64()), (form.kind.value, _ARROW[form.kind])]))


def _refuse_rows(reader: DuckDBPyConnection, wrong: str, message: str, example: str = f"min({CUSTOMER})") -> None:
    [(count, found)] = reader.execute(f"SELECT count(*), {example} FROM {_FOUND} AS f WHERE {wrong}").fetchall()
    if count:
        raise BadInput(message.format(found), field=FIELD)


_LISTS: Final = (Kind.TEXTS, Kind.NUMBERS, Kind.FLAGS)
_ARROW: Final[Mapping[Kind, pa.DataType]] = {
    Kind.TEXT: pa.string(),
    Kind.NUMBER: pa.float64(),
    Kind.FLAG: pa.bool_(),
    Kind.INSTANT: pa.int64(),
    Kind.TEXTS: pa.list_(pa.string()),
    Kind.NUMBERS: pa.list_(pa.float64()),
    Kind.FLAGS: pa.list_(pa.bool_()),
}
