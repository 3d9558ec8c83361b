"""Which customer selection lies below the field that is being resolved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from graphql import FieldNode, GraphQLObjectType, GraphQLSchema, get_named_type
from graphql.execution.values import VariableValues

from schema.execution.plain import type_names
from schema.execution.profile_shape import BoundShape, ProfileShape
from schema.execution.selection import select

if TYPE_CHECKING:
    from schema.context import Info, OperationContext

CUSTOMER = "Customer"


def profile_shape(info: Info, *path: str) -> BoundShape:
    """What is selected of customers below the present field, along field names such as "edges", "node".

    Paths through connections only: interfaces and unions count as the customers they may be.
    """
    raw = info._raw_info
    nodes: Sequence[FieldNode] = raw.field_nodes
    context = info.context
    of_type = get_named_type(raw.return_type)
    for name in path:
        object_type = cast("GraphQLObjectType", of_type)
        selection = select(nodes, type_names(object_type), context.prepared.fragments)
        nodes = [node for same in selection.fields.values() for node in same if node.name.value == name]
        of_type = get_named_type(object_type.fields[name].type)
    return shape_of(context, nodes, raw.schema).bind(context, context.variables)


def shape_of(context: OperationContext, nodes: Sequence[FieldNode], schema: GraphQLSchema) -> ProfileShape:
    """The shape of these nodes' selection; made once a document."""
    # The document keeps its nodes alive, so an id means the same node as long as the entry exists.
    place = tuple([id(node) for node in nodes])
    shape = context.prepared.shapes.get(place)
    if shape is None:
        customer = cast("GraphQLObjectType", schema.type_map[CUSTOMER])
        shape = ProfileShape(nodes, customer, context.prepared.fragments)
        context.prepared.shapes[place] = shape
    return shape


def bound_shape(
    context: OperationContext, nodes: Sequence[FieldNode], schema: GraphQLSchema, variables: VariableValues
) -> BoundShape:
    """The shape of these nodes' selection with the operation's variables."""
    return shape_of(context, nodes, schema).bind(context, variables)
