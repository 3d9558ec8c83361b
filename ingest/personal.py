"""What of a person is personal until somebody says otherwise, and how it looks when it must not be read."""

from __future__ import annotations

from typing import Any, Final

from ingest.masking import mask_example, mask_text

# Traits of the tracking specification that say who somebody is or where they live; what lies in them too.
# Source: the reserved traits of identify calls, https://segment.com/docs/connections/spec/identify/#traits
PERSONAL_NAMES: Final = frozenset(
    {
        "name",
        "firstName",
        "lastName",
        "first_name",
        "last_name",
        "username",
        "email",
        "phone",
        "birthday",
        "birthdate",
        "address",
        "avatar",
        "ip",
        "id_card",
        "wechat",
    }
)
# Of an event the name and address may be a product's or a shop's.
PERSONAL_PROPERTIES: Final = PERSONAL_NAMES - {"name", "address", "avatar"}
# A company's own names for people and browsers: they lead nowhere outside of it.
OWN_NAMESPACES: Final = frozenset({"user_id", "anonymous_id"})
HIDDEN: Final = "•••"
_PHONE_TAIL: Final = 4
_PHONE_HEAD_MOST: Final = 6


def mask_identifier(namespace: str, value: str) -> str:
    """An identifier to be told from others, not to be used: `+86138****5678`, `l***@example.com`, `o6…(28)`."""
    if namespace in OWN_NAMESPACES:
        return value
    if namespace == "email":
        return mask_email(value)
    if namespace == "phone":
        return mask_phone(value)
    return mask_text(value)


def mask_email(value: str) -> str:
    """The first character, and where it is."""
    local, at, domain = value.rpartition("@")
    return f"{local[:1]}***{at}{domain}" if at else mask_text(value)


def mask_phone(value: str) -> str:
    """At most six characters in front and four behind; of a short number only its length."""
    head = min(_PHONE_HEAD_MOST, len(value) - 2 * _PHONE_TAIL)
    return f"{value[:head]}****{value[-_PHONE_TAIL:]}" if head >= 1 else mask_text(value)


def mask_value(name: str, value: Any, *, sensitive: bool) -> str:
    """A value of a personal name (a path); nothing at all of a sensitive one."""
    if sensitive:
        return HIDDEN
    if isinstance(value, str) and name.rpartition(".")[2] == "phone":
        return mask_phone(value)
    if isinstance(value, str) and "@" in value:
        return mask_email(value)
    return mask_example(value) or HIDDEN
