"""How clients make and change segments."""

from __future__ import annotations

import strawberry

from schema.inputs.rule import RuleInput


@strawberry.input
class CreateSegmentInput:
    key: str = strawberry.field(description="Lower-case letters, digits, `_` and `-`; it never changes.")
    name: str
    rule: RuleInput


@strawberry.input(description="What is left out stays as it is.")
class UpdateSegmentInput:
    name: str | None = None
    rule: RuleInput | None = None
