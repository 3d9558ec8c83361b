"""Personal data at rest: blind indexes for look-up, authenticated ciphertext for display.

All keys are derived (HKDF-SHA256) from one secret, `KITH_SECRET_KEY`; losing it loses every identifier.
"""

from __future__ import annotations

import hmac
import os
from base64 import urlsafe_b64encode
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from base.errors import ConfigurationFault

# Version byte in front of every ciphertext: a later key rotation tells old from new by it.
KEY_VERSION = b"\x01"
NONCE_BYTES = 12
# 128 bits of HMAC: no accidental collision below 2^64 identifiers.
BLIND_INDEX_BYTES = 16
MIN_SECRET_BYTES = 32
# 128 bits of HMAC: it is forged once in 2^128 tries, and every entry of the operation log carries one.
AUDIT_LINK_BYTES = 16


class Keyring:
    """The keys of one deployment. Pure but for randomness; safe to share between tasks.

    Args:
        secret_hex: at least 32 bytes, hexadecimal.

    Raises:
        ConfigurationFault: not hexadecimal, or too short.
    """

    def __init__(self, secret_hex: str):
        try:
            secret = bytes.fromhex(secret_hex)
        except ValueError as fault:
            raise ConfigurationFault("KITH_SECRET_KEY must be hexadecimal") from fault
        if len(secret) < MIN_SECRET_BYTES:
            raise ConfigurationFault(f"KITH_SECRET_KEY must have at least {MIN_SECRET_BYTES} bytes")
        self._index = hmac.new(_derive(secret, b"kith blind index v1"), digestmod=sha256)
        self._tombstone = hmac.new(_derive(secret, b"kith tombstone v1"), digestmod=sha256)
        self._display = AESGCM(_derive(secret, b"kith display v1"))
        self._stream = AESGCM(_derive(secret, b"kith stream v1"))
        self._cursors = AESGCM(_derive(secret, b"kith cursors v1"))
        self._columns = _derive(secret, b"kith columns v1")
        self._audit = AESGCM(_derive(secret, b"kith audit v1"))
        self._counts = hmac.new(_derive(secret, b"kith counts v1"), digestmod=sha256)
        self._audit_chain = hmac.new(_derive(secret, b"kith audit chain v1"), digestmod=sha256)

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

    def offset(self, name: str, below: int) -> int:
        """A number 0 ≤ x < below that looks random and is always the same for a name."""
        mac = self._counts.copy()
        mac.update(name.encode())
        return int.from_bytes(mac.digest()[:8]) % below

    def seal_display(self, value: str, uid: str) -> bytes:
        """Ciphertext of an identifier's value, bound to its uid."""
        return _seal(self._display, value.encode(), uid.encode())

    def open_display(self, sealed: bytes, uid: str) -> str:
        """The value behind `seal_display`.

        Raises:
            ConfigurationFault: another key, or a damaged value.
        """
        return _open(self._display, sealed, uid.encode()).decode()

    def columns_key(self) -> str:
        """The key of the columnar file, hexadecimal."""
        return self._columns.hex()

    def seal_cursor(self, place: bytes, scope: str) -> bytes:
        """Ciphertext of a place in a list that is told by values of people, bound to the list."""
        return _seal(self._cursors, place, scope.encode())

    def open_cursor(self, sealed: bytes, scope: str) -> bytes:
        """The place behind `seal_cursor`.

        Raises:
            ConfigurationFault: another key or list, or a damaged place.
        """
        return _open(self._cursors, sealed, scope.encode())

    def audit_link(self, *parts: bytes) -> bytes:
        """The hash of an entry of the operation log; nobody without the key can make one."""
        mac = self._audit_chain.copy()
        for part in parts:
            mac.update(len(part).to_bytes(8, "big") + part)
        return mac.digest()[:AUDIT_LINK_BYTES]

    def seal_audit(self, payload: bytes, bound: str) -> bytes:
        """Ciphertext of entries of the operation log, bound to where they are."""
        return _seal(self._audit, payload, bound.encode())

    def open_audit(self, sealed: bytes, bound: str) -> bytes:
        """The entries behind `seal_audit`.

        Raises:
            ConfigurationFault: another key or place, or a damaged value.
        """
        return _open(self._audit, sealed, bound.encode())

    def seal_entry(self, payload: bytes) -> bytes:
        """Ciphertext of one entry of the ingest stream or the quarantine."""
        return _seal(self._stream, payload, b"")

    def open_entry(self, sealed: bytes) -> bytes:
        """The payload behind `seal_entry`.

        Raises:
            ConfigurationFault: another key, or a damaged value.
        """
        return _open(self._stream, sealed, b"")


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)


def _seal(cipher: AESGCM, plain: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return KEY_VERSION + nonce + cipher.encrypt(nonce, plain, bound)


def _open(cipher: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    if sealed[:1] != KEY_VERSION:
        raise ConfigurationFault("a stored value was encrypted with an unknown key version")
    try:
        return cipher.decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], bound)
    except (InvalidTag, ValueError) as fault:
        raise ConfigurationFault("a stored value does not open with KITH_SECRET_KEY") from fault
