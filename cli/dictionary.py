"""`kith dictionary`: the data dictionary on standard output."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from access.sharing import ALL_SEEING
from base import logs
from base.settings import Settings, load_settings
from graph.client import GraphClient
from graph.repositories.registry import RegistryRepository
from graph.repositories.segment import SegmentRepository
from graph.repositories.tag import TagRepository
from resolvers.registry.dictionary import Format, Language, read, written

How = Annotated[Format, typer.Option("--format", case_sensitive=False, help="For people or for tables.")]
In = Annotated[Language, typer.Option("--language", case_sensitive=False, help="Of headings and business names.")]


def show_dictionary(how: How = Format.MARKDOWN, language: In = Language.EN) -> None:
    """Write which attributes, events and properties there are, what they mean and how much of each came."""
    logs.configure("ERROR", "cli")
    typer.echo(asyncio.run(_text(load_settings(), how, language)), nl=False)


async def _text(settings: Settings, how: Format, language: Language) -> str:
    graph = GraphClient.of(settings)
    try:
        dictionary = await read(RegistryRepository(graph), SegmentRepository(graph), TagRepository(graph), ALL_SEEING)
        return written(dictionary, how, language)
    finally:
        await graph.close()
