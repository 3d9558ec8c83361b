"""The views that statements read, as SQL over the tables of the store. The only SQL beside that of the file itself.

Names of tables and columns come from the layout. What people named (attributes, properties, events) becomes names of
columns and views, quoted.

| view | columns |
|---|---|
| customers | customer_id, created_at, then those of the attributes; e-mail and phone are left out |
| events."a name" | customer_id, event_id, time_utc, time_local, then those of the properties |
| segments | customer_id, segment, since |
| tags | customer_id, tag, since, and the value: text, number, boolean, time, day, texts, numbers, booleans |
| instant | now_utc, now_local, today: one row, the instant for which the tag is computed |

A value of an attribute or property is in columns by its kind, as it is in the store: `city_text`, `age_number`,
`vip_boolean`, `born_time` and `born_day` of texts that name one, `likes_texts` of lists. Times are UTC; those that are
called local are what a clock in the zone of the tag shows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from analytics.sql.checking import Statement, folded
from analytics.store.file import CATALOG
from analytics.store.spread import Kind
from analytics.store.tables import CUSTOMERS, MEMBERS, OWNERS, STRETCHES, TAG_VALUES, Columns, Layout
from base.clock import to_datetime
from graph.repositories.sharing import NOTHING_CLOSED, ClosedKeys
from rules.consent import is_reserved

EVENTS: Final = "events"
# Personal in every case: tags are shown to more people than those who may read these.
LEFT_OUT: Final = frozenset({"email", "phone"})
CUSTOMER_COLUMNS: Final = ("customer_id", "created_at")
EVENT_COLUMNS: Final = ("customer_id", "event_id", "time_utc", "time_local")

_STORE: Final = f"{CATALOG}.main"
_SUFFIXES: Final[Mapping[Kind, str]] = {
    Kind.TEXT: "text",
    Kind.NUMBER: "number",
    Kind.FLAG: "boolean",
    Kind.INSTANT: "time",
    Kind.DAY: "day",
    Kind.TEXTS: "texts",
    Kind.NUMBERS: "numbers",
    Kind.FLAGS: "booleans",
}
_FIRST_YEAR: Final = 1970
_MS_PER_MINUTE: Final = 60_000


class View(NamedTuple):
    """A view by its name, and what it selects."""

    schema: str
    name: str
    query: str


@dataclass(frozen=True, slots=True)
class Views:
    """The views of one layout for one instant and zone. Pure.

    Where names differ in the case of ASCII letters alone, which SQL does not tell apart, all but the first in the order
    of their code points have a number: `"Paid"`, `"paid (2)"`.

    Args:
        closed: segments and tags that not everybody may see, which are left out: many may see the tag that reads them.
    """

    layout: Layout
    now_ms: int
    zone: ZoneInfo
    closed: ClosedKeys = NOTHING_CLOSED

    def has(self, schema: str, name: str) -> bool:
        """Whether there is a view of that name, in small ASCII letters."""
        if schema == EVENTS:
            return name in self._events()
        return schema in ("", "main") and name in self._fixed()

    def of(self, names: Iterable[tuple[str, str]]) -> Iterator[View]:
        """The views of these names, of which `has` is true."""
        fixed, events = self._fixed(), self._events()
        for schema, name in sorted(names):
            yield events[name] if schema == EVENTS else fixed[name]

    def names_in(self, statement: Statement) -> Iterator[tuple[str, ...]]:
        """The attributes, events and properties that a statement may read: (attribute, name), (event, name), (property,
        event, name). Rather one too many than one too few.
        """
        events = {folded(shown): name for name, shown in _told_apart(filter(_is_name, self.layout.events)).items()}
        for schema, view in sorted(statement.views):
            if schema == EVENTS:
                name = events[view]
                yield "event", name
                columns = self.layout.events[name].columns
                yield from (("property", name, path) for path in _read(columns, EVENT_COLUMNS, statement.columns))
            elif view == "customers":
                columns = {path: kinds for path, kinds in self.layout.attributes.items() if path not in LEFT_OUT}
                yield from (("attribute", path) for path in _read(columns, CUSTOMER_COLUMNS, statement.columns))

    def _fixed(self) -> dict[str, View]:
        found = (self._customers(), self._segments(), self._tags(), self._instant())
        return {view.name: view for view in found}

    def _events(self) -> dict[str, View]:
        names = _told_apart(name for name in self.layout.events if _is_name(name))
        return {folded(shown): View(EVENTS, shown, self._event(name)) for name, shown in names.items()}

    def _customers(self) -> View:
        columns = {
            path: kinds
            for path, kinds in self.layout.attributes.items()
            if path not in LEFT_OUT and not is_reserved(path)
        }
        fixed = f"id AS customer_id, {_time('created_at')} AS created_at"
        return View("main", "customers", f"SELECT {fixed}{_cells(columns, CUSTOMER_COLUMNS)} FROM {_STORE}.{CUSTOMERS}")

    def _segments(self) -> View:
        query = (
            f"SELECT c.id AS customer_id, m.segment AS segment, {_time('m.since')} AS since "
            f"FROM {_STORE}.{MEMBERS} AS m JOIN {_STORE}.{CUSTOMERS} AS c ON c.customer = m.customer"
            f"{_without('m.segment', self.closed.segments)}"
        )
        return View("main", "segments", query)

    def _tags(self) -> View:
        values = ", ".join(f"{_cell(f't.{kind.value}', kind)} AS {_quoted(end)}" for kind, end in _SUFFIXES.items())
        query = (
            f"SELECT c.id AS customer_id, t.tag AS tag, {_time('t.since')} AS since, {values} "
            f"FROM {_STORE}.{TAG_VALUES} AS t JOIN {_STORE}.{CUSTOMERS} AS c ON c.customer = t.customer"
            f"{_without('t.tag', self.closed.tags)}"
        )
        return View("main", "tags", query)

    def _instant(self) -> View:
        local = f"make_timestamp({(self.now_ms + _offset_ms(self.now_ms, self.zone)) * 1000})"
        query = f"SELECT {_time(str(self.now_ms))} AS now_utc, {local} AS now_local, CAST({local} AS DATE) AS today"
        return View("main", "instant", query)

    def _event(self, name: str) -> str:
        event = self.layout.events[name]
        owned = (
            f"SELECT o.customer AS owner, e.* FROM {_STORE}.{event.table} AS e JOIN {_STORE}.{OWNERS} AS o "
            "ON o.identifier = e.identifier"
        )
        lent = (
            f"SELECT s.customer AS owner, e.* FROM {_STORE}.{event.table} AS e JOIN {_STORE}.{STRETCHES} AS s "
            'ON s.identifier = e.identifier AND e."at" >= s.from_ms AND e."at" < s.to_ms'
        )
        at = 'e."at"'
        local = f"make_timestamp(({at} + {self._local(at)}) * 1000)"
        fixed = f"c.id AS customer_id, e.id AS event_id, {_time(at)} AS time_utc, {local} AS time_local"
        return (
            f"SELECT {fixed}{_cells(event.columns, EVENT_COLUMNS, 'e.')} FROM ({owned} UNION ALL {lent}) AS e "
            f"JOIN {_STORE}.{CUSTOMERS} AS c ON c.customer = e.owner"
        )

    def _local(self, at_ms: str) -> str:
        """What is added to an instant to get what a clock shows, both in ms."""
        return _by_bounds(at_ms, offsets_of(self.zone, to_datetime(self.now_ms).year + 1))


@lru_cache(maxsize=16)
def offsets_of(zone: ZoneInfo, last_year: int) -> tuple[tuple[int, int], ...]:
    """From which instant (ms) on a zone's clock is how far (ms) ahead of UTC, ascending; the first holds before, too.

    Args:
        last_year: after it the last offset holds.
    """
    found: list[tuple[int, int]] = []
    days = (date(last_year, 12, 31) - date(_FIRST_YEAR, 1, 1)).days
    minutes_a_day = 24 * 60
    start = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC)
    epoch_ms = int(start.timestamp()) * 1000

    def offset(minute: int) -> int:
        at = (start + timedelta(minutes=minute)).astimezone(zone).utcoffset() or timedelta()
        return at // timedelta(milliseconds=1)

    for day in range(days + 1):
        ahead = offset(day * minutes_a_day)
        if found and ahead == found[-1][1]:
            continue
        minute = day * minutes_a_day
        if found:
            # Clocks change at whole minutes.
            before = found[-1][1]
            minute = bisect_right(
                range(minute), 0, lo=minute - minutes_a_day, hi=minute, key=lambda each: int(offset(each) != before)
            )
        found.append((epoch_ms + minute * _MS_PER_MINUTE, ahead))
    return tuple(found)


def _offset_ms(at_ms: int, zone: ZoneInfo) -> int:
    return (to_datetime(at_ms).astimezone(zone).utcoffset() or timedelta()) // timedelta(milliseconds=1)


def _by_bounds(at_ms: str, offsets: tuple[tuple[int, int], ...]) -> str:
    """A search among bounds, as a tree of small depth."""
    if len(offsets) == 1:
        return str(offsets[0][1])
    middle = len(offsets) // 2
    below, above = _by_bounds(at_ms, offsets[:middle]), _by_bounds(at_ms, offsets[middle:])
    return f"CASE WHEN {at_ms} < {offsets[middle][0]} THEN {below} ELSE {above} END"


def _cells(columns: Columns, taken: Iterable[str], of: str = "") -> str:
    """The columns of paths, each after a comma."""
    named: dict[str, str] = {}
    for path, kinds in columns.items():
        if _is_name(path):
            for kind, suffix in _SUFFIXES.items():
                if kind in kinds:
                    named[f"{path}_{suffix}"] = _cell(of + kinds[kind], kind)
    shown = _told_apart(named, taken)
    return "".join(f", {named[name]} AS {_quoted(shown[name])}" for name in sorted(named))


def _read(columns: Columns, taken: Iterable[str], named: frozenset[str] | None) -> Iterator[str]:
    """Paths of which a statement names a column; all for None."""
    paths = {
        f"{path}_{suffix}": path
        for path, kinds in columns.items()
        if _is_name(path)
        for kind, suffix in _SUFFIXES.items()
        if kind in kinds
    }
    shown = _told_apart(paths, taken)
    yield from sorted({path for name, path in paths.items() if named is None or folded(shown[name]) in named})


def _without(column: str, keys: Iterable[str]) -> str:
    """A condition that leaves keys out."""
    listed = ", ".join("'" + key.replace("'", "''") + "'" for key in sorted(keys))
    return f" WHERE {column} NOT IN ({listed})" if listed else ""


def _cell(column: str, kind: Kind) -> str:
    if kind is Kind.INSTANT:
        return _time(column)
    if kind is Kind.DAY:
        # Stored as the proleptic ordinal, of which 1 is the first day of the year 1.
        return f"(DATE '0001-01-01' + ({column} - 1))"
    return column


def _time(column: str) -> str:
    return f"make_timestamp({column} * 1000)"


def _told_apart(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Name → what it is called, so that no two are equal for DuckDB."""
    used = {folded(name) for name in taken}
    shown: dict[str, str] = {}
    for name in sorted(names):
        candidate, number = name, 1
        while folded(candidate) in used:
            number += 1
            candidate = f"{name} ({number})"
        used.add(folded(candidate))
        shown[name] = candidate
    return shown


def _is_name(name: str) -> bool:
    """Whether SQL can hold it at all."""
    return bool(name) and "\0" not in name


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def create_statement(view: View) -> str:
    """What makes a view in the current catalog."""
    return f"CREATE VIEW {_quoted(view.schema)}.{_quoted(view.name)} AS {view.query}"
