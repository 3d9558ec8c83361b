"""What tags are told apart by."""

from __future__ import annotations

from enum import StrEnum

import strawberry

from rules.tags.definition import TagKind
from rules.type_problems import ValueType

strawberry.enum(TagKind, description="How a tag gets its value.")
strawberry.enum(ValueType, name="TagValueType", description="The type of every value of a tag.")


@strawberry.enum(description="When a tag is computed: with every change, at the beginning of a day or a week, by hand.")
class TagMode(StrEnum):
    LIVE = "LIVE"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MANUAL = "MANUAL"
