"""Reads a statement with DuckDB's own parser, and refuses whatever `allowed` does not list.

The parser is the one that reads the statement when it runs, so both see the same. What is looked at is its syntax tree:
every node of it is a known one, every table a view or a common table expression in whose scope it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase
from typing import Any, Final, NoReturn

import duckdb
import msgspec
from duckdb import DuckDBPyConnection

from analytics.sql import allowed
from base.errors import BadInput
from rules.problems import text_fault
from rules.tags.definition import MAX_SQL_LENGTH

# DuckDB's own, of expressions; trees of queries are as deep.
MAX_NODES: Final = 20_000
MAX_MESSAGE_CHARS: Final = 300
FIELD: Final = "text"

# Names are equal for DuckDB whatever the case of ASCII letters. Other letters stay: `K` is no Kelvin sign.
_ASCII: Final = str.maketrans(ascii_uppercase, ascii_lowercase)
_NO_SELECT: Final = "Only SELECT statements can be serialized to json!"
_NO_NAMES: Final[frozenset[str]] = frozenset()

# (schema, name) in small letters → whether there is such a view.
IsView = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that passed.

    Args:
        views: that it reads, as (schema, name) in small ASCII letters.
        columns: that it names, likewise; None: it may read all of its views.
        texts: constants of it.
    """

    text: str
    views: frozenset[tuple[str, str]]
    columns: frozenset[str] | None
    texts: frozenset[str]


def folded(name: str) -> str:
    """A name as DuckDB compares it."""
    return name.translate(_ASCII)


def check_statement(connection: DuckDBPyConnection, text: str, is_view: IsView) -> Statement:
    """Read and check a statement. Nothing of it is run.

    Raises:
        BadInput: it is not one SELECT of allowed parts over views.
    """
    if not 0 < len(text) <= MAX_SQL_LENGTH:
        raise BadInput(f"A statement has 1 to {MAX_SQL_LENGTH:,} characters.", field=FIELD)
    if "\0" in text or text_fault(text) is not None:
        raise BadInput("The statement is not valid Unicode, or has a character of no use.", field=FIELD)
    tree = _read(connection, text)
    checker = _Checker(is_view)
    try:
        checker.check(tree)
    except RecursionError as fault:
        raise BadInput("The statement is nested too deeply.", field=FIELD) from fault
    columns = None if checker.reads_rows() else frozenset(checker.columns)
    return Statement(text, frozenset(checker.views), columns, frozenset(checker.texts))


def _read(connection: DuckDBPyConnection, text: str) -> Any:
    # `extract_statements` would not do: it expands pragmas, and looks into files for that.
    try:
        rows = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [text]).fetchall()
        document = msgspec.json.decode(rows[0][0])
    except duckdb.Error as fault:
        raise BadInput(f"The statement cannot be read: {shown(fault)}", field=FIELD) from fault
    except RecursionError as fault:
        raise BadInput("The statement is nested too deeply.", field=FIELD) from fault
    if document["error"] and document["error_message"] != _NO_SELECT:
        raise BadInput(f"The statement cannot be read: {_line(document['error_message'])}", field=FIELD)
    if document["error"] or len(document["statements"]) != 1:
        raise BadInput("Only one SELECT is allowed.", hint="Begin with SELECT or WITH.", field=FIELD)
    return document["statements"][0]


def shown(fault: Exception) -> str:
    """The first line of what DuckDB says; it speaks of the statement, never of stored values, until that runs."""
    return _line(str(fault))


def _line(text: str) -> str:
    return text.strip().partition("\n")[0][:MAX_MESSAGE_CHARS]


