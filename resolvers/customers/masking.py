"""Personal values as people see them who may not read them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from graph.repositories.event import EventRecord
from graph.repositories.registry import PersonalName, PiiClass, RegistryRepository
from ingest.personal import OWN_NAMESPACES, PERSONAL_NAMES, PERSONAL_PROPERTIES, mask_identifier, mask_value
from resolvers.customers.profiles import Attribute, Identifier, Profile

# A class that somebody has just given to a name is seen by every reader after this time.
FRESH_S = 2.0

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class _Names:
    """Classes of the names of one document, by path; and what of it has to be looked into."""

    classes: Mapping[str, PiiClass]
    personal: frozenset[str]
    roots: frozenset[str]

    @classmethod
    def of(cls, classes: Mapping[str, PiiClass], personal: frozenset[str]) -> _Names:
        return cls(classes, personal, frozenset(name.partition(".")[0] for name in classes) | personal)

    def class_of(self, name: str) -> PiiClass:
        """By the registry; of a name that it does not have yet, by the name."""
        known = self.classes.get(name)
        if known is not None:
            return known
        return PiiClass.PERSONAL if name.partition(".")[0] in self.personal else PiiClass.NONE


class Mask:
    """Hides what is personal, as of a state of the registry.

    Attributes:
        key: equal for masks that hide the same.
    """

    def __init__(self, key: int, names: Sequence[PersonalName]):
        by_event: dict[str | None, dict[str, PiiClass]] = {}
        for each in names:
            by_event.setdefault(each.event, {})[each.name] = each.pii
        self.key = key
        self._attributes = _Names.of(by_event.pop(None, {}), PERSONAL_NAMES)
        self._properties = {event: _Names.of(classes, PERSONAL_PROPERTIES) for event, classes in by_event.items()}
        self._other_properties = _Names.of({}, PERSONAL_PROPERTIES)

    def profile(self, profile: Profile) -> Profile:
        """A profile with what is personal masked."""
        return replace(
            profile,
            attributes={name: self._attribute(each) for name, each in profile.attributes.items()},
            identifiers=None if profile.identifiers is None else [_identifier(each) for each in profile.identifiers],
            events={asked: self.events(found) for asked, found in profile.events.items()},
        )

    def events(self, events: Sequence[EventRecord]) -> Sequence[EventRecord]:
        """Events with personal properties masked."""
        return [self._event(event) for event in events]

    def _attribute(self, attribute: Attribute) -> Attribute:
        if attribute.name not in self._attributes.roots:
            return attribute
        value = _decode(attribute.value)
        masked = _masked(value, attribute.name, self._attributes)
        if masked is value:
            return attribute
        return msgspec.structs.replace(attribute, value=msgspec.Raw(_encode(masked)), masked=True)

    def _event(self, event: EventRecord) -> EventRecord:
        names = self._properties.get(event.name, self._other_properties)
        properties = _decode(event.properties)
        if not isinstance(properties, dict) or names.roots.isdisjoint(properties):
            return event
        masked = {name: _masked(value, name, names) for name, value in properties.items()}
        return msgspec.structs.replace(event, properties=msgspec.Raw(_encode(masked)))


def _identifier(identifier: Identifier) -> Identifier:
    if identifier.namespace in OWN_NAMESPACES:
        return identifier
    masked = mask_identifier(identifier.namespace, identifier.value)
    return msgspec.structs.replace(identifier, value=masked, masked=True)


def _masked(value: Any, name: str, names: _Names) -> Any:
    """The value itself when nothing in it is personal."""
    if not isinstance(value, dict) or name in names.classes:
        pii = names.class_of(name)
        if value is None or pii is PiiClass.NONE:
            return value
        return mask_value(name, value, sensitive=pii is PiiClass.SENSITIVE)
    inside = {key: _masked(inner, f"{name}.{key}", names) for key, inner in value.items()}
    return inside if any(inside[key] is not value[key] for key in value) else value


class Masks:
    """The mask of now, for all requests of a process."""

    def __init__(self, registry: RegistryRepository):
        self._registry = registry
        self._loading = asyncio.Lock()
        self._loaded_at_s = float("-inf")
        self._names: Sequence[PersonalName] = ()
        self._mask = Mask(0, ())

    async def current(self) -> Mask:
        """As of at most `FRESH_S` ago.

        Raises:
            Unavailable: the registry cannot be read; nothing is shown by an old mask.
        """
        if time.monotonic() - self._loaded_at_s > FRESH_S:
            async with self._loading:
                if time.monotonic() - self._loaded_at_s > FRESH_S:
                    await self._load()
        return self._mask

    async def _load(self) -> None:
        started_s = time.monotonic()
        names = await self._registry.list_personal(sorted(PERSONAL_NAMES), sorted(PERSONAL_PROPERTIES))
        if names != self._names:
            self._names = names
            self._mask = Mask(self._mask.key + 1, names)
        self._loaded_at_s = started_s
