"""What an operation needs: known when its document is read, so that a request pays one comparison of sets."""

from __future__ import annotations

from collections.abc import Mapping
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
from schema.declare import NEEDS, Needed, needs_of_type

# (type, field) → what it needs.
Rights: TypeAlias = Mapping[tuple[str, str], Needed]
# Permission → the first field of an operation that needs it, as a path of names.
NeededBy: TypeAlias = Mapping[Permission, str]

_DEFINITION = GraphQLCoreConverter.DEFINITION_BACKREF


def rights_of(schema: strawberry.Schema) -> Rights:
    """What each field of the schema needs.

    Raises:
        LookupError: a field of a root, or a type, does not say so.
    """
    core: GraphQLSchema = schema._schema
    roots = {one.name for one in (core.query_type, core.mutation_type, core.subscription_type) if one is not None}
    found: dict[tuple[str, str], Needed] = {}
    for name, type_ in core.type_map.items():
        if is_introspection_type(type_) or not (is_object_type(type_) or is_interface_type(type_)):
            continue
        object_type = cast("GraphQLObjectType", type_)
        origin = object_type.extensions[_DEFINITION].origin
        for field_name, field in object_type.fields.items():
            metadata = field.extensions[_DEFINITION].metadata
            if NEEDS in metadata:
                found[name, field_name] = metadata[NEEDS]
            elif name in roots:
                raise LookupError(f"{name}.{field_name} does not say what it needs: see schema.declare")
            else:
                found[name, field_name] = needs_of_type(origin)
    return found


def needed_by(
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    schema: GraphQLSchema,
    rights: Rights,
) -> NeededBy:
    """The permissions of a valid operation; what a directive may leave out is needed all the same."""
    root = schema.get_root_type(operation.operation)
    found: dict[Permission, str] = {}
    seen: set[str] = set()

    def walk(selection_set: SelectionSetNode, type_: GraphQLNamedType, path: str) -> None:
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                name = node.name.value
                if name.startswith("__"):
                    continue
                here = f"{path}.{name}" if path else name
                needed = rights[type_.name, name]
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
    return found


def check_rights(principal: Principal, needed: NeededBy) -> None:
    """Let an operation pass whose every field is allowed.

    Raises:
        KithError: FORBIDDEN, with the first field and the permission that is missing.
    """
    if not needed.keys() <= principal.permissions:
        for permission, path in needed.items():
            principal.require(permission, path)
