"""GraphQL's execution, with short cuts for customers and updates whose selection is plain."""

from __future__ import annotations

from typing import Any, cast

import msgspec
from graphql import GraphQLObjectType
from graphql.pyutils import AwaitableOrValue
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from resolvers.customers.profiles import Profile, Rendered
from resolvers.updates import Update
from schema.context import OperationContext
from schema.execution.lookahead import bound_shape
from schema.execution.update_shape import update_writer


class KithExecutor(StrawberryGraphQLCoreExecutionContext):
    """Answers a customer or an update in one step where its selection allows, instead of field by field."""

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: Any,
        info: Any,
        path: Any,
        result: Any,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """The completed object; for customers possibly as encoded JSON, which the response takes as it is."""
        if isinstance(result, Update):
            context: OperationContext = self.context_value
            write = update_writer(context.prepared, return_type, [details.node for details in field_details_list])
            if write is not None:
                return cast("dict[str, Any]", write(result))
        if isinstance(result, Rendered):
            self.context_value.customers_read[result.id] = None
            return cast("dict[str, Any]", msgspec.Raw(result.body))
        if isinstance(result, Profile):
            context = self.context_value
            context.customers_read[result.id] = None
            nodes = [details.node for details in field_details_list]
            shape = bound_shape(context, nodes, self.schema, self.variable_values)
            if shape.parts is not None and all(asked in result.events for asked in shape.pages):
                return shape.write(result)
        return super().complete_object_value(return_type, field_details_list, info, path, result, position_context)
