"""Documents that were written down beforehand: where there is a list of them, no others are run."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from base import logs
from base.errors import BadInput, ConfigurationFault, ErrorCode, KithError
from schema.execution.request import HASH_PREFIX, GraphQLRequest

# How long a list may be behind its file.
LOOK_AGAIN_S = 2.0
SUFFIXES = frozenset({".graphql", ".gql"})
# Clients by Apollo's protocol branch on these very words: they send the text after the one, and no hash any more after
# the other. Source: apollo-client, link/persisted-queries.
UNKNOWN_HASH = "PersistedQueryNotFound"
NO_HASHES = "PersistedQueryNotSupported"

_log = logs.get_logger()


def hash_of(document: str) -> str:
    """The SHA-256 of a document's text, byte by byte: 64 hexadecimal digits."""
    return hashlib.sha256(document.encode()).hexdigest()


def read_documents(files: Iterable[Path]) -> dict[str, str]:
    """Hash → text of files that hold one document each, as they are."""
    return {hash_of(text): text for text in (file.read_text(encoding="utf-8") for file in sorted(files))}


class TrustedDocuments:
    """The list in a file of JSON (`{hash: text}`), or of a folder's `.graphql` files; follows both as they change.

    Args:
        clock: seconds that never go back.

    Raises:
        ConfigurationFault: it cannot be read, is no such list, or a hash is not that of its text.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic):
        self._path = path
        self._clock = clock
        self._stamp = _stamp(path)
        self._documents = _read(path)
        self._look_again_at_s = clock() + LOOK_AGAIN_S

    def text_of(self, request: GraphQLRequest) -> str:
        """The text of the document that is asked for, by its hash or by itself.

        Raises:
            KithError: NOT_FOUND for a hash, FORBIDDEN for a text that is not on the list.
        """
        documents = self._current()
        if request.query is not None:
            if hash_of(request.query) not in documents:
                raise KithError(
                    ErrorCode.FORBIDDEN,
                    "Only documents that were registered are run here.",
                    hint="Ask the operator to add it to KITH_TRUSTED_DOCUMENTS: `kith documents hash` makes the list.",
                )
            return request.query
        text = documents.get(request.document_hash or "")
        if text is None:
            raise KithError(
                ErrorCode.NOT_FOUND,
                UNKNOWN_HASH,
                hint="Ask the operator to add the document to KITH_TRUSTED_DOCUMENTS.",
            )
        return text

    def _current(self) -> Mapping[str, str]:
        now_s = self._clock()
        if now_s >= self._look_again_at_s:
            self._look_again_at_s = now_s + LOOK_AGAIN_S
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                self._stamp = stamp
                self._reload()
        return self._documents

    def _reload(self) -> None:
        # A file that is being written, or is wrong, must not lock everybody out who worked a moment ago.
        try:
            self._documents = _read(self._path)
        except ConfigurationFault as fault:
            _log.error("the trusted documents stay as they were", reason=str(fault))
        else:
            _log.info("trusted documents read", count=len(self._documents))


def text_without_list(request: GraphQLRequest) -> str:
    """The text of a request where every document is run.

    Raises:
        BadInput: there is only a hash.
    """
    if request.query is None:
        raise BadInput(NO_HASHES, hint="Send the document as `query`; this service keeps no list of documents.")
    return request.query


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix in SUFFIXES)


def _stamp(path: Path) -> object:
    """What differs after a change, as far as the file system tells."""
    try:
        files = _files(path) if path.is_dir() else [path]
        return [(file, stat.st_mtime_ns, stat.st_size, stat.st_ino) for file in files for stat in (file.stat(),)]
    except OSError:
        return None


def _read(path: Path) -> dict[str, str]:
    try:
        if path.is_dir():
            return read_documents(_files(path))
        listed = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError) as fault:
        raise ConfigurationFault(f"KITH_TRUSTED_DOCUMENTS cannot be read: {fault}") from None
    documents = {name.removeprefix(HASH_PREFIX).lower(): text for name, text in listed.items()}
    for name, text in documents.items():
        if hash_of(text) != name:
            raise ConfigurationFault(f"KITH_TRUSTED_DOCUMENTS: {name[:80]!r} is not the SHA-256 of its document")
    return documents
