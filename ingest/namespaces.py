"""Names of identifier namespaces: how clients' words map to ours."""

from __future__ import annotations

import re
from typing import Final

USER_ID: Final = "user_id"
ANONYMOUS_ID: Final = "anonymous_id"
DEVICE_ID: Final = "device_id"
EMAIL: Final = "email"
PHONE: Final = "phone"
IDFA: Final = "idfa"
GAID: Final = "gaid"
# An advertising id whose platform the call does not say.
ADVERTISING_ID: Final = "advertising_id"

# `wx_openid:<app>`, `crm:<source>`, or a plain name; what follows the colon keeps its case.
_PATTERN = re.compile(r"([A-Za-z][A-Za-z0-9_.]{0,31})(:[A-Za-z0-9_.\-]{1,64})?")
# Words of Segment's and RudderStack's documentation for `externalIds[].type`.
_ALIASES: Final[dict[str, str]] = {
    "ios.idfa": IDFA,
    "android.idfa": GAID,
    "ios.id": DEVICE_ID,
    "android.id": DEVICE_ID,
    "userid": USER_ID,
    "anonymousid": ANONYMOUS_ID,
    "deviceid": DEVICE_ID,
    "unionid": "wx_unionid",
}
# These mean nothing without what follows the colon: an openid is per app, a CRM number per source.
_QUALIFIED: Final = frozenset({"wx_openid", "crm"})
_IOS: Final = frozenset({"ios", "ipados", "tvos", "iphone os"})


def parse_namespace(text: str) -> str | None:
    """Our name for a client's identifier type; None when it cannot be one."""
    found = _PATTERN.fullmatch(text.strip())
    if found is None:
        return None
    base, qualifier = found.group(1).lower(), found.group(2)
    if qualifier is None:
        base = _ALIASES.get(base, base)
        return None if base in _QUALIFIED else base
    return base + qualifier


def advertising_namespace(platform: object) -> str:
    """The namespace of an advertising id on a platform (`context.device.type` or `context.os.name`)."""
    name = platform.lower() if isinstance(platform, str) else ""
    if name in _IOS:
        return IDFA
    return GAID if name == "android" else ADVERTISING_ID
