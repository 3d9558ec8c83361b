"""In which order customers are listed. Pure, and without the libraries of the store: whoever asks knows it too."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple


class By(StrEnum):
    """What customers are ordered by; `Order.name` says of which attribute, tag or event."""

    ID = "ID"
    CREATED_AT = "CREATED_AT"
    ATTRIBUTE = "ATTRIBUTE"
    TAG = "TAG"
    LAST_EVENT = "LAST_EVENT"


@dataclass(frozen=True, slots=True)
class Order:
    """Booleans, then numbers, times and other texts, or the other way round; who has no such value comes last, and
    equal ones are in the order of their ids.
    """

    by: By = By.ID
    name: str = ""
    descending: bool = False


class Place(NamedTuple):
    """Where somebody stands in an order.

    Args:
        rank: of the kind of value, see `analytics.query.listing`.
        value: the value as a text; "" where there is none.
    """

    rank: int
    value: str
    id: str


# The rank of those who have no value to be ordered by: booleans, numbers, times and texts come first.
MISSING: Final = 4
FIRST: Final = Place(-1, "", "")
# What counts of a text: more would make cursors of any length.
MAX_TEXT_CHARS: Final = 100


def by_id(id_: str) -> Place:
    """A place in the order of ids."""
    return Place(MISSING, "", id_)