class _Checker:
    """Goes over a syntax tree.

    Attributes:
        views, columns, texts: that were named.
    """

    def __init__(self, is_view: IsView):
        self.views: set[tuple[str, str]] = set()
        self.columns: set[str] = set()
        self.texts: set[str] = set()
        self._plain: set[str] = set()
        self._sources: set[str] = set()
        self._stars = False
        self._is_view = is_view
        self._count = 0

    def reads_rows(self) -> bool:
        """Whether whole rows are read: by a star, a join on all names that are equal, or the name of a source."""
        return self._stars or not self._plain.isdisjoint(self._sources)

    def check(self, tree: Any) -> None:
        """Raises:
        BadInput: there is something that is not allowed.
        """
        self._check(tree, _NO_NAMES)

    def _check(self, node: Any, scope: frozenset[str]) -> None:
        """Args:
        scope: names of common table expressions that can be read here.
        """
        if isinstance(node, list):
            for each in node:
                self._check(each, scope)
        elif isinstance(node, Mapping):
            self._count += 1
            if self._count > MAX_NODES:
                raise BadInput("The statement is too long.", field=FIELD)
            self._check_node(node, scope)

    def _check_node(self, node: Mapping[str, Any], scope: frozenset[str]) -> None:
        kind = node.get("type")
        if "class" in node:
            self._check_expression(node)
            if node["class"] == "CONSTANT":
                self._note_text(node)
                return
        elif kind in allowed.QUERIES:
            scope = self._with_tables(node, scope)
            node = {key: part for key, part in node.items() if key != "cte_map"}
        elif kind in allowed.SOURCES:
            self._check_source(node, scope)
        elif "id" in node:
            _check_type(node)
            return
        elif kind is not None and kind not in allowed.PARTS:
            _refuse(kind)
        if node.get("sample") is not None:
            _refuse("TABLESAMPLE")
        for part in node.values():
            self._check(part, scope)

    def _note_text(self, node: Mapping[str, Any]) -> None:
        value = node.get("value")
        text = value.get("value") if isinstance(value, Mapping) else None
        if isinstance(text, str):
            self.texts.add(text)

    def _with_tables(self, node: Mapping[str, Any], scope: frozenset[str]) -> frozenset[str]:
        """The scope with the common table expressions of a query; each sees those before it."""
        for entry in node["cte_map"]["map"]:
            self._check(entry["value"], scope)
            scope |= {folded(entry["key"])}
        return scope

    def _check_source(self, node: Mapping[str, Any], scope: frozenset[str]) -> None:
        if node.get("alias"):
            self._sources.add(folded(node["alias"]))
        match node["type"]:
            case "BASE_TABLE":
                self._check_table(node, scope)
            case "JOIN":
                self.columns.update(map(folded, node.get("using_columns") or ()))
                self._stars |= node["ref_type"] == "NATURAL"
                if node["join_type"] not in allowed.JOINS or node["ref_type"] not in allowed.JOIN_WAYS:
                    _refuse(f"{node['ref_type']} {node['join_type']} JOIN")
            case "TABLE_FUNCTION":
                function = node["function"]
                if function["class"] != "FUNCTION" or function["function_name"] not in allowed.TABLE_FUNCTIONS:
                    _refuse(function.get("function_name", "a table function"))

    def _check_table(self, node: Mapping[str, Any], scope: frozenset[str]) -> None:
        schema, name = folded(node["schema_name"]), folded(node["table_name"])
        shown_name = ".".join(filter(None, (node["catalog_name"], node["schema_name"], node["table_name"])))
        if node["catalog_name"]:
            _refuse(shown_name)
        if node["at_clause"] is not None:
            _refuse("AT")
        self._sources.add(name)
        if not schema and name in scope:
            return
        if not self._is_view(schema, name):
            hint = 'Views are customers, tags, segments, instant, and for each event events."its name".'
            raise BadInput(f"There is no view {_line(shown_name)!r}.", hint=hint, field=FIELD)
        self.views.add((schema, name))

    def _check_expression(self, node: Mapping[str, Any]) -> None:
        match node["class"]:
            case "FUNCTION":
                _check_function(node, allowed.FUNCTIONS | allowed.AGGREGATES | allowed.TABLE_FUNCTIONS)
            case "WINDOW":
                if node["type"] not in allowed.WINDOWS:
                    _refuse(node["type"])
                if node["type"] == "WINDOW_AGGREGATE":
                    _check_function(node, allowed.AGGREGATES)
            case "OPERATOR":
                if node["type"] not in allowed.OPERATORS:
                    _refuse(node["type"])
            case "STAR":
                if node.get("columns") or node.get("expr") is not None:
                    _refuse("COLUMNS")
                self._stars = True
            case "COLUMN_REF":
                names = node["column_names"]
                if len(names) == 1 and folded(names[0]) in allowed.CLOCKS:
                    _refuse(names[0], "now")
                self.columns.update(map(folded, names))
                if len(names) == 1:
                    self._plain.add(folded(names[0]))
            case other if other not in allowed.EXPRESSIONS:
                _refuse(other)


def _check_function(node: Mapping[str, Any], names: frozenset[str]) -> None:
    name = folded(node["function_name"])
    if node["catalog"] not in ("", "system") or node["schema"] not in ("", "main"):
        _refuse(f"{node['schema']}.{node['function_name']}")
    if name in allowed.OF_CONSTANTS and name not in names:
        if any(_class_of(child) != "CONSTANT" for child in node["children"]):
            raise BadInput(
                "A list is made of constants here.", hint="list(column) makes one of the rows of a group.", field=FIELD
            )
        return
    if name not in names:
        _refuse(node["function_name"], name)


def _class_of(node: Any) -> object:
    """The class of an expression; of a constant with a sign or a type, that of the constant."""
    while isinstance(node, Mapping):
        if node.get("class") == "CAST":
            node = node["child"]
        elif node.get("class") == "FUNCTION" and node["function_name"] in ("-", "+") and len(node["children"]) == 1:
            [node] = node["children"]
        else:
            return node.get("class")
    return None


def _check_type(node: Mapping[str, Any]) -> None:
    for each in _types(node):
        if each not in allowed.TYPES:
            _refuse(f"the type {each}")


def _types(node: Mapping[str, Any]) -> Iterator[str]:
    while True:
        yield str(node["id"])
        info = node.get("type_info")
        if not isinstance(info, Mapping) or info.get("type") != "LIST_TYPE_INFO":
            return
        node = info["child_type"]


def _refuse(what: object, about: str = "") -> NoReturn:
    name = _line(str(what)) or "this"
    raise BadInput(f"{name} is not allowed here.", hint=allowed.HINTS.get(about or str(what), _HINT), field=FIELD)


_HINT: Final = "docs/tags.md lists what a statement may use."
