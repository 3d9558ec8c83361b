"""Who may send: write keys, each of one source. A source's name is part of what makes a message id unique."""

from __future__ import annotations

import binascii
import os
from base64 import b64decode
from collections.abc import Mapping
from hashlib import blake2b

from base.errors import ConfigurationFault

DEFAULT_SOURCE = "default"
# Sources of `kith import`. Their rows may name a person by any identifier, a phone alone for instance.
IMPORT_PREFIX = "import:"
_MAX_HEADER_BYTES = 1024


class WriteKeys:
    """From write key to source.

    Keys are looked up by a hash with a secret of this process, so the time of a look-up tells nothing about them.

    Args:
        sources: write key to source name.

    Raises:
        ConfigurationFault: a key is empty: it would let everybody in.
    """

    def __init__(self, sources: Mapping[str, str]):
        if not sources or not all(sources):
            raise ConfigurationFault("KITH_WRITE_KEY is not set: the tracking API would be open to everybody.")
        self._secret = os.urandom(32)
        self._sources = {self._hash(key.encode()): source for key, source in sources.items()}

    def find_source(self, key: bytes) -> str | None:
        """The source of a write key; None for a wrong one."""
        return self._sources.get(self._hash(key))

    def _hash(self, key: bytes) -> bytes:
        return blake2b(key, key=self._secret, digest_size=32).digest()


def basic_user(header: bytes) -> bytes | None:
    """The user name of an HTTP Basic header, which is where clients put the write key; None for anything else."""
    scheme, _, credentials = header.partition(b" ")
    if scheme.lower() != b"basic" or len(header) > _MAX_HEADER_BYTES:
        return None
    try:
        return b64decode(credentials.strip(), validate=True).partition(b":")[0]
    except binascii.Error:
        return None
