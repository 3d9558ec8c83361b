"""The interface of everything that `node(id)` finds."""

from __future__ import annotations

import strawberry

from schema import declare


@strawberry.interface(description="Something with an id of its own; ids are opaque.")
@declare.needs(declare.ANYONE)
class Node:
    id: strawberry.ID
