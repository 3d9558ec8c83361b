"""Enums of other parts that several modules of the schema use: described here once, and imported from here.

Strawberry takes an enum as it is when a class first names it, so it has to be described before.
"""

from __future__ import annotations

import strawberry

from graph.repositories.sharing import Access as Access
from graph.repositories.sharing import Visibility as Visibility
from workers.lists.lists import ImportMode as ImportMode

strawberry.enum(
    Visibility,
    description="`EVERYBODY` who has the permission; `SHARED`: its owner and those named; `PRIVATE`: its owner alone. "
    "Administrators see and change everything.",
)
strawberry.enum(
    Access,
    name="SharedAccess",
    description="What somebody may do with it, with the permission; who may change it sees it.",
)
strawberry.enum(
    ImportMode,
    description="What becomes of what is on the list: it stays, goes unless it is given again, or goes if it is given.",
)
