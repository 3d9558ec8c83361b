"""An input that was understood and refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rules.checker import Problem


@dataclass(frozen=True, slots=True)
class Refusal:
    """An input that was refused, with everything that is wrong with it."""

    problems: tuple[Problem, ...]

    def renamed(self, fields: Mapping[str, str]) -> Refusal:
        """The same, said of other arguments.

        Args:
            fields: the beginning of a field's path → the argument that it came from.
        """
        return Refusal(tuple(replace(one, field=_renamed(one.field, fields)) for one in self.problems))

    @property
    def message(self) -> str:
        """The first problem's."""
        return self.problems[0].message

    @property
    def field(self) -> str | None:
        """The first problem's."""
        return self.problems[0].field

    @property
    def hint(self) -> str | None:
        """The first problem's."""
        return self.problems[0].hint


class Refused(Exception):
    """Ends a transaction that found the input wrong; nothing of it stays."""

    def __init__(self, *problems: Problem):
        super().__init__()
        self.problems = problems


def _renamed(path: str, fields: Mapping[str, str]) -> str:
    return next((name for beginning, name in fields.items() if (path + ".").startswith(beginning + ".")), path)
