"""Where definitions stand."""

from __future__ import annotations

from enum import StrEnum

import strawberry


@strawberry.enum(description="Where a definition stands in its life.")
class BuildStatus(StrEnum):
    DRAFT = "DRAFT"
    BUILDING = "BUILDING"
    LIVE = "LIVE"
    SCHEDULED = "SCHEDULED"
    PAUSED = "PAUSED"
    OFFLINE = "OFFLINE"
    FAILED = "FAILED"
