"""The tables of a store on ClickHouse, and which of their rows a question sees.

| table, after `kith_` | a row is |
|---|---|
| openings | an owner: from `number` on it writes, and nobody else |
| commits | a batch that counts, with where it leads; the last one of all says which generation answers |
| `<generation>`_… | as in `analytics/store/tables.py`, with the number of its `batch` |
| `<generation>`_gone_… | rows of a key of the batch `dead` do not count from its `batch` on |
| result_…, differing_… | as in `analytics/store/results.py` |

No row is ever changed. A batch writes its rows under a number that nobody reads yet, and becomes visible with one row
of `commits`. What it replaces is named by its key and the number under which it was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from analytics.store.spread import Kind
from analytics.store.tables import CHANGES, CUSTOMERS, MEMBERS, MOVES, OWNERS, STRETCHES, TAG_VALUES

PREFIX: Final = "kith_"
OPENINGS: Final = f"{PREFIX}openings"
COMMITS: Final = f"{PREFIX}commits"
RESULT: Final = f"{PREFIX}result_"
DIFFERING: Final = f"{PREFIX}differing_"

VOCABULARY: Final = ("event_tables", "columns", "incomplete")
EVENTS: Final = "events"

# A list has no null of its own there: an empty one is none.
TYPES: Final[Mapping[Kind, str]] = {
    Kind.TEXT: "Nullable(String)",
    Kind.FOLDED: "Nullable(String)",
    Kind.INSTANT: "Nullable(Int64)",
    Kind.DAY: "Nullable(Int32)",
    Kind.NUMBER: "Nullable(Float64)",
    Kind.FLAG: "Nullable(Bool)",
    Kind.OTHER: "Nullable(Bool)",
    Kind.TEXTS: "Array(Nullable(String))",
    Kind.NUMBERS: "Array(Nullable(Float64))",
    Kind.FLAGS: "Array(Nullable(Bool))",
}
# Runs of one number: next to nothing on disk.
_BATCH: Final = "batch UInt64 CODEC(Delta, ZSTD)"
_KINDS: Final = ", ".join(f"{kind.value} {type_}" for kind, type_ in TYPES.items())


class Form(NamedTuple):
    """A table.

    Args:
        columns, order: of its definition.
        key: what names rows that are replaced together.
    """

    columns: str
    order: str
    key: tuple[str, ...]


# Events of one identifier lie together: they are replaced together, and joined by it.
_EVENTS: Final = Form(
    "identifier Int64, at Int64, id String, INDEX by_id id TYPE bloom_filter GRANULARITY 1",
    "identifier, at",
    ("identifier",),
)
FORMS: Final[Mapping[str, Form]] = {
    CUSTOMERS: Form("customer Int64, id String, created_at Int64", "customer", ("customer",)),
    OWNERS: Form("identifier Int64, customer Int64", "identifier", ("identifier",)),
    STRETCHES: Form("identifier Int64, from_ms Int64, to_ms Int64, customer Int64", "identifier", ("identifier",)),
    MEMBERS: Form("customer Int64, segment String, since Int64", "segment, customer", ("customer", "segment")),
    TAG_VALUES: Form(f"customer Int64, tag String, since Int64, {_KINDS}", "tag, customer", ("customer",)),
    MOVES: Form(
        "customer Int64, tag String, at Int64, before Nullable(String), stage Nullable(String), reason String,"
        " version Int64",
        "tag, at",
        ("customer",),
    ),
    CHANGES: Form(
        "customer Int64, segment String, sequence Int64, entered Bool, at Int64, version Int64,"
        " cause Nullable(String), position Int64",
        "segment, at",
        ("customer", "segment", "sequence"),
    ),
}
_KEY_TYPES: Final = {"customer": "Int64", "identifier": "Int64", "segment": "String", "sequence": "Int64"}


def form_of(table: str) -> Form:
    """Of a table of the store by its name there."""
    return FORMS.get(table, _EVENTS)


def gone_of(table: str) -> str:
    """Where rows of a table are named that count no more: those of all events in one, since the key says it for all."""
    return f"gone_{table if table in FORMS else EVENTS}"


def create_control() -> list[str]:
    """What there is once a database."""
    return [
        f"CREATE TABLE IF NOT EXISTS {OPENINGS} (number UInt64, owner String) ENGINE = MergeTree ORDER BY number",
        f"CREATE TABLE IF NOT EXISTS {COMMITS} (number UInt64, generation UInt64, changes Int64, touched Int64,"
        " doubtful_until Int64, doubtful_changes_until Int64, as_of Int64, built Bool)"
        " ENGINE = ReplacingMergeTree(number) ORDER BY generation",
    ]


def create_generation(prefix: str) -> list[str]:
    """The tables of an empty store."""
    made = [create_table(prefix, table) for table in FORMS]
    for gone in (*map(gone_of, FORMS), gone_of(EVENTS)):
        key = form_of(gone.removeprefix("gone_")).key
        columns = ", ".join(f"{column} {_KEY_TYPES[column]}" for column in key)
        made.append(
            f"CREATE TABLE {prefix}{gone} ({columns}, dead UInt64, {_BATCH})"
            f" ENGINE = MergeTree ORDER BY ({', '.join(key)})"
        )
    noted = {
        "event_tables": "name String, table_name String",
        "columns": "table_name String, path String, kind String, column_name String",
        "incomplete": "table_name String",
    }
    made += [
        f"CREATE TABLE {prefix}{name} ({noted[name]}, {_BATCH}) ENGINE = MergeTree ORDER BY tuple()"
        for name in VOCABULARY
    ]
    return made


def create_table(prefix: str, table: str) -> str:
    """A table, whether it is there or not: a batch that did not come to its end may have left it."""
    form = form_of(table)
    return (
        f"CREATE TABLE IF NOT EXISTS {prefix}{table} ({form.columns}, {_BATCH})"
        f" ENGINE = MergeTree ORDER BY ({form.order})"
    )


def add_columns(prefix: str, table: str, columns: Iterable[tuple[str, Kind]]) -> str:
    """Columns beside those of a table. A name belongs to one kind, so that one that was left there is the very one."""
    added = ", ".join(f"ADD COLUMN IF NOT EXISTS {name} {TYPES[kind]}" for name, kind in columns)
    return f"ALTER TABLE {prefix}{table} {added}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of a store.

    Args:
        prefix: of the tables of its generation.
        number: of the last batch in it.
        spoiled: numbers of batches that did not come to their end, and never count.
        gone: names of tables that may say of rows that they count no more.
    """

    prefix: str
    number: int
    spoiled: tuple[int, ...] = ()
    gone: frozenset[str] = frozenset()

    def counts(self, number: int | None = None) -> str:
        """The condition that a row's batch is in it."""
        condition = f"batch <= {self.number if number is None else number}"
        if self.spoiled:
            condition += f" AND batch NOT IN ({', '.join(map(str, self.spoiled))})"
        return condition

    def visible(self, table: str) -> str:
        """The condition that a row of a table counts."""
        condition, gone = self.counts(), gone_of(table)
        if gone in self.gone:
            key = ", ".join(form_of(table).key)
            condition += (
                f" AND ({key}, batch) NOT IN (SELECT {key}, dead FROM {self.prefix}{gone} WHERE {self.counts()})"
            )
        return condition

    def reading(self, statement: str, tables: Iterable[str]) -> str:
        """A statement that finds, by the names of tables of the store, their rows that count."""
        shown = [
            f"{table} AS (SELECT * EXCEPT batch FROM {self.prefix}{table} WHERE {self.visible(table)})"
            for table in sorted(tables)
            if table in FORMS or table.startswith("events_")
        ]
        if not shown:
            return statement
        begun = statement.lstrip()
        if begun.startswith("WITH "):
            return f"WITH {', '.join(shown)}, {begun.removeprefix('WITH ')}"
        return f"WITH {', '.join(shown)} {begun}"
