"""An input that was understood and refused."""

from __future__ import annotations

from dataclasses import dataclass

from rules.checker import Problem


@dataclass(frozen=True, slots=True)
class Refusal:
    """An input that was refused, with everything that is wrong with it."""

    problems: tuple[Problem, ...]

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
