"""What an operation needs: known when its document is read, so that a request pays one comparison of sets."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import TypeAlias, cast

import strawberry
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_interface_type,
    is_introspection_type,
    is_object_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter

from access.permissions import Permission
from access.principal import Principal
from base.errors import ErrorCode, KithError
from schema.declare import NEEDS, SCOPED, Needed, needs_of_type

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
    root = schema.get_root_type(operation.operation)
    found: dict[Permission, str] = {}
    everybody: list[str] = []
    seen: set[str] = set()

    def walk(selection_set: SelectionSetNode, type_: GraphQLNamedType, path: str) -> None:
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                name = node.name.value
                if name.startswith("__"):
                    continue
                here = f"{path}.{name}" if path else name
                needed = rights.needs[type_.name, name]
                if (type_.name, name) in rights.everybody:
                    everybody.append(here)
                if needed is not None:
                    found.setdefault(needed, here)
                if node.selection_set is not None:
                    below = get_named_type(cast("GraphQLObjectType", type_).fields[name].type)
                    walk(node.selection_set, below, here)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                of = type_ if condition is None else schema.type_map[condition.name.value]
                walk(node.selection_set, of, path)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = fragments[node.name.value]
                walk(fragment.selection_set, schema.type_map[fragment.type_condition.name.value], path)

    walk(operation.selection_set, cast("GraphQLNamedType", root), "")
    return NeededBy(found, everybody[0] if everybody else None)


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
