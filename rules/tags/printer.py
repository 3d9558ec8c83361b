"""Definitions as documents again, in the shape that the parser reads."""

from __future__ import annotations

from typing import assert_never

from rules.printer import print_rule
from rules.tags.definition import (
    Branch,
    Condition,
    Cut,
    Definition,
    FirstLast,
    Imported,
    Layer,
    Lifecycle,
    Manual,
    Preference,
    Rfm,
    Sql,
    Statistical,
)
from rules.tree import EventLeaf


def print_definition(definition: Definition) -> dict[str, object]:
    """The document of a definition, JSON types only; `parse_definition` of it gives an equal one."""
    match definition:
        case Condition(branches):
            return {"condition": {"values": [_branch(branch, "value") for branch in branches]}}
        case Lifecycle(branches):
            return {"lifecycle": {"stages": [_branch(branch, "stage") for branch in branches]}}
        case Statistical(events, layers, shares):
            document: dict[str, object] = {"event": _events(events)}
            if layers:
                document["layers"] = [_layer(layer) for layer in layers]
            if shares:
                document["shares"] = [{"value": share.value, "topPercent": share.top_percent} for share in shares]
            return {"statistical": document}
        case Preference(events, name, top, summed):
            document = {"event": _events(events), "property": name, "top": top}
            return {"preference": document if summed is None else {**document, "sum": summed}}
        case FirstLast(events, which, take, name, of_type):
            document = {"event": _events(events), "which": which.value, "take": take.value}
            if name is not None and of_type is not None:
                document |= {"property": name, "type": of_type.value}
            return {"firstLast": document}
        case Rfm(events, cuts):
            if cuts is None:
                return {"rfm": {"event": _events(events), "scores": True}}
            of = {"recency": cuts.recency, "frequency": cuts.frequency, "monetary": cuts.monetary}
            return {"rfm": {"event": _events(events), "cuts": {name: _cut(cut) for name, cut in of.items()}}}
        case Manual():
            return {"manual": True}
        case Imported(of_type):
            return {"imported": {"type": of_type.value}}
        case Sql(text, of_type):
            return {"sql": {"text": text, "type": of_type.value}}
        case _:
            assert_never(definition)


def _branch(branch: Branch, of: str) -> dict[str, object]:
    return {of: branch.value, "rule": print_rule(branch.rule)}


def _layer(layer: Layer) -> dict[str, object]:
    ends = {"from": layer.from_, "to": layer.to}
    return {"value": layer.value, **{name: end for name, end in ends.items() if end is not None}}


def _cut(cut: Cut) -> dict[str, object]:
    return {cut.by.value: True if cut.number is None else cut.number}


def _events(leaf: EventLeaf) -> dict[str, object]:
    """The condition on an event without its comparison."""
    event = print_rule(leaf)["event"]
    assert isinstance(event, dict)
    return {key: part for key, part in event.items() if key not in ("op", "values")}
