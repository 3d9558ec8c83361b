"""What is encrypted on a node, under the current version of the secret. Pure.

Each kind has its properties in the order of `cypher/keys/page_<kind>`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from access.second_factor import place
from audit.chain import block_name
from base.keys import EMPTY_DOCUMENT, Keyring, version_of
from graph.personal import Field
from graph.search_tokens import last_four, name_tokens

# One property: what is stored, the node's key → what is to be stored.
_Turn: TypeAlias = Callable[[Keyring, Any, str], Any]
# Stands for what lies in plain text among the numbers of versions.
PLAIN: Final = 0


def _document(field: Field) -> _Turn:
    return lambda keyring, stored, key: keyring.seal_text(keyring.open_text(stored, field, key), field, key)


def _display(keyring: Keyring, stored: bytes, key: str) -> bytes:
    return keyring.seal_display(keyring.open_display(stored, key), key)


def _second_factor(keyring: Keyring, stored: bytes, key: str) -> bytes:
    return keyring.seal_display(keyring.open_display(stored, place(key)), place(key))


def _entry(keyring: Keyring, stored: bytes, key: str) -> bytes:
    return keyring.seal_entry(keyring.open_entry(stored))


def _block(keyring: Keyring, stored: bytes, key: str) -> bytes:
    return keyring.seal_audit(keyring.open_audit(stored, block_name(int(key))), block_name(int(key)))


def _note(keyring: Keyring, stored: bytes, key: str) -> bytes:
    return keyring.seal_audit(keyring.open_audit(stored, key), key)


_TURNS: Final[Mapping[str, Sequence[_Turn]]] = {
    "users": (_display, _second_factor, _second_factor),
    "quarantined": (_entry,),
    "groups": (_document(Field.GROUP),),
    "observations": (_document(Field.OBSERVATION),),
    "calls": (
        _document(Field.TRAITS),
        _document(Field.GROUP_TRAITS),
        _document(Field.CONTEXT),
        _document(Field.EXTRA),
        _display,
    ),
    "events": (
        _document(Field.PROPERTIES),
        _document(Field.CONTEXT),
        _document(Field.EXTRA),
        _display,
        _document(Field.TRAITS),
    ),
    "customers": (_document(Field.ATTRIBUTES),),
    "identifiers": (_display,),
    "audit_notes": (_note,),
    "audit_blocks": (_block,),
}


def turned(keyring: Keyring, kind: str, key: str, held: Sequence[Any]) -> list[Any] | None:
    """What a node is to hold; None when that is what it holds.

    Raises:
        ConfigurationFault: a value does not open.
    """
    turns = _TURNS[kind]
    new = [
        turn(keyring, stored, key) if _is_old(keyring, stored) else stored
        for turn, stored in zip(turns, held, strict=False)
    ]
    new += held[len(turns) :]
    if kind == "customers" and held[2] is not None:
        # From before names were searched by tokens.
        new[1:] = [name_tokens(keyring, held[2]), None]
    elif kind == "identifiers" and held[0] is not None and held[1] is None:
        namespace = key.partition("|")[0]
        new[1] = last_four(keyring, namespace, keyring.open_display(held[0], key))
    return new if new != list(held) else None


def versions(kind: str, held: Sequence[Any]) -> Iterator[int]:
    """The versions that the values of a node are encrypted with; `PLAIN` for what is not."""
    for stored in held[: len(_TURNS[kind])]:
        if isinstance(stored, bytes):
            yield version_of(stored)
        elif stored is not None and stored != EMPTY_DOCUMENT:
            yield PLAIN
    if kind == "customers" and held[2] is not None:
        yield PLAIN


def _is_old(keyring: Keyring, stored: Any) -> bool:
    if isinstance(stored, bytes):
        return version_of(stored) != keyring.current
    return stored is not None and stored != EMPTY_DOCUMENT
