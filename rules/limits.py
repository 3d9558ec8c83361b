"""Bounds of one rule: what a person writes stays far below them, what would be slow or wrong lies above."""

from __future__ import annotations

from typing import Final

# Deeper trees are not readable, and recursion over a rule needs a bound.
MAX_DEPTH: Final = 10
# One evaluation costs at most this many leaves.
MAX_LEAVES: Final = 200
# Conditions on the properties of one event.
MAX_WHERE: Final = 20
# RE2 keeps matching linear; this bounds the size of the compiled pattern.
MAX_PATTERN_LENGTH: Final = 200
MAX_NAME_LENGTH: Final = 200
MAX_TEXT_LENGTH: Final = 1_000
# A century; also keeps every window's start inside the calendar.
MAX_WINDOW_DAYS: Final = 36_525
# The next anniversary is never further away.
MAX_ANNIVERSARY_DAYS: Final = 366
