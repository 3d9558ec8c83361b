"""What a measurement gets, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from bench.client import Client
from bench.data import Population
from bench.service import BenchService


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much to do. `FULL` is what the targets speak of; `QUICK` only shows that everything works.

    Args:
        warm_s: seconds of the same work before anything is timed. Java compiles what it runs often while it runs: a
            statement takes 5 ms right after Neo4j's start and 1 ms some 30,000 statements later.
    """

    customers: int
    events: int
    segments: int
    large_customers: int
    seconds: float
    sustained_s: float
    singles: int
    readers_s: float
    warm_s: float


FULL = Sizes(100_000, 1_000_000, 100, 1_000_000, 20.0, 60.0, 300, 15.0, 90.0)
MEDIUM = Sizes(20_000, 200_000, 100, 100_000, 12.0, 30.0, 150, 8.0, 30.0)
QUICK = Sizes(500, 3_000, 100, 2_000, 3.0, 5.0, 30, 3.0, 3.0)


@dataclass(slots=True)
class Stage:
    """A filled service, and what was measured so far, by row and value."""

    service: BenchService
    client: Client
    population: Population
    sizes: Sizes
    before: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Value:
    """One number with its target.

    Args:
        better: which direction is good; decides what `target` bounds.
        digits: behind the point, where it is shown.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    better: Literal["higher", "lower"] = "higher"
    digits: int = 1

    def shown(self) -> str:
        """Number and unit."""
        return f"{self.value:,.{self.digits}f} {self.unit}"

    @property
    def ratio(self) -> float | None:
        """How many times as good as the target; 1 or more reaches it. None without a target or a value."""
        if not self.target or not self.value or self.value != self.value:
            return None
        return self.value / self.target if self.better == "higher" else self.target / self.value


@dataclass(frozen=True, slots=True)
class Result:
    """The values of one row, and whatever explains them, for the JSON file."""

    row: str
    values: list[Value]
    details: dict[str, Any] = field(default_factory=dict)
