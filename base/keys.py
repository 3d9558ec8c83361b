"""Personal data at rest: blind indexes for look-up, tokens for the search, authenticated ciphertext for display.

All keys are derived (HKDF-SHA256) from secrets, `KITH_SECRET_KEY`, of which there may be several versions; losing them
loses every identifier.
"""

from __future__ import annotations

import hmac
import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from base.errors import ConfigurationFault
from base.key_ring import parse_ring

NONCE_BYTES = 12
# 128 bits of HMAC: no accidental collision below 2^64 identifiers.
BLIND_INDEX_BYTES = 16
# 128 bits of HMAC: it is forged once in 2^128 tries, and every entry of the operation log carries one.
AUDIT_LINK_BYTES = 16
# 64 bits: a collision only shows one person too many in a search. Longer ones are larger to keep.
TOKEN_BYTES = 8
CHECK_BYTES = 8
# What holds nothing is not worth a ciphertext.
EMPTY_DOCUMENT = "{}"


class _Ciphers(NamedTuple):
    """What is derived from one version of the secret."""

    display: AESGCM
    documents: AESGCM
    stream: AESGCM
    cursors: AESGCM
    audit: AESGCM
    columns: bytes
    check: str


class Keyring:
    """The keys of one deployment. Pure but for randomness; safe to share between tasks.

    What is encrypted begins with a byte that says under which version; new values are encrypted with the current one.
    What must be the same for ever, blind indexes, tombstones, tokens and the chain of the operation log, comes from the
    lowest version.

    Args:
        secrets: one secret of at least 32 bytes, hexadecimal, which is version 1; or `version:secret` for each, divided
            by commas or white space. The highest is current, unless `current:version` says another.

    Raises:
        ConfigurationFault: the text is of another form, or a secret is too short.
    """

    def __init__(self, secrets: str):
        ring = parse_ring(secrets)
        self.current = ring.current
        self._ciphers = {version: _ciphers(secret) for version, secret in ring.secrets.items()}
        self.lowest = min(ring.secrets)
        first = ring.secrets[self.lowest]
        self._index = hmac.new(_derive(first, b"kith blind index v1"), digestmod=sha256)
        self._tombstone = hmac.new(_derive(first, b"kith tombstone v1"), digestmod=sha256)
        self._tokens = hmac.new(_derive(first, b"kith search tokens v1"), digestmod=sha256)
        self._counts = hmac.new(_derive(first, b"kith counts v1"), digestmod=sha256)
        self._audit_chain = hmac.new(_derive(first, b"kith audit chain v1"), digestmod=sha256)

    @property
    def checks(self) -> Mapping[int, str]:
        """Version → what tells its secret from others, and nothing else about it."""
        return {version: ciphers.check for version, ciphers in sorted(self._ciphers.items())}

    def uid(self, namespace: str, value: str) -> str:
        """`namespace|blind index` of a normalised value: equal values give equal uids; it cannot be read back."""
        mac = self._index.copy()
        mac.update(f"{namespace}\x00{value}".encode())
        return f"{namespace}|{urlsafe_b64encode(mac.digest()[:BLIND_INDEX_BYTES]).rstrip(b'=').decode()}"

    def tombstone(self, name: str) -> str:
        """What is kept of an erased uid or call id: enough to know it again, with another key than its blind index."""
        mac = self._tombstone.copy()
        mac.update(name.encode())
        return urlsafe_b64encode(mac.digest()[:BLIND_INDEX_BYTES]).rstrip(b"=").decode()

    def token(self, field: str, word: str) -> str:
        """What a search finds a word of a field by, hexadecimal: equal words of one field give equal tokens."""
        mac = self._tokens.copy()
        mac.update(f"{field}\x00{word}".encode())
        return mac.digest()[:TOKEN_BYTES].hex()

    def offset(self, name: str, below: int) -> int:
        """A number 0 ≤ x < below that looks random and is always the same for a name."""
        mac = self._counts.copy()
        mac.update(name.encode())
        return int.from_bytes(mac.digest()[:8]) % below

    def seal_display(self, value: str, uid: str) -> bytes:
        """Ciphertext of an identifier's value, bound to its uid."""
        return self._seal("display", value.encode(), uid.encode())

    def open_display(self, sealed: bytes, uid: str) -> str:
        """The value behind `seal_display`.

        Raises:
            ConfigurationFault: a version that is not here, another secret, or a damaged value.
        """
        return self._open("display", sealed, uid.encode()).decode()

    def seal_text(self, text: str, field: str, id: str) -> bytes | str:
        """Ciphertext of a document, bound to the field and to the id of the node that it is kept on; an empty document
        stays as it is.
        """
        return text if text == EMPTY_DOCUMENT else self._seal("documents", text.encode(), f"{field}\x00{id}".encode())

    def open_text(self, stored: bytes | str, field: str, id: str) -> str:
        """The document behind `seal_text`; a text is one from before documents were encrypted.

        Raises:
            ConfigurationFault: as of `open_display`.
        """
        if isinstance(stored, str):
            return stored
        return self._open("documents", stored, f"{field}\x00{id}".encode()).decode()

    def columns_key(self) -> str:
        """The key of the columnar file, hexadecimal."""
        return self._ciphers[self.current].columns.hex()

    def seal_cursor(self, place: bytes, scope: str) -> bytes:
        """Ciphertext of a place in a list that is told by values of people, bound to the list."""
        return self._seal("cursors", place, scope.encode())

    def open_cursor(self, sealed: bytes, scope: str) -> bytes:
        """The place behind `seal_cursor`.

        Raises:
            ConfigurationFault: another key or list, or a damaged place.
        """
        return self._open("cursors", sealed, scope.encode())

    def audit_link(self, *parts: bytes) -> bytes:
        """The hash of an entry of the operation log; nobody without the key can make one."""
        mac = self._audit_chain.copy()
        for part in parts:
            mac.update(len(part).to_bytes(8, "big") + part)
        return mac.digest()[:AUDIT_LINK_BYTES]

    def seal_audit(self, payload: bytes, bound: str) -> bytes:
        """Ciphertext of entries of the operation log, bound to where they are."""
        return self._seal("audit", payload, bound.encode())

    def open_audit(self, sealed: bytes, bound: str) -> bytes:
        """The entries behind `seal_audit`.

        Raises:
            ConfigurationFault: another key or place, or a damaged value.
        """
        return self._open("audit", sealed, bound.encode())

    def seal_entry(self, payload: bytes) -> bytes:
        """Ciphertext of one entry of the ingest stream or the quarantine."""
        return self._seal("stream", payload, b"")

    def open_entry(self, sealed: bytes) -> bytes:
        """The payload behind `seal_entry`.

        Raises:
            ConfigurationFault: as of `open_display`.
        """
        return self._open("stream", sealed, b"")

    def _seal(self, purpose: str, plain: bytes, bound: bytes) -> bytes:
        cipher: AESGCM = getattr(self._ciphers[self.current], purpose)
        nonce = os.urandom(NONCE_BYTES)
        return bytes((self.current,)) + nonce + cipher.encrypt(nonce, plain, bound)

    def _open(self, purpose: str, sealed: bytes, bound: bytes) -> bytes:
        ciphers = self._ciphers.get(sealed[0]) if sealed else None
        if ciphers is None:
            version = sealed[0] if sealed else "none"
            raise ConfigurationFault(
                f"A stored value was encrypted with version {version} of KITH_SECRET_KEY, which is not here."
            )
        cipher: AESGCM = getattr(ciphers, purpose)
        try:
            return cipher.decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], bound)
        except (InvalidTag, ValueError) as fault:
            raise ConfigurationFault("A stored value does not open with KITH_SECRET_KEY.") from fault


def version_of(sealed: bytes) -> int:
    """Under which version a value was encrypted; 0 for none."""
    return sealed[0] if sealed else 0


def _ciphers(secret: bytes) -> _Ciphers:
    return _Ciphers(
        AESGCM(_derive(secret, b"kith display v1")),
        AESGCM(_derive(secret, b"kith documents v1")),
        AESGCM(_derive(secret, b"kith stream v1")),
        AESGCM(_derive(secret, b"kith cursors v1")),
        AESGCM(_derive(secret, b"kith audit v1")),
        _derive(secret, b"kith columns v1"),
        _derive(secret, b"kith check v1")[:CHECK_BYTES].hex(),
    )


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)
