"""Documents of definitions (the GraphQL `TagDefinitionInput` shape) to definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from base.errors import BadInput
from rules import documents
from rules.parser import parse_rule
from rules.tags.definition import (
    MAX_BRANCHES,
    Branch,
    Condition,
    Cut,
    CutBy,
    Cuts,
    Definition,
    FirstLast,
    Imported,
    Layer,
    Lifecycle,
    Manual,
    Preference,
    Rfm,
    Share,
    Sql,
    Statistical,
    Take,
    Which,
)
from rules.tags.problems import definition_problems
from rules.tree import EventLeaf
from rules.type_problems import ValueType
from rules.values import Number, as_number

KINDS: Final = ("condition", "statistical", "preference", "firstLast", "lifecycle", "rfm", "manual", "imported", "sql")
_EVENT: Final = ("name", "where", "window")


def parse_definition(document: object, field: str = "definition") -> Definition:
    """The definition of a document; what is returned can be computed, and `check_definition` asks only for known names.

    Args:
        document: JSON-like, with the keys of `TagDefinitionInput`; a key with a null is as good as none.
        field: the path of the document in its request, the beginning of the path in errors.

    Raises:
        BadInput: the first fault, with its path and a hint.
    """
    kind, body = documents.only_key(document, KINDS, field)
    definition = _parse(kind, body, f"{field}.{kind}")
    for problem in definition_problems(definition, field):
        raise BadInput(problem.message, hint=problem.hint, field=problem.field)
    return definition


def _parse(kind: str, body: object, field: str) -> Definition:
    match kind:
        case "condition":
            return Condition(_branches(body, field, "values", "value"))
        case "lifecycle":
            return Lifecycle(_branches(body, field, "stages", "stage"))
        case "statistical":
            return _statistical(body, field)
        case "preference":
            return _preference(body, field)
        case "firstLast":
            return _first_last(body, field)
        case "imported":
            keys = documents.keys_of(body, ("type",), field)
            return Imported(documents.named(ValueType, keys.get("type"), f"{field}.type"))
        case "sql":
            keys = documents.keys_of(body, ("text", "type"), field)
            of_type = documents.named(ValueType, keys.get("type"), f"{field}.type")
            return Sql(documents.text(keys.get("text"), f"{field}.text"), of_type)
        case "rfm":
            return _rfm(body, field)
        case _:
            if body is not True:
                raise BadInput("Only true can be said here.", hint="Labels need no definition.", field=field)
            return Manual()


def _branches(body: object, field: str, of: str, value: str) -> tuple[Branch, ...]:
    keys = documents.keys_of(body, (of,), field)
    here = f"{field}.{of}"
    found: list[Branch] = []
    for position, each in enumerate(documents.list_of(keys.get(of), here, MAX_BRANCHES)):
        place = f"{here}.{position}"
        branch = documents.keys_of(each, (value, "rule"), place)
        given = documents.scalar(branch.get(value), f"{place}.{value}")
        found.append(Branch(given, parse_rule(branch.get("rule"), f"{place}.rule")))
    return tuple(found)


def _statistical(body: object, field: str) -> Statistical:
    keys = documents.keys_of(body, ("event", "layers", "shares"), field)
    layers = documents.list_of(keys.get("layers", []), f"{field}.layers", MAX_BRANCHES)
    shares = documents.list_of(keys.get("shares", []), f"{field}.shares", MAX_BRANCHES)
    return Statistical(
        _events(keys, field, (*_EVENT, "measure")),
        tuple(_layer(each, f"{field}.layers.{position}") for position, each in enumerate(layers)),
        tuple(_share(each, f"{field}.shares.{position}") for position, each in enumerate(shares)),
    )


def _share(body: object, field: str) -> Share:
    keys = documents.keys_of(body, ("value", "topPercent"), field)
    return Share(
        documents.text(keys.get("value"), f"{field}.value"),
        _a_number(keys.get("topPercent"), f"{field}.topPercent"),
    )


def _layer(body: object, field: str) -> Layer:
    keys = documents.keys_of(body, ("value", "from", "to"), field)
    ends = (_number(keys, "from", field), _number(keys, "to", field))
    return Layer(documents.text(keys.get("value"), f"{field}.value"), *ends)


def _number(keys: Mapping[str, object], name: str, field: str) -> Number | None:
    return _a_number(keys[name], f"{field}.{name}") if name in keys else None


def _a_number(value: object, field: str) -> Number:
    number = as_number(value)
    if number is None:
        raise BadInput("This has to be a number.", field=field)
    return number


def _preference(body: object, field: str) -> Preference:
    keys = documents.keys_of(body, ("event", "property", "top", "sum"), field)
    return Preference(
        _events(keys, field, _EVENT),
        documents.text(keys.get("property"), f"{field}.property"),
        documents.whole(keys.get("top", 1), f"{field}.top"),
        documents.text(keys["sum"], f"{field}.sum") if "sum" in keys else None,
    )


def _first_last(body: object, field: str) -> FirstLast:
    keys = documents.keys_of(body, ("event", "which", "take", "property", "type"), field)
    take = documents.named(Take, keys.get("take"), f"{field}.take")
    for name in ("property", "type"):
        if (name in keys) != (take is Take.PROPERTY):
            raise BadInput(
                f"{Take.PROPERTY} takes property and type, and nothing else does.",
                hint="The type is STRING, NUMBER, BOOLEAN or TIME; a value of another type counts as none.",
                field=f"{field}.{name}",
            )
    return FirstLast(
        _events(keys, field, _EVENT),
        documents.named(Which, keys.get("which"), f"{field}.which"),
        take,
        documents.text(keys["property"], f"{field}.property") if "property" in keys else None,
        documents.named(ValueType, keys["type"], f"{field}.type") if "type" in keys else None,
    )


def _rfm(body: object, field: str) -> Rfm:
    keys = documents.keys_of(body, ("event", "cuts", "scores"), field)
    if ("cuts" in keys) == ("scores" in keys) or keys.get("scores", True) is not True:
        raise BadInput("Give cuts, or {scores: true}.", hint="Cuts give names, scores digits from 1 to 5.", field=field)
    return Rfm(
        _events(keys, field, (*_EVENT, "measure")),
        _cuts(keys["cuts"], f"{field}.cuts") if "cuts" in keys else None,
    )


def _cuts(body: object, field: str) -> Cuts:
    names = ("recency", "frequency", "monetary")
    keys = documents.keys_of(body, names, field)
    return Cuts(*(_cut(keys.get(name), f"{field}.{name}") for name in names))


def _cut(body: object, field: str) -> Cut:
    name, value = documents.only_key(body, tuple(CutBy), field)
    here = f"{field}.{name}"
    if name != CutBy.MEAN:
        return Cut(CutBy(name), documents.whole(value, here) if name == CutBy.TOP else _a_number(value, here))
    if value is not True:
        raise BadInput("Only true can be said here.", hint="The mean has no number.", field=here)
    return Cut(CutBy.MEAN)


def _events(keys: Mapping[str, object], field: str, allowed: tuple[str, ...]) -> EventLeaf:
    """The events that count, written as the condition on an event without its comparison."""
    body = documents.keys_of(keys.get("event"), allowed, f"{field}.event")
    leaf = parse_rule({"event": body}, field)
    assert isinstance(leaf, EventLeaf)
    return leaf
