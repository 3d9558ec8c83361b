"""What people say of names."""

from __future__ import annotations

import strawberry

from resolvers.registry.registry import Edit
from schema.types.registry import ConflictHandling, PiiClass, ValueType


@strawberry.input(description="What is left out stays as it is; null removes a text.")
class EventDefinitionInput:
    name_zh: str | None = strawberry.UNSET
    name_en: str | None = strawberry.UNSET
    description: str | None = strawberry.UNSET
    active: bool | None = strawberry.field(default=strawberry.UNSET, description="Whether new rules may use it.")


@strawberry.input(description="What is left out stays as it is; null removes a text, or the type that was given.")
class ValueDefinitionInput(EventDefinitionInput):
    type: ValueType | None = strawberry.UNSET
    unit: str | None = strawberry.UNSET
    pii_class: PiiClass | None = strawberry.field(
        default=strawberry.UNSET, description="Another one than NONE removes the example."
    )
    on_conflict: ConflictHandling | None = strawberry.field(
        default=strawberry.UNSET,
        description="Without a type, another one than KEEP makes the present type the one that counts.",
    )


# Field of an input → of the definition.
_EVENT_FIELDS = {"name_zh": "name_zh", "name_en": "name_en", "description": "description", "active": "active"}
_VALUE_FIELDS = {
    **_EVENT_FIELDS,
    "type": "set_type",
    "unit": "unit",
    "pii_class": "pii",
    "on_conflict": "on_conflict",
}


def edit_of(given: EventDefinitionInput) -> Edit:
    """What an input changes."""
    fields = _VALUE_FIELDS if isinstance(given, ValueDefinitionInput) else _EVENT_FIELDS
    values = {stored: getattr(given, name) for name, stored in fields.items()}
    return {stored: value for stored, value in values.items() if value is not strawberry.UNSET}
