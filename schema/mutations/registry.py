"""Changes of what names mean."""

from __future__ import annotations

from typing import cast

import strawberry

from access.permissions import Permission
from resolvers.registry import registry
from schema import declare
from schema.context import Info
from schema.inputs.registry import EventDefinitionInput, ValueDefinitionInput
from schema.inputs.registry import edit_of as definition_edit_of
from schema.types.registry import (
    AttributeDefinitionResult,
    EventDefinitionResult,
    PropertyDefinitionResult,
)


@strawberry.type
class RegistryMutations:
    @declare.mutation(Permission.REGISTRY_CHANGE, "What an attribute means, and what becomes of its values.")
    async def update_attribute_definition(
        self, info: Info, name: str, input: ValueDefinitionInput
    ) -> AttributeDefinitionResult:
        made = await registry.update_value(info.context, None, name, definition_edit_of(input))
        return cast("AttributeDefinitionResult", made)

    @declare.mutation(Permission.REGISTRY_CHANGE, "What an event means, and whether new rules may use it.")
    async def update_event_definition(
        self, info: Info, name: str, input: EventDefinitionInput
    ) -> EventDefinitionResult:
        made = await registry.update_event(info.context, name, definition_edit_of(input))
        return cast("EventDefinitionResult", made)

    @declare.mutation(Permission.REGISTRY_CHANGE, "What a property of an event means, and what becomes of its values.")
    async def update_property_definition(
        self, info: Info, event: str, name: str, input: ValueDefinitionInput
    ) -> PropertyDefinitionResult:
        made = await registry.update_value(info.context, event, name, definition_edit_of(input))
        return cast("PropertyDefinitionResult", made)
