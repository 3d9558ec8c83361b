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
    Definition,
    FirstLast,
    Imported,
    Layer,
    Lifecycle,
    Manual,
    Preference,
    Sql,
    Statistical,
    Take,
    Which,
)
from rules.tags.problems import definition_problems
from rules.tree import EventLeaf
from rules.type_problems import ValueType
from rules.values import Number, as_number

KINDS: Final = ("condition", "statistical", "preference", "firstLast", "lifecycle", "manual", "imported", "sql")
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
    keys = documents.keys_of(body, ("event", "layers"), field)
    layers = documents.list_of(keys.get("layers", []), f"{field}.layers", MAX_BRANCHES)
    return Statistical(
        _events(keys, field, (*_EVENT, "measure")),
        tuple(_layer(each, f"{field}.layers.{position}") for position, each in enumerate(layers)),
    )


def _layer(body: object, field: str) -> Layer:
    keys = documents.keys_of(body, ("value", "from", "to"), field)
    ends = (_number(keys, "from", field), _number(keys, "to", field))
    return Layer(documents.text(keys.get("value"), f"{field}.value"), *ends)


def _number(keys: Mapping[str, object], name: str, field: str) -> Number | None:
    if name not in keys:
        return None
    number = as_number(keys[name])
    if number is None:
        raise BadInput("This has to be a number.", field=f"{field}.{name}")
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


def _events(keys: Mapping[str, object], field: str, allowed: tuple[str, ...]) -> EventLeaf:
    """The events that count, written as the condition on an event without its comparison."""
    body = documents.keys_of(keys.get("event"), allowed, f"{field}.event")
    leaf = parse_rule({"event": body}, field)
    assert isinstance(leaf, EventLeaf)
    return leaf
