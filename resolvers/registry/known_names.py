"""What the registry says of the names of a rule that is to be saved or used."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from graph.repositories.registry import Named
from rules.checker import KnownNames
from rules.names import Names
from rules.type_problems import ValueType


def known_names(
    registered: Named, segments: Collection[str], archived: Collection[str], tags: Mapping[str, ValueType]
) -> KnownNames:
    """Everything that a rule may name, as the checker takes it."""
    attributes, properties = registered.attributes, registered.properties
    return KnownNames(
        segments=segments,
        archived=archived,
        tags=tags,
        attributes={name: one.certain_type for name, one in attributes.items() if one.certain_type is not None},
        properties={key: one.certain_type for key, one in properties.items() if one.certain_type is not None},
        off=Names(
            frozenset(name for name, one in attributes.items() if not one.active),
            frozenset(name for name, one in registered.events.items() if not one.active),
            frozenset(key for key, one in properties.items() if not one.active),
        ),
    )
