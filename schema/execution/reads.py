"""What an operation reads of people: known when its document is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, cast

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
)

from audit.entry import MAX_TEXT

# Type → which of its fields tell of a person, and as what; None: any.
PERSONAL: Final[Mapping[str, frozenset[str] | None]] = {
    "Customer": frozenset(
        {"identifiers", "attributes", "tags", "segments", "events", "segmentHistory", "stageHistory", "decisions"}
    ),
    "Explanation": frozenset({"answer", "value", "eventIds"}),
    "NamedIdentifier": frozenset({"value"}),
    "Decision": frozenset({"customerIds"}),
    "Review": frozenset({"customerIds"}),
    "OperationLogEntry": None,
}
# Fields of the root whose module is not that of customers.
_MODULES: Final = {
    "decision": "identity",
    "explainIdentity": "identity",
    "identityReview": "identity",
    "operationLog": "audit",
    "segment": "segment",
    "segments": "segment",
    "segmentUpdates": "segment",
}


class Reads(NamedTuple):
    """How a read is logged.

    Args:
        action: the fields of the root under which there is something of people.
        fields: what is shown of them, `Customer.attributes` and the like.
    """

    module: str
    action: str
    fields: tuple[str, ...]


def reads_of(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode], schema: GraphQLSchema
) -> Reads | None:
    """What a valid operation reads of people; None for nothing. What a directive may leave out counts."""
    roots: dict[str, None] = {}
    fields: set[str] = set()

    seen: set[tuple[str, str]] = set()

    def walk(selection_set: SelectionSetNode, type_: GraphQLNamedType, root: str) -> None:
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                name = node.name.value
                if name.startswith("__"):
                    continue
                here = root or name
                if type_.name in PERSONAL:
                    roots[here] = None
                    told = PERSONAL[type_.name]
                    if told is None or name in told:
                        fields.add(f"{type_.name}.{name}")
                if node.selection_set is not None:
                    below = get_named_type(cast("GraphQLObjectType", type_).fields[name].type)
                    walk(node.selection_set, below, here)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                of = type_ if condition is None else schema.type_map[condition.name.value]
                walk(node.selection_set, of, root)
            elif isinstance(node, FragmentSpreadNode) and (root, node.name.value) not in seen:
                seen.add((root, node.name.value))
                fragment = fragments[node.name.value]
                of = schema.type_map[fragment.type_condition.name.value]
                walk(fragment.selection_set, of, root)

    walk(operation.selection_set, cast("GraphQLNamedType", schema.get_root_type(operation.operation)), "")
    if not roots:
        return None
    modules = {_MODULES.get(root, "customer") for root in roots}
    module = modules.pop() if len(modules) == 1 else "customer"
    return Reads(module, ",".join(roots)[:MAX_TEXT], tuple(sorted(fields)))
