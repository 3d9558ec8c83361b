"""The cost of an operation is the number of objects that it may bring."""

from __future__ import annotations

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse

from schema.execution.cost import cost_of


def cost(query: str, **variables: object) -> int:
    document = parse(query)
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    (operation,) = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return cost_of(operation, fragments).cost(variables)


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [
        ("{ customer { id } }", {}, 0),
        ("{ customer { events { edges { node { id } } } } }", {}, 20),
        ("{ customer { events(first: 5) { edges { node { id } } } } }", {}, 5),
        ("{ customers(first: 10) { edges { node { events(first: 5) { edges { cursor } } } } } }", {}, 60),
        ("query Q($n: Int) { customer { events(first: $n) { edges { cursor } } } }", {"n": 7}, 7),
        ("query Q($n: Int) { customer { events(first: $n) { edges { cursor } } } }", {}, 20),
        ("query Q($n: Int) { customer { events(first: $n) { edges { cursor } } } }", {"n": "x"}, 100),
        ("{ customers(first: -5) { edges { cursor } } }", {}, 1),
        ("{ estimate(where: {everyone: true}) { count } }", {}, 1_001),
        (
            "{ a: customer { ...F } b: customer { ...F } } fragment F on Customer { events { edges { cursor } } }",
            {},
            40,
        ),
        ("{ ...A } fragment A on Query { ...A customers { edges { cursor } } }", {}, 20),
    ],
)
def test_cost(query: str, variables: dict[str, object], expected: int) -> None:
    assert cost(query, **variables) == expected
