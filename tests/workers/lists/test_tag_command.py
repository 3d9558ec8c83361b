"""`kith tag import`: values of a file for people."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import typer
from redis.asyncio import Redis
from typer.testing import CliRunner, Result

from base import clock
from base.errors import BadInput, NotFound
from base.keys import Keyring
from base.settings import Settings
from cli import tag as command
from graph.client import GraphClient
from tests.support.answering import answering
from tests.support.line import Line
from tests.support.tags import save_tag, values_of


@pytest.fixture
async def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    """A worker that knows two customers with an e-mail and a card."""
    line = Line.of(graph, redis, keyring)
    await line.apply(
        *(
            {
                "type": "identify",
                "messageId": f"m{user}",
                "userId": user,
                "timestamp": clock.iso(clock.now_ms()),
                "traits": {"email": f"{user}@x.org", "card": f"card {user}"},
            }
            for user in ("ann", "ben")
        )
    )
    await save_tag(graph, "points", {"imported": {"type": "NUMBER"}})
    return line


async def run(settings: Settings, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    monkeypatch.setattr(command, "load_settings", lambda: settings)
    app = typer.Typer()
    app.add_typer(command.app, name="tag")
    return await asyncio.to_thread(CliRunner().invoke, app, ["tag", "import", *arguments])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_a_file_is_imported_with_a_report(
    line: Line, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "points.csv"
    rows = "邮箱,积分\nANN@x.org,12\nno-one@x.org,1\nno mail,1\nben@x.org,many\nann@x.org,12.5\nann@x.org,12,5\n"
    file.write_bytes(rows.encode(encoding))
    arguments = ["points", str(file), "--identifier", "email", "--column", "邮箱", "--value-column", "积分"]
    arguments += ["--encoding", encoding] if encoding == "gb18030" else []

    looked = await run(settings, monkeypatch, *arguments, "--dry-run")
    assert await values_of(line.graph, "points") == {}
    done = await run(settings, monkeypatch, *arguments)

    assert (looked.exit_code, done.exit_code) == (1, 1)
    assert "would be" in looked.stdout
    told = ["row 2: UNKNOWN", "row 3: MALFORMED", "row 4: BAD_VALUE", "row 5: CONFLICT", "row 6: MALFORMED"]
    assert [text.strip() for text in done.stdout.splitlines() if text.startswith("  row")] == told
    assert "@" not in done.stdout
    assert await values_of(line.graph, "points") == {await line.customer("user_id", "ann"): 12.5}


async def test_a_file_in_another_encoding_is_refused_and_changes_nothing(
    line: Line, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "points.csv"
    file.write_bytes("user_id,value\nann,1\n安,2\n".encode("gb18030"))

    done = await run(settings, monkeypatch, "points", str(file), "--identifier", "user_id", "--mode", "replace")

    assert isinstance(done.exception, BadInput)
    assert "utf-8" in done.exception.message
    assert await values_of(line.graph, "points") == {}


async def test_a_file_replaces_the_values_and_takes_them(
    line: Line, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for user in ("ann", "ben"):
        file = tmp_path / f"{user}.csv"
        file.write_text(f"user_id,value\n{user},3\n", encoding="utf-8")
        done = await run(settings, monkeypatch, "points", str(file), "--identifier", "user_id", "--mode", "replace")
        assert done.exit_code == 0
    assert await values_of(line.graph, "points") == {await line.customer("user_id", "ben"): 3}

    file.write_text("user_id\nben\n", encoding="utf-8")
    done = await run(settings, monkeypatch, "points", str(file), "--identifier", "user_id", "--mode", "remove")

    assert done.exit_code == 0
    assert await values_of(line.graph, "points") == {}


async def test_rows_may_name_an_attribute(
    line: Line,
    settings: Settings,
    graph: GraphClient,
    redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    file = tmp_path / "cards.csv"
    file.write_text("card,value\ncard ann,5\ncard zoe,6\n", encoding="utf-8")

    async with answering(graph, redis, settings, tmp_path / "columns"):
        done = await run(settings, monkeypatch, "points", str(file), "--attribute", "card")

    assert (done.exit_code, "row 2: UNKNOWN" in done.stdout) == (1, True)
    assert await values_of(line.graph, "points") == {await line.customer("user_id", "ann"): 5}


async def test_what_is_asked_for_has_to_make_sense(
    line: Line, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "points.csv"
    file.write_text("user_id,value\nann,3\n", encoding="utf-8")

    both = await run(settings, monkeypatch, "points", str(file), "--identifier", "user_id", "--attribute", "card")
    nothing = await run(settings, monkeypatch, "none", str(file), "--identifier", "user_id")
    column = await run(settings, monkeypatch, "points", str(file), "--identifier", "user_id", "--value-column", "x")

    assert isinstance(both.exception, BadInput)
    assert isinstance(nothing.exception, NotFound)
    assert isinstance(column.exception, BadInput)
    assert column.exception.message == "The file has no column x."
