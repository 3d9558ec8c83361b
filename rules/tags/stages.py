"""What counts as a move of a customer from one stage of a life cycle to another."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

# Moves are kept that long.
KEEP_MOVES_MS: Final = timedelta(days=731) // timedelta(milliseconds=1)


class MoveReason(StrEnum):
    """Why the stage is another one.

    | reason | |
    |---|---|
    | CUSTOMER | what the customer did, what became known of it, or time: a move of a person |
    | IDENTITY | who the customer is: a merge, a split, an undo |
    | RULE | what the stages mean: the first build of a tag, or of a new version of it or of what it reads |
    """

    CUSTOMER = "CUSTOMER"
    IDENTITY = "IDENTITY"
    RULE = "RULE"
