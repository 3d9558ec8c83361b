"""Opens what nodes hold encrypted, for tests that read past the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph.client import GraphClient, Transaction
from graph.personal import Field

# Of a node with a `key` for an id, and of one with an `id`, by property.
_OF_KEYED = {"value": Field.OBSERVATION, "traits": Field.GROUP}
_OF_NAMED = {
    "attributes": Field.ATTRIBUTES,
    "properties": Field.PROPERTIES,
    "traits": Field.TRAITS,
    "group_traits": Field.GROUP_TRAITS,
    "context": Field.CONTEXT,
    "extra": Field.EXTRA,
}


def opened(by: GraphClient | Transaction, held: Mapping[str, Any]) -> dict[str, Any]:
    """Properties of a node, or columns named like them, its id among them: documents as plain text."""
    fields = _OF_NAMED if "id" in held else _OF_KEYED
    id = held.get("id", held.get("key"))
    return {
        name: by.personal.open(value, fields[name], id) if name in fields and isinstance(value, bytes) else value
        for name, value in held.items()
    }
