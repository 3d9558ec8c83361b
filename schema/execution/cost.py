"""How many objects an operation may bring, from its page sizes; known before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from resolvers.pages import DEFAULT_PAGE_ITEMS, MAX_PAGE_ITEMS

# Fields that are pages, and what a field costs by itself when it scans.
PAGED = frozenset(
    {
        "customers",
        "segments",
        "tags",
        "members",
        "events",
        "segmentHistory",
        "stageHistory",
        "versions",
        "maintenance",
        "attributeDefinitions",
        "eventDefinitions",
        "propertyDefinitions",
        "operationLog",
    }
)
SCANNING = {
    "estimate": 1_000,
    # Counted for every item of the page that it is of.
    "withheld": 50,
    "consentHistory": 100,
    "retentionPreview": 1_000,
    "runs": 5,
    "explain": 50,
    "count": 1,
    "sizeOverTime": 400,
    "versionDifference": 50,
    "distribution": 100,
    "flow": 100,
    "upkeep": 1,
    "overview": 1_000,
    "operationLog": 1_000,
    "dataDictionary": 5_000,
}
# The same of arguments of `customers`.
SCANNING_ARGUMENTS = {"where": 500, "orderBy": 500, "purpose": 500}


@dataclass(frozen=True, slots=True)
class CostNode:
    """One field: `own` objects, times the page size for everything below."""

    own: int
    page_size: int | str | None
    children: tuple[CostNode, ...]

    def cost(self, variables: Mapping[str, object]) -> int:
        """Objects at most, with these variables (raw: anything that is no integer counts as the largest page)."""
        below = sum([child.cost(variables) for child in self.children])
        size = self.page_size
        if size is None:
            return self.own + below
        if isinstance(size, str):
            given = variables.get(size, DEFAULT_PAGE_ITEMS)
            size = given if isinstance(given, int) else MAX_PAGE_ITEMS
        return self.own + max(1, size) * (1 + below)


def cost_of(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> CostNode:
    """The cost tree of an operation whose document has passed the limits on fragments and depth."""
    return CostNode(0, None, _children(operation.selection_set, fragments, {}))


def _children(
    selection_set: SelectionSetNode | None,
    fragments: Mapping[str, FragmentDefinitionNode],
    done: dict[str, tuple[CostNode, ...]],
) -> tuple[CostNode, ...]:
    if selection_set is None:
        return ()
    found: list[CostNode] = []
    for node in selection_set.selections:
        if isinstance(node, FieldNode):
            below = _children(node.selection_set, fragments, done)
            name = node.name.value
            # `segments` of a customer takes no page size: a field without sub-pages or cost is not worth a node.
            size = _page_size(node) if name in PAGED else None
            own: int = SCANNING.get(name, 0)
            if name == "customers":
                own += sum(SCANNING_ARGUMENTS.get(argument.name.value, 0) for argument in node.arguments or ())
            if size is not None or own or below:
                found.append(CostNode(own, size, below))
        elif isinstance(node, InlineFragmentNode):
            found.extend(_children(node.selection_set, fragments, done))
        elif isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name not in done:
                fragment = fragments.get(name)
                # Validation refuses cycles, but runs later; an empty entry stops one here.
                done[name] = ()
                done[name] = _children(fragment.selection_set, fragments, done) if fragment else ()
            found.extend(done[name])
    return tuple(found)


def _page_size(node: FieldNode) -> int | str:
    for argument in node.arguments or ():
        if argument.name.value == "first":
            if isinstance(argument.value, VariableNode):
                return argument.value.name.value
            if isinstance(argument.value, IntValueNode):
                return int(argument.value.value[:12])
    return DEFAULT_PAGE_ITEMS
