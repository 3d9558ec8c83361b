"""The data dictionary: the whole registry as one text, for people (Markdown) and for tables (CSV)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from access.sharing import Viewer
from base.clock import iso
from graph.repositories.registry import Asked, EventDefinition, RegistryRepository, ValueDefinition
from graph.repositories.segment import SegmentRepository
from graph.repositories.tag import TagRepository
from resolvers.context import RequestContext
from resolvers.rule_users import NameKey, RuleUser, key_of, users_of

# Definitions read in one statement; of properties, all that an event can have.
PAGE = 1_000
EVENTS_AT_ONCE = 20


class Format(StrEnum):
    """How the dictionary is written."""

    MARKDOWN = "MARKDOWN"
    CSV = "CSV"


class Language(StrEnum):
    """Of headings, and of business names where there are both."""

    ZH = "ZH"
    EN = "EN"


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Everything that the registry has, by name.

    Args:
        properties: by event.
        users: what has a rule that names something.
        unlisted: values under names for which there was no room.
    """

    attributes: Sequence[ValueDefinition]
    events: Sequence[EventDefinition]
    properties: Mapping[str, Sequence[ValueDefinition]]
    users: Mapping[NameKey, Sequence[RuleUser]]
    unlisted: int


async def text(context: RequestContext, how: Format, language: Language) -> str:
    """The dictionary as of now, as text."""
    services = context.services
    return written(await read(services.registry, services.segments, services.tags, context.viewer), how, language)


async def read(
    registry: RegistryRepository, segments: SegmentRepository, tags: TagRepository, viewer: Viewer
) -> Dictionary:
    """The dictionary as of now; what changes meanwhile may be in it or not. Users are those whom somebody may see."""
    attributes: list[ValueDefinition] = []
    while page := await registry.list_attributes(Asked(PAGE, attributes[-1].name if attributes else "")):
        attributes += page
    events: list[EventDefinition] = []
    while events_page := await registry.list_events(Asked(PAGE, events[-1].name if events else "")):
        events += events_page
    properties: dict[str, list[ValueDefinition]] = {}
    for start in range(0, len(events), EVENTS_AT_ONCE):
        names = [event.name for event in events[start : start + EVENTS_AT_ONCE]]
        properties |= await registry.list_properties(names, Asked(PAGE))
    _, segment_records = await segments.list_all()
    _, tag_records = await tags.list_all()
    _, unlisted = await registry.get_state()
    users = users_of(
        [one for one in segment_records if viewer.sees(one.sharing)],
        [one for one in tag_records if viewer.sees(one.sharing)],
    )
    return Dictionary(attributes, events, properties, users, unlisted)


def written(dictionary: Dictionary, how: Format, language: Language) -> str:
    """The dictionary as text."""
    return as_csv(dictionary, language) if how is Format.CSV else as_markdown(dictionary, language)


_KINDS = {
    Language.EN: ("attribute", "event", "property"),
    Language.ZH: ("属性", "事件", "事件属性"),
}
_KIND_COLUMNS = {Language.EN: ("kind", "event"), Language.ZH: ("种类", "所属事件")}
_COLUMNS = {
    Language.EN: (
        "name", "business name", "description", "type", "unit", "personal data", "on", "on conflict", "volume",
        "conflicts", "first seen", "last seen", "example", "used by",
    ),
    Language.ZH: (
        "名称", "业务名称", "说明", "类型", "单位", "个人信息级别", "启用", "类型冲突处理", "数据量", "冲突数",
        "首次出现", "最近出现", "示例", "使用者",
    ),
}  # fmt: skip
_TITLES = {
    Language.EN: ("Data dictionary", "Attributes", "Events"),
    Language.ZH: ("数据字典", "属性", "事件"),
}
_YES_NO = {Language.EN: ("yes", "no"), Language.ZH: ("是", "否")}
_UNLISTED = {
    Language.EN: "{} more values came under names for which the registry has no room.",
    Language.ZH: "另有 {} 个值的名称超出登记上限，未列出。",
}


def as_csv(dictionary: Dictionary, language: Language) -> str:
    """One line a definition after a line of headings, in UTF-8; each event before its properties."""
    attribute, event_kind, value_kind = _KINDS[language]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*_KIND_COLUMNS[language], *_COLUMNS[language]])
    for one in dictionary.attributes:
        writer.writerow(map(_csv_cell, [attribute, "", *_cells(one, dictionary, language)]))
    for event in dictionary.events:
        writer.writerow(map(_csv_cell, [event_kind, "", *_cells(event, dictionary, language)]))
        for one in dictionary.properties.get(event.name, ()):
            writer.writerow(map(_csv_cell, [value_kind, event.name, *_cells(one, dictionary, language)]))
    return out.getvalue()


def as_markdown(dictionary: Dictionary, language: Language) -> str:
    """A table of attributes, a table of events, and one of the properties of each event."""
    title, attributes, events = _TITLES[language]
    lines = [f"# {title}", "", f"## {attributes}", "", *_table(dictionary.attributes, dictionary, language)]
    lines += ["", f"## {events}", "", *_table(dictionary.events, dictionary, language)]
    for event in dictionary.events:
        if properties := dictionary.properties.get(event.name):
            lines += ["", f"### {_markdown_cell(event.name)}", "", *_table(properties, dictionary, language)]
    if dictionary.unlisted:
        lines += ["", _UNLISTED[language].format(f"{dictionary.unlisted:,}")]
    return "\n".join(lines) + "\n"


def _table(
    definitions: Sequence[ValueDefinition | EventDefinition], dictionary: Dictionary, language: Language
) -> Iterator[str]:
    columns = _COLUMNS[language]
    yield _row(columns)
    yield "|" + "---|" * len(columns)
    for one in definitions:
        yield _row([_markdown_cell(cell) for cell in _cells(one, dictionary, language)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(one: ValueDefinition | EventDefinition, dictionary: Dictionary, language: Language) -> list[str]:
    """The text of each of `_COLUMNS`; what only values have is empty for an event."""
    names = (one.name_zh, one.name_en) if language is Language.ZH else (one.name_en, one.name_zh)
    yes, no = _YES_NO[language]
    value = one if isinstance(one, ValueDefinition) else None
    return [
        one.name,
        names[0] or names[1] or "",
        one.description or "",
        value.type if value else "",
        (value.unit or "") if value else "",
        value.pii if value else "",
        yes if one.active else no,
        value.on_conflict if value else "",
        str(one.count),
        str(value.conflict_count) if value else "",
        iso(one.first_at_ms),
        iso(one.last_at_ms),
        (value.example or "") if value else "",
        ", ".join(user.key for user in dictionary.users.get(key_of(one), ())),
    ]


# What is a sign in a table, begins a link, or is emphasis.
_SIGNS = re.compile(r"([\\`*_\[\]<>|])")


def _markdown_cell(text: str) -> str:
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))


def _csv_cell(text: str) -> str:
    # Source: OWASP, "CSV Injection": a spreadsheet runs what begins like this, and names are whatever senders wrote.
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
