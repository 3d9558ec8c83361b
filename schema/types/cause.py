"""Why memberships change."""

from __future__ import annotations

from enum import StrEnum

import strawberry


@strawberry.enum(description="What made the rule's answer change.")
class CauseKind(StrEnum):
    EVENT = "EVENT"
    ATTRIBUTE = "ATTRIBUTE"
    TAG = "TAG"
    SEGMENT = "SEGMENT"
    TIME = "TIME"
    IDENTITY = "IDENTITY"
    RULE = "RULE"
    IMPORT = "IMPORT"
    ERASURE = "ERASURE"
