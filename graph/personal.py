"""Documents about people as nodes keep them: encrypted, each bound to its field and to the node's id.

Attributes, properties and traits are whole JSON documents to the graph: no statement looks into one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

from base.errors import ConfigurationFault
from base.keys import Keyring

Stored = bytes | str
"""A document as it lies on a node: encrypted, or plain as versions before wrote it."""

Row = TypeVar("Row", bound=Mapping[str, Any])


class Field(StrEnum):
    """What a document is; a ciphertext opens only as what it was written as."""

    ATTRIBUTES = "attributes"
    OBSERVATION = "observation"
    PROPERTIES = "properties"
    TRAITS = "traits"
    GROUP_TRAITS = "group_traits"
    CONTEXT = "context"
    EXTRA = "extra"
    GROUP = "group"


class PersonalData:
    """Encrypts and opens documents.

    Args:
        secret_key: as of `Keyring`; "" for whoever reads and writes none.
    """

    def __init__(self, secret_key: str):
        self._secret_key = secret_key

    @cached_property
    def keyring(self) -> Keyring:
        """Raises:
        ConfigurationFault: there is no key, or it cannot be used.
        """
        if not self._secret_key:
            raise ConfigurationFault("KITH_SECRET_KEY is not set. Set it, or let `kith run` generate it once.")
        return Keyring(self._secret_key)

    def seal(self, text: str, field: Field, id: str) -> Stored:
        """A document as it is stored on the node with this id."""
        return self.keyring.seal_text(text, field, id)

    def open(self, stored: Stored, field: Field, id: str) -> str:
        """The document.

        Raises:
            ConfigurationFault: another secret, a version that is not here, or a damaged value.
        """
        return self.keyring.open_text(stored, field, id)

    def said(self, consents: str | None) -> str | None:
        """What tells that two calls said the same of consents (JSON), though their ciphertexts differ."""
        return None if consents is None else self.keyring.token(Field.TRAITS, consents)

    def sealed_rows(self, rows: Sequence[Row], id: str, fields: Mapping[str, Field]) -> list[dict[str, Any]]:
        """Rows to write, their documents encrypted.

        Args:
            id: the key under which each row has its node's id.
            fields: key → what it is; None stays None.
        """
        seal = self.keyring.seal_text
        return [
            {**row, **{key: seal(row[key], what, row[id]) for key, what in fields.items() if row[key] is not None}}
            for row in rows
        ]
