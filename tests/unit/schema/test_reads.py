"""What an operation reads of people."""

from __future__ import annotations

from graphql import FragmentDefinitionNode, GraphQLObjectType, OperationDefinitionNode, parse

from schema.build import build_schema
from schema.execution.reads import PERSONAL, reads_of

SCHEMA = build_schema()._schema
# Of a customer, what says nothing about the person.
IMPERSONAL = {"id", "createdAt", "updatedAt"}


def read(text: str) -> tuple[str, str, tuple[str, ...]] | None:
    nodes = parse(text).definitions
    (operation,) = [node for node in nodes if isinstance(node, OperationDefinitionNode)]
    fragments = {node.name.value: node for node in nodes if isinstance(node, FragmentDefinitionNode)}
    found = reads_of(operation, fragments, SCHEMA)
    return None if found is None else tuple(found)  # type: ignore[return-value]


def test_every_field_of_a_customer_is_told_but_those_that_say_nothing_of_the_person() -> None:
    customer = SCHEMA.type_map["Customer"]
    assert isinstance(customer, GraphQLObjectType)
    assert PERSONAL["Customer"] == set(customer.fields) - IMPERSONAL


def test_fields_are_told_wherever_they_stand() -> None:
    text = """query {
      segment(key: "a") { members { edges { node { ...Seen } } } }
      other: customer(id: "b") { ... on Customer { ...Seen consents { state } } }
      me { id }
    }
    fragment Seen on Customer { id tags { value } }"""
    assert read(text) == ("customer", "segment,customer", ("Customer.consents", "Customer.tags"))
    assert read("{ me { id } segments { edges { node { key } } } }") is None
