"""What somebody keeps at hand."""

from __future__ import annotations

from typing import Annotated

import strawberry

from access.permissions import Permission
from resolvers import favourites
from schema import declare
from schema.types.refusal import ValidationError
from schema.types.registry import RuleUserKind


@strawberry.type(description="Whether a segment or tag is among your favourites now.")
@declare.needs(Permission.SEGMENTS_READ)
class Favourite:
    kind: RuleUserKind
    key: str
    is_favourite: bool

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, favourites.Favourite)


FavouriteResult = Annotated[Favourite | ValidationError, strawberry.union("FavouriteResult")]
