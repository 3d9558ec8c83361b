"""`kith segment import`: people of a file into a segment."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import typer
from redis.asyncio import Redis
from typer.testing import CliRunner, Result

from base import clock
from base.keys import Keyring
from base.settings import Settings
from cli import segment as command
from graph.client import GraphClient
from tests.support.line import Line
from tests.support.segments import segment_of, sequences_of


@pytest.fixture
async def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    """A worker that knows two customers with an e-mail."""
    line = Line.of(graph, redis, keyring)
    await line.apply(
        *(
            {
                "type": "identify",
                "messageId": f"m{user}",
                "userId": user,
                "timestamp": clock.iso(clock.now_ms()),
                "traits": {"email": f"{user}@x.org"},
            }
            for user in ("ann", "ben")
        )
    )
    return line


async def run(settings: Settings, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    monkeypatch.setattr(command, "load_settings", lambda: settings)
    app = typer.Typer()
    app.add_typer(command.app, name="segment")
    return await asyncio.to_thread(CliRunner().invoke, app, ["segment", "import", *arguments])


async def test_a_file_of_e_mails_is_imported_with_a_report(
    line: Line, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "vips.csv"
    file.write_bytes("邮箱,姓名\nANN@x.org,安\nno-one@x.org,无\nno mail,\n\nann@x.org,安\n".encode("gb18030"))
    arguments = ["vips", str(file), "--identifier", "email", "--column", "邮箱", "--encoding", "gb18030"]

    looked = await run(settings, monkeypatch, *arguments, "--dry-run")
    assert "would be found" in looked.stdout
    done = await run(settings, monkeypatch, *arguments, "--name", "VIPs")

    assert (looked.exit_code, done.exit_code) == (1, 1)
    assert "row 2: UNKNOWN" in done.stdout
    assert "row 3: MALFORMED" in done.stdout
    assert "@" not in done.stdout
    segment = await segment_of(line.graph, "vips")
    assert (segment.name, segment.status) == ("VIPs", "LIVE")
    assert await sequences_of(line.graph, "vips") == {await line.customer("user_id", "ann"): 1}


async def test_a_file_replaces_the_list(
    line: Line, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for user in ("ann", "ben"):
        file = tmp_path / f"{user}.csv"
        file.write_text(f"email\n{user}@x.org\n", encoding="utf-8-sig")
        done = await run(settings, monkeypatch, "vips", str(file), "--identifier", "email", "--mode", "replace")
        assert done.exit_code == 0

    assert list(await sequences_of(line.graph, "vips")) == [await line.customer("user_id", "ben")]
