"""Brings the graph's schema up to date before the roles start."""

from __future__ import annotations

from base.settings import Settings, load_settings
from cli.recorded import command_entry, run_recorded
from graph.client import GraphClient
from graph.migrate import migrate
from graph.repositories.keys import meet_versions


def run_migrations() -> None:
    """Migrate the graph that the settings name."""
    settings = load_settings()
    run_recorded(settings, command_entry("system", "migrate"), lambda: migrate_graph(settings))


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
