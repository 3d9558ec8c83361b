"""An input that was refused."""

from __future__ import annotations

import strawberry

from resolvers.refusal import Refusal
from schema import declare


@strawberry.type(description="One thing that is wrong with an input.")
@declare.needs(declare.ANYONE)
class InputProblem:
    message: str
    field: str | None = strawberry.field(description="Dotted path inside the input.")
    hint: str | None


@strawberry.type(description="The input was understood and refused; nothing changed.")
@declare.needs(declare.ANYONE)
class ValidationError:
    message: str = strawberry.field(description="The first problem's.")
    field: str | None = strawberry.field(description="The first problem's.")
    hint: str | None = strawberry.field(description="The first problem's.")
    problems: list[InputProblem]

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, Refusal)
