"""`kith dictionary` as an operator runs it."""

from __future__ import annotations

import asyncio
import csv
import io

import pytest
import typer
from typer.testing import CliRunner, Result

from base.keys import Keyring
from base.settings import Settings
from cli.dictionary import show_dictionary
from graph.client import GraphClient
from tests.support.builders import make_identify, make_track
from tests.support.registry import see
from workers.registry import room


@pytest.fixture(autouse=True)
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "NEO4J_URI": settings.neo4j_uri,
        "NEO4J_USER": settings.neo4j_user,
        "NEO4J_PASSWORD": settings.neo4j_password,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)


async def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(show_dictionary)
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments), catch_exceptions=False)


async def test_it_writes_the_dictionary_in_both_forms_and_languages(
    graph: GraphClient, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MAX_ATTRIBUTES", 1)
    await see(graph, keyring, make_track("Bought", properties={"a": 1}), make_identify(traits={"b": 1, "c": 2}))

    english = await run()
    assert english.output.startswith("# Data dictionary\n")
    assert "1 more values came under names" in english.output
    assert (await run("--language", "zh")).output.startswith("# 数据字典\n")
    rows = list(csv.DictReader(io.StringIO((await run("--format", "csv")).output)))
    assert [(row["kind"], row["name"]) for row in rows] == [("attribute", "b"), ("event", "Bought"), ("property", "a")]


async def test_an_empty_registry_is_an_empty_dictionary() -> None:
    assert "## Attributes" in (await run()).output
    assert len((await run("--format", "csv")).output.splitlines()) == 1
