"""Rules as requests bring them become the documents that the parser reads, with the spelling of the contract."""

from __future__ import annotations

import strawberry
from strawberry.schema.config import StrawberryConfig

from rules.parser import parse_rule
from rules.printer import print_rule
from schema.inputs.rule import RuleInput, rule_document
from schema.scalars import SCALARS


def document_of(literal: str) -> dict[str, object]:
    """What a literal in a GraphQL document becomes."""
    found: list[dict[str, object]] = []

    @strawberry.type
    class Query:
        @strawberry.field
        def ask(self, rule: RuleInput) -> bool:
            found.append(rule_document(rule))
            return True

    schema = strawberry.Schema(query=Query, config=StrawberryConfig(scalar_map=SCALARS))
    answer = schema.execute_sync(f"{{ask(rule: {literal})}}")
    assert answer.errors is None
    return found[0]


def test_a_sequence_keeps_its_steps_and_what_must_not_happen() -> None:
    document = document_of(
        """{sequence: {
          steps: [{event: "A", where: [{name: "x", op: GT, values: [1]}]}, {event: "N", not: true}, {event: "B"}],
          within: "PT1H", window: {daysAgo: {from: 4, to: 1}}}}"""
    )
    assert print_rule(parse_rule(document)) == {
        "sequence": {
            "steps": [
                {"event": "A", "where": [{"name": "x", "op": "GT", "values": [1]}]},
                {"event": "N", "not": True},
                {"event": "B"},
            ],
            "within": "PT1H",
            "window": {"daysAgo": {"from": 4, "to": 1}},
        }
    }


def test_habits_and_tags_are_spelled_as_in_the_contract() -> None:
    document = document_of(
        """{any: [
          {habit: {kind: REGULARLY, name: "E", periods: {days: 7, last: 4, atLeast: 3}}},
          {habit: {kind: STOPPED, name: "E", window: {lastDays: 30}, recent: {lastDays: 7}}},
          {tag: {key: "tier", op: IN, values: ["gold"]}}]}"""
    )
    assert print_rule(parse_rule(document)) == {
        "any": [
            {"habit": {"kind": "REGULARLY", "name": "E", "periods": {"days": 7, "last": 4, "atLeast": 3, "times": 1}}},
            {"habit": {"kind": "STOPPED", "name": "E", "window": {"lastDays": 30}, "recent": {"lastDays": 7}}},
            {"tag": {"key": "tier", "op": "IN", "values": ["gold"]}},
        ]
    }
