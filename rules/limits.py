"""Bounds of one rule: what a person writes stays far below them, what would be slow or wrong lies above."""

from __future__ import annotations

from typing import Final

# Deeper trees are not readable, and recursion over a rule needs a bound.
MAX_DEPTH: Final = 10
# One evaluation costs at most this many leaves, a sequence counting as its steps.
MAX_LEAVES: Final = 200
# Conditions on the properties of one event.
MAX_WHERE: Final = 20
# Events of one sequence, those that must not happen left out: more are no behaviour that anybody has in mind.
MIN_STEPS: Final = 2
MAX_STEPS: Final = 10
# With one between every two that must not happen.
MAX_STEP_ENTRIES: Final = 2 * MAX_STEPS - 1
# Each costs a look into the history; days of a longer time are counted by DISTINCT_DAYS.
MAX_PERIODS: Final = 100
# RE2 keeps matching linear; this bounds the size of the compiled pattern.
MAX_PATTERN_LENGTH: Final = 200
MAX_NAME_LENGTH: Final = 200
MAX_TEXT_LENGTH: Final = 1_000
# A century; also keeps every window's start inside the calendar.
MAX_WINDOW_DAYS: Final = 36_525
# The next anniversary is never further away.
MAX_ANNIVERSARY_DAYS: Final = 366
