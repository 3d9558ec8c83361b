"""What people said must become of values of another type than their name's, before anything reads them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ingest.calls import Call, Rejected
from ingest.coercion import coerced
from ingest.documents import encode, standalone
from ingest.faults import IngestCode, Refused
from ingest.wire import Document
from rules.type_problems import ValueType
from rules.value_types import MAX_PATH_STEPS, fits, type_of


@dataclass(frozen=True, slots=True)
class Strict:
    """The type that values of a name must have; those that have not are coerced where `coerce`, else refused."""

    type: ValueType
    coerce: bool


StrictNames = Mapping[str, Strict]


@dataclass(frozen=True, slots=True)
class Strictness:
    """The names that are strict: traits of people, and properties by event. All others take every value."""

    attributes: StrictNames = field(default_factory=dict)
    properties: Mapping[str, StrictNames] = field(default_factory=dict)

    def applied_to(self, call: Call) -> Call | Rejected:
        """The call with values of the right types; rejected with `TYPE_CONFLICT` where one cannot be given it."""
        try:
            if call.kind == "identify" and self.attributes:
                return self._with_traits(call)
            if call.name is not None and (strict := self.properties.get(call.name)):
                return self._with_properties(call, strict)
        except Refused as fault:
            kind, message_id, raw = standalone(call.item, call.envelope, call.kind, call.message_id)
            return Rejected(
                message_id, kind, call.index, fault.code, fault.message, raw, call.blocked, call.identifiers
            )
        return call

    def _with_traits(self, call: Call) -> Call:
        traits = _shaped(call.traits, self.attributes, "trait")
        return call if traits is call.traits else msgspec.structs.replace(call, traits=traits)

    def _with_properties(self, call: Call, strict: StrictNames) -> Call:
        values = _shaped(call.values, strict, "property")
        if values is call.values:
            return call
        return msgspec.structs.replace(call, values=values, properties=encode(values))


LENIENT = Strictness()


def _shaped(document: Document, strict: StrictNames, kind: str, prefix: str = "", steps: int = 1) -> Document:
    """The document with values coerced: the same object when there were none to coerce.

    Raises:
        Refused: a value of another type that stays so.
    """
    changed: Document | None = None
    for key, value in document.items():
        made = _made(value, prefix + key, strict, kind, steps)
        if made is not value:
            changed = dict(document) if changed is None else changed
            changed[key] = made
    return document if changed is None else changed


def _made(value: Any, name: str, strict: StrictNames, kind: str, steps: int) -> Any:
    found, rule = type_of(value), strict.get(name)
    if found is not None and rule is not None and not fits(found, rule.type):
        made = coerced(value, rule.type) if rule.coerce else None
        if made is None:
            raise Refused(
                IngestCode.TYPE_CONFLICT, f"the {kind} {name} is to be a {rule.type}, and the value is a {found}"
            )
        return made
    if found is ValueType.OBJECT and steps < MAX_PATH_STEPS:
        return _shaped(value, strict, kind, f"{name}.", steps + 1)
    return value
