"""The interface of everything that `node(id)` finds."""

from __future__ import annotations

import strawberry


@strawberry.interface(description="Something with an id of its own; ids are opaque.")
class Node:
    id: strawberry.ID
