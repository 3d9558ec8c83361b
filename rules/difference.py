"""What turns one rule document into another, as people read it: what was added, removed and changed, and where.

Entries of lists are matched, so that a condition that was put in front of others does not make all of them differ. The
path of what was removed is a place in the old document, all others are places in the new one: taking away what was
removed, and then putting in what was added, from the front, gives the new document.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final, TypeAlias

# Matching looks at pairs; longer lists of values that have little in common are shown as a whole.
MAX_PAIRS: Final = 40_000
# Keys by which people know a condition, whatever else of it was changed.
_NAMES: Final = ("name", "key", "event")

Document: TypeAlias = object


class DifferenceKind(StrEnum):
    """What happened at a place."""

    ADDED = "ADDED"
    REMOVED = "REMOVED"
    CHANGED = "CHANGED"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference at a dotted path; `before` is None for what was added, `after` for what was removed."""

    path: str
    kind: DifferenceKind
    before: Document = None
    after: Document = None


def difference(old: Document, new: Document, path: str) -> list[Difference]:
    """What turns the old document into the new one, in the order of the document; empty when they are equal.

    Args:
        path: of both documents.
    """
    return list(_between(old, new, path, path))


def _between(old: Document, new: Document, was: str, place: str) -> Iterator[Difference]:
    """Args:
    was: the path in the old document, `place`: that in the new one.
    """
    if _text(old) == _text(new):
        return
    if isinstance(old, dict) and isinstance(new, dict) and _is_same_kind(old, new):
        yield from _between_objects(old, new, was, place)
    elif isinstance(old, list) and isinstance(new, list) and (pairs := _matched(old, new)) is not None:
        yield from _between_lists(old, new, pairs, was, place)
    else:
        yield Difference(place, DifferenceKind.CHANGED, old, new)


def _between_objects(old: dict[str, Document], new: dict[str, Document], was: str, place: str) -> Iterator[Difference]:
    for key in [*old, *(key for key in new if key not in old)]:
        if key not in new:
            yield Difference(f"{was}.{key}", DifferenceKind.REMOVED, before=old[key])
        elif key not in old:
            yield Difference(f"{place}.{key}", DifferenceKind.ADDED, after=new[key])
        else:
            yield from _between(old[key], new[key], f"{was}.{key}", f"{place}.{key}")


def _between_lists(
    old: list[Document], new: list[Document], pairs: Sequence[tuple[int, int]], was: str, place: str
) -> Iterator[Difference]:
    left = right = 0
    for end, other in [*pairs, (len(old), len(new))]:
        for index in range(left, end):
            yield Difference(f"{was}.{index}", DifferenceKind.REMOVED, before=old[index])
        for index in range(right, other):
            yield Difference(f"{place}.{index}", DifferenceKind.ADDED, after=new[index])
        if end < len(old):
            yield from _between(old[end], new[other], f"{was}.{end}", f"{place}.{other}")
        left, right = end + 1, other + 1


def _is_same_kind(old: dict[str, Document], new: dict[str, Document]) -> bool:
    """Objects with one key are alternatives, such as conditions and windows: of another key, they are others."""
    return not (len(old) == len(new) == 1) or old.keys() == new.keys()


def _matched(old: list[Document], new: list[Document]) -> list[tuple[int, int]] | None:
    """Which entries are the same ones, changed or not, ascending in both; None where the lists are too different."""
    texts, others = [_text(one) for one in old], [_text(one) for one in new]
    first = 0
    while first < min(len(old), len(new)) and texts[first] == others[first]:
        first += 1
    last = 0
    while last < min(len(old), len(new)) - first and texts[-1 - last] == others[-1 - last]:
        last += 1
    size, other_size = len(old) - last, len(new) - last
    if (size - first) * (other_size - first) > MAX_PAIRS:
        return None
    pairs = [(index, index) for index in range(first)]
    matcher = SequenceMatcher(None, texts[first:size], others[first:other_size], autojunk=False)
    for tag, from_, to, other_from, other_to in matcher.get_opcodes():
        if tag == "equal":
            pairs += zip(range(first + from_, first + to), range(first + other_from, first + other_to), strict=True)
        elif tag == "replace":
            pairs += _most_alike(
                old, new, range(first + from_, first + to), range(first + other_from, first + other_to)
            )
    pairs += zip(range(size, len(old)), range(other_size, len(new)), strict=True)
    return pairs


def _most_alike(old: list[Document], new: list[Document], here: range, there: range) -> list[tuple[int, int]]:
    """The ascending pairs whose likeness adds up to the most."""
    best = [[0] * (len(there) + 1) for _ in range(len(here) + 1)]
    likeness = [[_likeness(old[index], new[other]) for other in there] for index in here]
    for row in reversed(range(len(here))):
        for column in reversed(range(len(there))):
            paired = likeness[row][column] + best[row + 1][column + 1] if likeness[row][column] else 0
            best[row][column] = max(paired, best[row + 1][column], best[row][column + 1])
    pairs: list[tuple[int, int]] = []
    row = column = 0
    while row < len(here) and column < len(there):
        if likeness[row][column] and best[row][column] == likeness[row][column] + best[row + 1][column + 1]:
            pairs.append((here[row], there[column]))
            row, column = row + 1, column + 1
        elif best[row][column] == best[row + 1][column]:
            row += 1
        else:
            column += 1
    return pairs


def _likeness(old: Document, new: Document) -> int:
    """0 for what cannot be the same entry, else the more, the more they share."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return int(not isinstance(old, dict | list) and not isinstance(new, dict | list))
    if not _is_same_kind(old, new):
        return 0
    if len(old) == 1 and old.keys() == new.keys():
        key = next(iter(old))
        return 1 + _shared(old[key], new[key])
    return 1 + _shared(old, new)


def _shared(old: Document, new: Document) -> int:
    """What two conditions, or two groups of them, have in common."""
    if isinstance(old, dict) and isinstance(new, dict):
        name = next((key for key in _NAMES if key in old and key in new), None)
        return 0 if name is None or _text(old[name]) != _text(new[name]) else 2
    if isinstance(old, list) and isinstance(new, list):
        return 2 * len({_text(one) for one in old} & {_text(one) for one in new})
    return 0


def _text(document: Document) -> str:
    """Equal texts are equal documents: for Python 1, 1.0 and True are equal too."""
    return json.dumps(document, sort_keys=True)
