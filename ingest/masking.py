"""A call as people may see it who need not know whose it is."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from rules.type_problems import ValueType
from rules.value_types import type_of

# Text of these keys, at any depth, says who somebody is.
_ID_KEYS: Final = frozenset(
    {"userId", "anonymousId", "previousId", "email", "phone", "advertisingId", "token", "ip", "writeKey"}
)
# Everything inside these does.
_PERSONAL_PARTS: Final = frozenset({"traits", "externalIds"})
_SHOWN_CHARS: Final = 2
# A number of more digits may be a phone's, a card's or a person's own.
_SHOWN_DIGITS: Final = 5
_DIGIT: Final = re.compile(r"\d")
_YEAR_CHARS: Final = len("2026")


def mask_text(text: str) -> str:
    """The first characters and the length: enough to tell two values apart, not enough to know either."""
    return f"{text[:_SHOWN_CHARS] if len(text) > 2 * _SHOWN_CHARS else ''}…({len(text)})"


def mask_example(value: object) -> str | None:
    """What a value of its name looks like, without saying whose: of a text the first characters and the length, of a
    time the year, of a list how many; numbers of few digits and booleans whole. None for objects.
    """
    match type_of(value):
        case ValueType.BOOLEAN:
            return "true" if value else "false"
        case ValueType.NUMBER:
            text = msgspec.json.encode(value).decode()
            return text if len(_DIGIT.findall(text)) <= _SHOWN_DIGITS else mask_text(text)
        case ValueType.TIME if isinstance(value, str):
            return value[:_YEAR_CHARS] + _DIGIT.sub("•", value[_YEAR_CHARS:])
        case ValueType.STRING if isinstance(value, str):
            return mask_text(value)
        case ValueType.LIST if isinstance(value, list):
            return f"[…]({len(value)})"
        case _:
            return None


def mask_body(body: bytes) -> str:
    """A body as indented JSON with personal values masked; what is not JSON is only measured."""
    try:
        document = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return f"{len(body)} bytes that are not JSON"
    return msgspec.json.format(msgspec.json.encode(_mask(document, False)), indent=2).decode()


def plain_body(body: bytes) -> str:
    """A body as it is, indented when it is JSON."""
    try:
        return msgspec.json.format(body, indent=2).decode()
    except (ValueError, RecursionError):
        return body.decode("utf-8", "backslashreplace")


def _mask(value: Any, personal: bool) -> Any:
    match value:
        case dict():
            return {
                key: _mask(inner, personal or key in _PERSONAL_PARTS or key in _ID_KEYS or _is_device_id(key, value))
                for key, inner in value.items()
            }
        case list():
            return [_mask(inner, personal) for inner in value]
        case str() if personal:
            return mask_text(value)
        case int() | float() if personal and not isinstance(value, bool):
            return mask_text(str(value))
        case _:
            return value


def _is_device_id(key: str, holder: dict[str, Any]) -> bool:
    # `id` of a product is data; `id` beside a device's other fields is a person's.
    return key == "id" and bool(holder.keys() & {"advertisingId", "manufacturer", "model"})
