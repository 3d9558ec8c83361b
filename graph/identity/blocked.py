"""Values that mean "nobody in particular". One of them as an identifier would join strangers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from rules.patterns import compile_pattern

Matcher = Callable[[str], bool]

_QUOTES: Final = "\"'`“”‘’«»"
_SEPARATOR: Final = r"[-_. ()+:]*"


@dataclass(frozen=True, slots=True)
class BlockedValues:
    """What identifies nobody in one namespace. A value is compared trimmed, without quotes, in lower case.

    Args:
        values: exact values, in that spelling.
        patterns: RE2 expressions that match the whole value.
    """

    values: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


def bare(value: str) -> str:
    """The spelling in which values are compared with the lists."""
    return value.strip(_QUOTES).strip().lower()


def make_matcher(lists: Iterable[BlockedValues]) -> Matcher:
    """Whether a value is in one of the lists.

    Raises:
        BadPattern: an expression that RE2 does not take.
    """
    gathered = list(lists)
    exact = frozenset(value for one in gathered for value in one.values)
    patterns = [pattern for one in gathered for pattern in one.patterns]
    if not patterns:
        return lambda value: bare(value) in exact
    found = compile_pattern(whole(*patterns))

    def matches(value: str) -> bool:
        text = bare(value)
        return text in exact or found(text)

    return matches


def whole(*patterns: str) -> str:
    """One expression that matches what any of the patterns matches from end to end."""
    return r"(?s)\A(?:" + "|".join(f"(?:{pattern})" for pattern in patterns) + r")\z"


def _repeated(digit: str, least: int) -> str:
    return f"{_SEPARATOR}{digit}(?:{_SEPARATOR}{digit}){{{least - 1},}}{_SEPARATOR}"


# Zeros of any length stand for nothing; other digits only from four on, since `7` or `22` may be a member number.
_SAME_DIGITS: Final = (_repeated("0", 1), *(_repeated(digit, 4) for digit in "123456789"))
# National parts like 13800000000 and 18888888888: an operator's prefix, then one digit eight times; or counting up.
_PHONE_FILLERS: Final = (*(rf"\d{{0,4}}{digit}{{8,}}" for digit in "0123456789"), "0?1234567890?1?2?")
DEFAULT_BLOCKED: Final[Mapping[str, BlockedValues]] = {
    "*": BlockedValues(
        (
            "", "null", "(null)", "<null>", "nil", "none", "undefined", "nan", "n/a", "na", "0", "-1", "-", "true",
            "false", "anonymous", "guest", "unknown", "[object object]", "{}", "[]",
            # Android's emulator and a whole series of phones report this device.
            "9774d56d682e549c",
        ),
        _SAME_DIGITS,
    ),
    "phone": BlockedValues((), _PHONE_FILLERS),
    "email": BlockedValues(
        ("test@test.com", "a@a.com", "none@none.com", "null@null.com"),
        ("(?:noreply|no-reply|no_reply|donotreply|do-not-reply)(?:@.*)?",),
    ),
}  # fmt: skip
