"""Which web pages may talk to /graphql and /auth from a browser.

No cookie opens anything here: a token stands in a header or a message that only a page's own script can write, so a
strange page has nobody's rights to abuse (no CSRF). This check keeps pages out all the same whose script got hold of a
token, or of a name that resolves to a machine behind the firewall.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

ANY = "*"


class Origins:
    """The service's own origin, and those of `KITH_ALLOWED_ORIGINS`.

    Args:
        listed: comma-separated, or `*` for all.
    """

    def __init__(self, listed: str):
        self.allowed = frozenset(one.strip() for one in listed.split(",") if one.strip())

    def allows(self, headers: Mapping[bytes, str]) -> bool:
        """Whether a request comes from one of them, or from no browser page at all (which sends no Origin)."""
        origin = headers.get(b"origin")
        if origin is None or origin in self.allowed or ANY in self.allowed:
            return True
        try:
            return urlsplit(origin).netloc == headers.get(b"host", "")
        except ValueError:
            return False
