"""A document that was parsed, measured and validated; kept for as long as clients use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode, OperationType

if TYPE_CHECKING:
    from schema.execution.cost import CostNode
    from schema.execution.direct import DirectQuery
    from schema.execution.plain import Write
    from schema.execution.profile_shape import ProfileShape
    from schema.execution.reads import Reads
    from schema.execution.rights import NeededBy


@dataclass(slots=True)
class Prepared:
    """One valid document.

    Attributes:
        costs: what each operation may touch, by its place in the document, see `cost`.
        shapes: selections of customers that were read ahead, by the identity of their field nodes (which live as long
            as the document).
        updates: writers of segment updates, by the same identities; None where a selection needs more than the update.
        direct: operations that only look customers up.
        needs: what each operation needs, see `rights`.
        reads: what each operation reads of people, for the operation log; none for mutations, which have it anyway.
        scanning: operations that look at every customer, and so may take longer.
    """

    document: DocumentNode
    operations: Mapping[str | None, OperationDefinitionNode]
    fragments: Mapping[str, FragmentDefinitionNode]
    costs: Mapping[str | None, CostNode]
    needs: Mapping[str | None, NeededBy]
    shapes: dict[tuple[int, ...], ProfileShape] = field(default_factory=dict)
    updates: dict[tuple[int, ...], Write | None] = field(default_factory=dict)
    direct: dict[str | None, DirectQuery | None] = field(default_factory=dict)
    reads: dict[str | None, Reads | None] = field(default_factory=dict)
    scanning: set[str | None] = field(default_factory=set)

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of that name, or the only one when no name is given."""
        if name is None or name == "":
            return next(iter(self.operations.values())) if len(self.operations) == 1 else None
        return self.operations.get(name)


def kind_of(operation: OperationDefinitionNode) -> OperationType:
    """Query, mutation or subscription."""
    return operation.operation
