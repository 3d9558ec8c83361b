"""JSON documents spread over typed columns: one column a path and kind of value. Pure.

A rule compares values of one type and passes over all others, so each type has a column of its own; what rules need of
a text beside itself (its instant, its day, its folded form) is computed here once, by the functions that the reading of
rules in memory uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, TypeAlias

from base.clock import iso
from rules.limits import MAX_NAME_LENGTH
from rules.tree import Scalar
from rules.values import MAX_EXACT_INTEGER, as_number, as_plain_date, as_time_ms


class Kind(StrEnum):
    """What a column holds of the values of a path; null where a value has nothing of the kind.

    | kind | type | holds |
    |---|---|---|
    | TEXT | text | a text |
    | FOLDED | text | its case-folded form, where it is another one |
    | INSTANT | ms since 1970 UTC | the time that a text names |
    | DAY | proleptic ordinal | the day that a text names without a time |
    | NUMBER | double | a number |
    | FLAG | boolean | a boolean |
    | OTHER | boolean, true | there is a value, which is none of these: a list, an object, a number out of range |
    | TEXTS, NUMBERS, FLAGS | list | the texts, numbers, booleans in a list, where it has any |
    """

    TEXT = "text"
    FOLDED = "folded"
    INSTANT = "instant"
    DAY = "day"
    NUMBER = "number"
    FLAG = "flag"
    OTHER = "other"
    TEXTS = "texts"
    NUMBERS = "numbers"
    FLAGS = "flags"


LISTS: Final = (Kind.TEXTS, Kind.NUMBERS, Kind.FLAGS)
# A value is there exactly when one of these is.
PRESENT: Final = (Kind.TEXT, Kind.NUMBER, Kind.FLAG, Kind.OTHER)

Cell: TypeAlias = str | int | float | bool | list[str] | list[float] | list[bool]
Cells: TypeAlias = dict[tuple[str, Kind], Cell]


def spread(document: Mapping[str, object]) -> Cells:
    """(path, kind) → cell, of every value that a rule's name can reach.

    A path is a top-level key, or steps into nested objects joined by dots; a top-level key of the same name comes
    first, as in `rules.values.reader`.
    """
    nested = dict(_nested(document))
    values = {**nested, **{key: value for key, value in document.items() if value is not None}}
    return {
        (stored_text(path), kind): cell
        for path, value in values.items()
        if len(path) <= MAX_NAME_LENGTH
        for kind, cell in cells_of(value)
    }


def _nested(document: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    waiting: list[tuple[str, Mapping[str, object]]] = [
        (key, value) for key, value in document.items() if isinstance(value, Mapping) and "." not in key
    ]
    while waiting:
        path, inner = waiting.pop()
        for key, value in inner.items():
            # A rule's name is split at every dot, so it reaches no key that has one.
            if value is None or "." in key or len(path) + 1 + len(key) > MAX_NAME_LENGTH:
                continue
            yield f"{path}.{key}", value
            if isinstance(value, Mapping):
                waiting.append((f"{path}.{key}", value))


def cells_of(value: object) -> Iterator[tuple[Kind, Cell]]:
    """The cells of one value that is not null."""
    if type(value) is str:
        yield from _cells_of_text(value)
    elif type(value) is bool:
        yield Kind.FLAG, value
    elif isinstance(value, list):
        yield Kind.OTHER, True
        yield from _cells_of_list(value)
    elif (number := _double(value)) is not None:
        yield Kind.NUMBER, number
    else:
        yield Kind.OTHER, True


def _cells_of_text(text: str) -> Iterator[tuple[Kind, Cell]]:
    yield Kind.TEXT, stored_text(text)
    folded = text.casefold()
    if folded != text:
        yield Kind.FOLDED, stored_text(folded)
    at_ms = as_time_ms(text)
    if at_ms is not None:
        yield Kind.INSTANT, at_ms
    day = as_plain_date(text)
    if day is not None:
        yield Kind.DAY, day.toordinal()


def _cells_of_list(elements: list[object]) -> Iterator[tuple[Kind, Cell]]:
    texts = [stored_text(element) for element in elements if type(element) is str]
    numbers = [number for element in elements if (number := _double(element)) is not None]
    flags = [element for element in elements if type(element) is bool]
    if texts:
        yield Kind.TEXTS, texts
    if numbers:
        yield Kind.NUMBERS, numbers
    if flags:
        yield Kind.FLAGS, flags


def _double(value: object) -> float | None:
    number = as_number(value)
    # Added to 0 a negative zero is a positive one: the two are equal, and are to be one group too.
    return None if number is None else float(number) + 0.0


def stored_text(text: str) -> str:
    """The text as a column can hold it: a lone surrogate, which is no character, becomes U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def value_of(kinds: Sequence[Kind], cells: Sequence[Any]) -> Scalar | list[Scalar] | None:
    """The value that cells hold, as `cells_of` gives them or a tag is computed: one without the forms beside a text.

    Elements of a list that are of several kinds stand each in its place of one of the lists, with null in the others. A
    number without fraction is an integer, since the store tells 3 from 3.0 no longer.
    """
    there = [(kind, cell) for kind, cell in zip(kinds, cells, strict=True) if cell is not None]
    if not there:
        return None
    kind, cell = there[0]
    if kind is Kind.INSTANT:
        return iso(cell)
    if kind not in LISTS:
        return whole(cell)
    parts = zip(*(part for _, part in there if part), strict=True)
    return [whole(next(each for each in part if each is not None)) for part in parts]


def whole(value: Scalar) -> Scalar:
    """A number without fraction as an integer, where doubles tell it from its neighbours; all else as it is."""
    if type(value) is float and value.is_integer() and abs(value) <= MAX_EXACT_INTEGER:
        return int(value)
    return value
