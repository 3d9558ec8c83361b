"""Everything about one person as a page that this person can read and print: one file, without scripts or links."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from html import escape
from typing import Any, Final

import msgspec

from base.clock import iso
from graph.repositories.registry import RegistryRepository
from resolvers.subject import words
from resolvers.subject.reading import Row, Subject, SubjectReader
from resolvers.subject.words import BusinessNames

# For browsers that get the page by HTTP: even if something of a person were taken for markup, nothing of it runs.
CONTENT_SECURITY_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE: Final = (
    "body{font:14px/1.5 system-ui,sans-serif;margin:2em auto;max-width:75em;padding:0 1em}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #bbb;padding:.25em .5em;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}th{background:#eee}dl{margin:0}dt{font-weight:600}dd{margin:0 0 0 1em}"
    "h2{margin-top:2em}p.note{color:#555}"
    "@media print{body{font-size:10px;margin:0;max-width:none}thead{display:table-header-group}tr{break-inside:avoid}}"
)


async def as_html(reader: SubjectReader, subject: Subject, registry: RegistryRepository) -> AsyncIterator[bytes]:
    """The page in pieces. One that does not end with `</html>` is none.

    Raises:
        Unavailable: as `as_json`.
    """
    names = BusinessNames(registry)
    yield _head(subject).encode()
    for part in reader.parts(subject):
        heading, about = words.PARTS[part.name]
        yield f'<section id="{part.name}"><h2>{escape(heading)}</h2><p class="note">{escape(about)}</p>'.encode()
        columns: list[str] = []
        async for page in part.pages:
            if not page:
                continue
            await _learn(names, part.name, page)
            if not columns:
                columns = _columns(part.name, page)
                yield _table_head(columns).encode()
            yield "".join(_row(names, part.name, columns, row) for row in page).encode()
        yield b"</tbody></table>" if columns else f"<p>{escape(words.EMPTY)}</p>".encode()
        if part.looked_back_to is not None:
            yield f"<p>{escape(words.CUT)}: {escape(part.looked_back_to)}</p>".encode()
        yield b"</section>\n"
    await reader.confirm(subject)
    yield f"<p><strong>{escape(words.COMPLETE)}</strong></p></body></html>\n".encode()


def _head(subject: Subject) -> str:
    person = subject.person
    facts = {
        "id · 编号": person.id,
        "earlier ids · 曾用编号": ", ".join(person.earlier),
        "as of · 截至": iso(subject.as_of_ms),
        "known since · 建立时间": iso(person.created_at_ms),
    }
    shown = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items() if value)
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>{escape(words.TITLE)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(words.TITLE)}</h1><dl>{shown}</dl>\n"
    )


# Parts whose names are those of events.
_EVENTS: Final = ("events", "takenBack", "putAside")
# What a row of a part may have beside what its first page shows.
_CALL: Final = ["properties", "attributes", "consents", "group", "groupAttributes", "context", "more"]
_MORE: Final = {
    "identifiers": ["firstSeenAt", "lastSeenAt"],
    "events": _CALL,
    "calls": _CALL,
    "takenBack": ["name", "kind", *_CALL],
    "putAside": ["name", "kind", "properties", "attributes"],
    "lookups": ["outcome"],
}


def _columns(part: str, page: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys([*page[0], *_MORE.get(part, [])]))


def _table_head(columns: Sequence[str]) -> str:
    cells = "".join(f"<th>{escape(words.COLUMNS.get(name, name))}</th>" for name in columns)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>\n"


def _row(names: BusinessNames, part: str, columns: Sequence[str], row: Row) -> str:
    cells = "".join(f"<td>{_cell(names, part, row, name)}</td>" for name in columns)
    return f"<tr>{cells}</tr>\n"


def _cell(names: BusinessNames, part: str, row: Row, column: str) -> str:
    value = row.get(column)
    if column == "name" and isinstance(value, str):
        if part == "attributes":
            return escape(names.attribute(value))
        return escape(names.event(value) if part in _EVENTS else value)
    value = _plain(value)
    if column in ("properties", "attributes") and isinstance(value, dict):
        event = str(row.get("name", ""))
        called = (lambda name: names.property(event, name)) if column == "properties" else names.attribute
        return _listed((called(name), inner) for name, inner in value.items())
    return _shown(value)


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case dict():
            return _listed(value.items())
        case list() if any(isinstance(one, dict | list) for one in value):
            return "".join(f"<div>{_shown(one)}</div>" for one in value)
        case list():
            return escape(", ".join(map(_text, value)))
        case _:
            return escape(_text(value))


def _listed(pairs: Iterable[tuple[str, Any]]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{_shown(one)}</dd>" for name, one in pairs) + "</dl>"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _plain(value: Any) -> Any:
    """A value without parts that are still encoded."""
    return msgspec.json.decode(msgspec.json.encode(value))


async def _learn(names: BusinessNames, part: str, page: Sequence[Row]) -> None:
    attributes: set[str] = set()
    events: set[str] = set()
    properties: set[tuple[str, str]] = set()
    for row in page:
        name = row.get("name")
        if part == "attributes":
            attributes.add(str(name))
            continue
        attributes |= set(_plain(row.get("attributes")) or ())
        if isinstance(name, str) and part in _EVENTS:
            events.add(name)
            properties |= {(name, inner) for inner in _plain(row.get("properties")) or ()}
    await names.learn(attributes, events, properties)
