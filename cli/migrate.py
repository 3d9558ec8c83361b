"""Brings the graph's schema up to date before the roles start."""

from __future__ import annotations

import asyncio

from base.settings import Settings, load_settings
from graph.client import GraphClient
from graph.migrate import migrate
from graph.repositories.keys import meet_versions


def run_migrations() -> None:
    """Migrate the graph that the settings name."""
    asyncio.run(migrate_graph(load_settings()))


async def migrate_graph(settings: Settings) -> None:
    """Create missing constraints and indexes, wait until they are online, and note the keys that are in use."""
    client = GraphClient.of(settings)
    try:
        await client.verify()
        await migrate(client)
        if settings.secret_key:
            await meet_versions(client)
    finally:
        await client.close()
