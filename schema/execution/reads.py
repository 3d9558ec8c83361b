"""What an operation reads of people: known when its document is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode

from audit.entry import MAX_TEXT
from schema.execution.selection import asked_fields

# Type → which of its fields tell of a person, and as what; None: any.
PERSONAL: Final[Mapping[str, frozenset[str] | None]] = {
    "Customer": frozenset(
        {
            "identifiers",
            "attributes",
            "tags",
            "segments",
            "events",
            "segmentHistory",
            "stageHistory",
            "consents",
            "consentHistory",
            "restrictedSince",
            "decisions",
        }
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
    for asked in asked_fields(operation, fragments, schema):
        if asked.type_name in PERSONAL:
            roots[asked.above[0]] = None
            told = PERSONAL[asked.type_name]
            if told is None or asked.name in told:
                fields.add(f"{asked.type_name}.{asked.name}")
    if not roots:
        return None
    modules = {_MODULES.get(root, "customer") for root in roots}
    module = modules.pop() if len(modules) == 1 else "customer"
    return Reads(module, ",".join(roots)[:MAX_TEXT], tuple(sorted(fields)))
