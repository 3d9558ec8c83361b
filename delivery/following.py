"""Who the ids are that a subscriber asked for, while the log goes on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from delivery.change import CustomerChange


@dataclass(frozen=True, slots=True)
class Concerned:
    """Which of the ids a change concerns, and who else takes part."""

    asked: str
    other: str | None


class Following:
    """Follows ids through merges and back out of them.

    An id that is merged is the survivor from then on, until it comes back. The log behind a cursor may tell of merges
    that the paths know already: those change nothing.

    Args:
        paths: asked id → itself, those into whom it was merged in between, who it means.
    """

    def __init__(self, paths: Mapping[str, Sequence[str]]):
        self._paths = {asked: list(path) for asked, path in paths.items()}

    def take(self, change: CustomerChange) -> Concerned | None:
        """The next change: whom it concerns, None for nobody. One of several is named: who changed, then who else did.

        An id stays concerned by those that it was merged into on the way: they may be told of in the log behind it.
        """
        sides = {change.customer, change.other}
        concerned = [asked for asked, path in self._paths.items() if not sides.isdisjoint(path)]
        if not concerned:
            return None
        asked = min(concerned, key=lambda one: (one != change.customer, one != change.other, one))
        path = self._paths[asked]
        came_back = change.kind == "SPLIT" and change.other in path
        is_other_side = came_back or asked == change.other or change.customer not in path
        for one in concerned:
            self._step(self._paths[one], change)
        return Concerned(asked, change.customer if is_other_side else change.other)

    @staticmethod
    def _step(path: list[str], change: CustomerChange) -> None:
        if change.other is None:
            return
        if change.kind == "MERGED" and path[-1] == change.customer:
            path.append(change.other)
        elif change.kind == "SPLIT" and change.other in path:
            del path[path.index(change.other) + 1 :]
