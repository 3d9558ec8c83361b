"""What a search finds people by where values are encrypted: keyed tokens of whole words and of last digits. Pure.

What tokens tell whoever reads the store without the key is in docs/security.md.
"""

from __future__ import annotations

import re
import unicodedata

from base.keys import Keyring

NAME = "name"
LAST_FOUR = "phone/last4"
PHONE = "phone"
LAST_DIGITS = 4
# A name of more words is no name; it bounds what a node and an index entry hold.
MAX_WORDS = 20
_WORD = re.compile(r"\w+")


def name_tokens(keyring: Keyring, name: str | None) -> str | None:
    """The tokens of a name, divided by blanks, as the full-text index takes them; None where there is no word."""
    return " ".join(keyring.token(NAME, word) for word in words_of(name or "")) or None


def query_of_name(keyring: Keyring, text: str) -> str:
    """A Lucene query in which the token of every word must occur; "" when there is no word.

    Tokens are hexadecimal, so nothing of a text can act as query syntax.
    """
    return " ".join(f"+{keyring.token(NAME, word)}" for word in words_of(text))


def last_four(keyring: Keyring, namespace: str, value: str) -> str | None:
    """The token of a phone's last four digits; None for whatever is no phone."""
    if namespace != PHONE:
        return None
    digits = "".join(char for char in value if char.isascii() and char.isdigit())
    return keyring.token(LAST_FOUR, digits[-LAST_DIGITS:]) if len(digits) > LAST_DIGITS else None


def query_of_last_four(keyring: Keyring, text: str) -> str | None:
    """The token that phones with these last digits have; None when the text is not four digits."""
    asked = len(text) == LAST_DIGITS and text.isascii() and text.isdigit()
    return keyring.token(LAST_FOUR, text) if asked else None


def words_of(text: str) -> list[str]:
    """Words without regard to case and width, each once, in order.

    >>> words_of("Ann LEE ann 王小明")
    ['ann', 'lee', '王小明']
    """
    found = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return list(dict.fromkeys(found))[:MAX_WORDS]
