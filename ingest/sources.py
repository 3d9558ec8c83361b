"""Who may send: write keys, each of one source. A source's name is part of what makes a message id unique."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from hashlib import sha256

from base.clock import now_ms
from base.errors import ConfigurationFault

DEFAULT_SOURCE = "default"
# Sources of `kith import`. Their rows may name a person by any identifier, a phone alone for instance.
IMPORT_PREFIX = "import:"
USED_EVERY_MS = 60_000
_MAX_HEADER_BYTES = 1024


class WriteKeys:
    """From write key to source.

    Keys are looked up by their hash, so the time of a look-up tells nothing about them.

    Args:
        sources: write key to source name; those of the graph come with `tell`.

    Raises:
        ConfigurationFault: a key is empty: it would let everybody in.
    """

    def __init__(self, sources: Mapping[str, str]):
        if not sources or not all(sources):
            raise ConfigurationFault("KITH_WRITE_KEY is not set: the tracking API would be open to everybody.")
        self._sources = {sha256(key.encode()).hexdigest(): source for key, source in sources.items()}
        self._stored: Mapping[str, tuple[str, str]] = {}
        self._used: dict[str, int] = {}
        self._noted: dict[str, int] = {}

    def find_source(self, key: bytes) -> str | None:
        """The source of a write key; None for a wrong one."""
        hashed = sha256(key).hexdigest()
        source = self._sources.get(hashed)
        if source is not None:
            return source
        stored = self._stored.get(hashed)
        if stored is None:
            return None
        key_id, source = stored
        at_ms = now_ms()
        if at_ms - self._noted.get(key_id, 0) > USED_EVERY_MS:
            self._used[key_id] = self._noted[key_id] = at_ms
        return source

    def tell(self, stored: Mapping[str, tuple[str, str]]) -> Mapping[str, int]:
        """Take other keys for those of the graph: SHA-256 (hexadecimal) → (key's id, source).

        Returns:
            Ids of keys that were used since, with when (ms); each once a minute at most.
        """
        self._stored = stored
        used, self._used = self._used, {}
        return used


def basic_user(header: bytes) -> bytes | None:
    """The user name of an HTTP Basic header, which is where clients put the write key; None for anything else."""
    scheme, _, credentials = header.partition(b" ")
    if scheme.lower() != b"basic" or len(header) > _MAX_HEADER_BYTES:
        return None
    try:
        return b64decode(credentials.strip(), validate=True).partition(b":")[0]
    except binascii.Error:
        return None
