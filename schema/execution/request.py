"""One request, as any transport brings it."""

from __future__ import annotations

from typing import Any

import msgspec

# Source: GraphQL over HTTP, appendix "Persisted Documents": a prefix says how the document is identified.
HASH_PREFIX = "sha256:"


class GraphQLRequest(msgspec.Struct):
    """One request; unknown members are ignored. Either `query` is there, or the hash of a document."""

    query: str | None = None
    variables: dict[str, Any] | None = None
    operationName: str | None = None
    extensions: dict[str, Any] | None = None
    documentId: str | None = None

    @property
    def document_hash(self) -> str | None:
        """The SHA-256 that stands for the document, in hexadecimal; None when there is none.

        Source: GraphQL over HTTP, appendix "Persisted Documents", for `documentId`; Apollo's protocol for the other.
        """
        if self.documentId is not None:
            return self.documentId.removeprefix(HASH_PREFIX).lower()
        persisted = (self.extensions or {}).get("persistedQuery")
        found = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
        return found.lower() if isinstance(found, str) else None
