"""What `kith doctor` finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Level(Enum):
    """How bad it is: a fault stops the service or endangers data."""

    OK = auto()
    WARNING = auto()
    FAULT = auto()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what, how it is, and what to do when it is not fine."""

    level: Level
    subject: str
    text: str
    advice: str = ""


def ok(subject: str, text: str) -> Finding:
    """Nothing to do."""
    return Finding(Level.OK, subject, text)


def warning(subject: str, text: str, advice: str) -> Finding:
    """Works, but should be looked at."""
    return Finding(Level.WARNING, subject, text, advice)


def fault(subject: str, text: str, advice: str) -> Finding:
    """Does not work, or loses data."""
    return Finding(Level.FAULT, subject, text, advice)
