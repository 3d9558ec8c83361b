"""One operation's context: what resolvers need, and what look-ahead knows of the operation."""

from __future__ import annotations

from typing import TypeAlias

import strawberry
from graphql.execution.values import VariableValues

from access.principal import Principal
from resolvers.context import RequestContext, Services
from schema.execution.document import Prepared


class OperationContext(RequestContext):
    """Adds the prepared document and the variables, so that selections can be read ahead.

    Args:
        variables: None until the executor has coerced them; resolvers always see them.

    Attributes:
        customers_read: ids of the customers that are shown, in order, for the operation log.
    """

    __slots__ = ("customers_read", "prepared", "variables")

    def __init__(
        self,
        services: Services,
        request_id: str,
        principal: Principal,
        purpose: str | None,
        prepared: Prepared,
        variables: VariableValues | None = None,
    ):
        super().__init__(services, request_id, principal, purpose)
        self.prepared = prepared
        self.variables = variables
        self.customers_read: dict[str, None] = {}


Info: TypeAlias = strawberry.Info[OperationContext, None]
