"""The registry of names for tests: what is in it, and what people say."""

from __future__ import annotations

import json
from collections.abc import Mapping

from base import clock
from base.keys import Keyring
from graph.client import GraphClient, Transaction
from graph.repositories import registry as repository
from graph.repositories.registry import TYPES, Asked, EventDefinition, RegistryRepository, ValueDefinition
from ingest.calls import decode_calls
from tests.support.builders import make_batch
from workers.applier.batch import PreparedCall, Preparer
from workers.registry.keeper import RegistryKeeper

EVERYTHING = Asked(count=1_000)


def prepared(keyring: Keyring, *calls: Mapping[str, object]) -> list[PreparedCall]:
    """Calls as an ingest worker decodes them."""
    body = json.dumps(make_batch(calls)).encode()
    return Preparer(keyring).prepare(decode_calls(body, "batch", clock.now_ms(), "default", "entry").calls)


async def see(graph: GraphClient, keyring: Keyring, *calls: Mapping[str, object]) -> None:
    """Let the registry know what calls hold, as if they had been applied."""
    keeper = RegistryKeeper(graph)
    keeper.note(prepared(keyring, *calls), ())
    await keeper.flush()


async def attributes_of(graph: GraphClient) -> dict[str, ValueDefinition]:
    """All attributes by name."""
    return {one.name: one for one in await RegistryRepository(graph).list_attributes(EVERYTHING)}


async def events_of(graph: GraphClient) -> dict[str, EventDefinition]:
    """All events by name."""
    return {one.name: one for one in await RegistryRepository(graph).list_events(EVERYTHING)}


async def properties_of(graph: GraphClient, event: str) -> dict[str, ValueDefinition]:
    """An event's properties by name."""
    found = await RegistryRepository(graph).list_properties([event], EVERYTHING)
    return {one.name: one for one in found.get(event, ())}


def counted(definition: ValueDefinition) -> dict[str, int]:
    """Values by type, those that came."""
    return {str(found): count for found, count in zip(TYPES, definition.counts, strict=True) if count}


async def say(graph: GraphClient, event: str | None, name: str, **fields: object) -> None:
    """What a person says of an attribute (`event` is None) or property, as stored."""
    said: Mapping[str, object] = fields

    async def work(tx: Transaction) -> None:
        await repository.lock(tx)
        await repository.update_value(tx, event, name, said)

    await graph.write("tests/say", work)
