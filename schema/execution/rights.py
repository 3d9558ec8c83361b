"""What an operation needs: known when its document is read, so that a request pays one comparison of sets."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import TypeAlias, cast

import strawberry
from graphql import (
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    is_interface_type,
    is_introspection_type,
    is_object_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter

from access.permissions import Permission
from access.principal import Principal
from base.errors import ErrorCode, KithError
from schema.declare import NEEDS, SCOPED, Needed, needs_of_type
from schema.execution.selection import AskedField, asked_fields

# (type, field) → what it needs.
Rights: TypeAlias = Mapping[tuple[str, str], Needed]


@dataclass(frozen=True, slots=True)
class SchemaRights:
    """What each field of a schema needs, and those that nobody bound to a scope may use."""

    needs: Rights
    everybody: Set[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class NeededBy:
    """What an operation needs.

    Args:
        permissions: with the first field that needs each, as a path of names.
        everybody: the first field that nobody bound to a scope may use; None: there is none.
    """

    permissions: Mapping[Permission, str]
    everybody: str | None


_DEFINITION = GraphQLCoreConverter.DEFINITION_BACKREF


def rights_of(schema: strawberry.Schema) -> SchemaRights:
    """What each field of the schema needs.

    Raises:
        LookupError: a field of a root, or a type, does not say so.
    """
    core: GraphQLSchema = schema._schema
    roots = {one.name for one in (core.query_type, core.mutation_type, core.subscription_type) if one is not None}
    found: dict[tuple[str, str], Needed] = {}
    everybody: set[tuple[str, str]] = set()
    for name, type_ in core.type_map.items():
        if is_introspection_type(type_) or not (is_object_type(type_) or is_interface_type(type_)):
            continue
        object_type = cast("GraphQLObjectType", type_)
        origin = object_type.extensions[_DEFINITION].origin
        for field_name, field in object_type.fields.items():
            metadata = field.extensions[_DEFINITION].metadata
            if not metadata.get(SCOPED, True):
                everybody.add((name, field_name))
            if NEEDS in metadata:
                found[name, field_name] = metadata[NEEDS]
            elif name in roots:
                raise LookupError(f"{name}.{field_name} does not say what it needs: see schema.declare")
            else:
                found[name, field_name] = needs_of_type(origin)
    return SchemaRights(found, everybody)


def needed_by(
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    schema: GraphQLSchema,
    rights: SchemaRights,
) -> NeededBy:
    """The needs of a valid operation; what a directive may leave out is needed all the same."""
    found: dict[Permission, str] = {}
    everybody: str | None = None
    for asked in asked_fields(operation, fragments, schema):
        field = (asked.type_name, asked.name)
        needed = rights.needs[field]
        if needed is not None and needed not in found:
            found[needed] = _path(asked)
        if everybody is None and field in rights.everybody:
            everybody = _path(asked)
    return NeededBy(found, everybody)


def _path(asked: AskedField) -> str:
    return ".".join((*asked.above, asked.name))


def check_rights(principal: Principal, needed: NeededBy) -> None:
    """Let an operation pass whose every field is allowed.

    Raises:
        KithError: FORBIDDEN, with the first field and what is missing.
    """
    if not needed.permissions.keys() <= principal.permissions:
        for permission, path in needed.permissions.items():
            principal.require(permission, path)
    if needed.everybody is not None and principal.scope is not None:
        raise KithError(
            ErrorCode.FORBIDDEN,
            f"`{needed.everybody}` tells of customers outside of your scope.",
            hint="Ask somebody whose role has no scope, or leave the field out.",
        )
