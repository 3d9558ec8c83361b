"""Operations that only look customers up, answered without GraphQL's machinery: most requests of most front ends.

TRICKY: `Query.customer` in schema/query.py answers the same for every other operation; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import msgspec
from graphql import ExecutionResult, FieldNode, GraphQLError, GraphQLObjectType, GraphQLSchema, located_error
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values

from base.errors import KithError
from resolvers.customers import customers
from schema.context import OperationContext
from schema.execution.document import Prepared
from schema.execution.lookahead import CUSTOMER, shape_of
from schema.execution.profile_shape import BoundShape
from schema.execution.selection import select_in

FIELD = "customer"


class DirectQuery:
    """One operation of a document whose every top field is `customer`, without directives."""

    def __init__(self, schema: GraphQLSchema, fields: Sequence[tuple[str, list[FieldNode]]], variables: Sequence[Any]):
        query = cast("GraphQLObjectType", schema.query_type)
        self._schema = schema
        self._definition = query.fields[FIELD]
        self._fields = fields
        self._variables = list(variables)

    async def run(self, context: OperationContext, raw: dict[str, Any]) -> ExecutionResult | None:
        """The result; None when the request needs GraphQL's own execution after all."""
        if context.principal.scope is not None:
            return None
        variables = get_variable_values(self._schema, self._variables, raw)
        if isinstance(variables, list):
            return None
        bound: list[BoundShape] = []
        for _, nodes in self._fields:
            shape = shape_of(context, nodes, self._schema).bind(context, variables)
            if shape.parts is None:
                return None
            bound.append(shape)
        data: dict[str, Any] = {}
        errors: list[GraphQLError] = []
        for (key, nodes), shape in zip(self._fields, bound, strict=True):
            try:
                data[key] = await self._look_up(context, nodes[0], variables, shape)
            except (KithError, GraphQLError) as fault:
                data[key] = None
                errors.append(located_error(fault, nodes, [key]))
        return ExecutionResult(data, errors or None)

    async def _look_up(
        self, context: OperationContext, node: FieldNode, variables: VariableValues, shape: BoundShape
    ) -> msgspec.Raw | None:
        arguments = get_argument_values(self._definition, node, variables)
        identifier = arguments.get("identifier")
        named = None if identifier is None else (identifier["namespace"], identifier["value"])
        key = customers.key_of(context.services, arguments.get("id"), named)
        found = await context.services.profiles.find_rendered(key, shape.need, await context.sight(), shape)
        if found is None:
            return None
        context.customers_read[found.id] = None
        return msgspec.Raw(found.body)


def direct_query(schema: GraphQLSchema, prepared: Prepared, name: str | None) -> DirectQuery | None:
    """The direct form of an operation; None when it has none."""
    operation = prepared.operations[name]
    if operation.operation.value != "query" or operation.directives:
        return None
    selection = select_in(operation.selection_set, frozenset({"Query"}), prepared.fragments)
    fields = list(selection.fields.items())
    if selection.conditional or any(nodes[0].name.value != FIELD for _, nodes in fields):
        return None
    assert CUSTOMER in schema.type_map
    return DirectQuery(schema, fields, operation.variable_definitions or ())
