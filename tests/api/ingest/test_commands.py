"""`kith quarantine` and `kith import` as an operator runs them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
import typer
from redis.asyncio import Redis
from typer.testing import CliRunner, Result

from base.clock import now_ms
from base.ids import call_id
from base.keys import Keyring
from base.settings import Settings
from cli import quarantine
from cli.import_ import import_file
from graph.client import GraphClient, Transaction
from graph.repositories import quarantine as repository
from graph.repositories.quarantine import QuarantineRow
from ingest.calls import decode_calls
from ingest.stream import IngestStream
from tests.support.calls import make_batch, make_call
from tests.support.tracking import calls_of, drain, length
from tests.support.working import working

SECRET = "li.lei@shop.cn"
MAPPING = 'source = "pos"\n[identifiers]\nuser_id = "member"\n[traits]\nname = "name"\n'


@pytest.fixture(autouse=True)
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The settings of the suite, as a shell has them; wide enough that no table is cut."""
    values = {
        "NEO4J_URI": settings.neo4j_uri,
        "NEO4J_USER": settings.neo4j_user,
        "NEO4J_PASSWORD": settings.neo4j_password,
        "REDIS_URL": settings.redis_url,
        "KITH_SECRET_KEY": settings.secret_key,
        "KITH_DATA_DIR": str(tmp_path / "data"),
        "COLUMNS": "250",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)


async def run(app: typer.Typer, *arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments), catch_exceptions=False)


def import_app() -> typer.Typer:
    app = typer.Typer()
    app.command()(import_file)
    return app


async def put_aside(graph: GraphClient, keyring: Keyring, message_id: str, **fields: object) -> str:
    call = make_call("identify", messageId=message_id, **fields)
    decoded = decode_calls(make_batch(call), "batch", now_ms(), "default", "1-0")
    body = decoded.calls[0].standalone() if decoded.calls else decoded.rejected[0].raw
    row = QuarantineRow(
        id=call_id("default", message_id),
        message_id=message_id,
        source="default",
        kind="identify",
        reason="APPLY_FAILED",
        detail="why",
        at=now_ms(),
        sealed=keyring.seal_entry(body),
    )

    async def work(tx: Transaction) -> None:
        await repository.put(tx, [row])

    await graph.write("test_put", work)
    return row["id"]


async def test_an_empty_quarantine_says_so() -> None:
    assert "The quarantine is empty." in (await run(quarantine.app, "list")).output


async def test_list_and_show_hide_personal_values_until_asked(graph: GraphClient, keyring: Keyring) -> None:
    id = await put_aside(graph, keyring, "m-[1]", traits={"email": SECRET})

    listed = await run(quarantine.app, "list")
    masked = await run(quarantine.app, "show", id)
    revealed = await run(quarantine.app, "show", id, "--reveal")

    assert id in listed.output
    assert "m-[1]" in listed.output
    assert "1 APPLY_FAILED" in listed.output
    assert SECRET not in listed.output + masked.output
    assert '"identify"' in masked.output
    assert SECRET in revealed.output


async def test_showing_an_unknown_call_fails() -> None:
    shown = await run(quarantine.app, "show", "evt_none")

    assert (shown.exit_code, "no such call" in shown.output) == (1, True)


async def test_replay_applies_and_empties_the_quarantine(graph: GraphClient, redis: Redis, keyring: Keyring) -> None:
    ids = [await put_aside(graph, keyring, f"m-{number}") for number in range(3)]

    async with working(graph, redis, keyring):
        replayed = await run(quarantine.app, "replay", "--all", "--reason", "APPLY_FAILED")

    assert replayed.exit_code == 0
    assert replayed.output.count("APPLIED") == len(ids)
    assert "The quarantine is empty." in (await run(quarantine.app, "list")).output


async def test_replay_says_what_is_still_refused(graph: GraphClient, keyring: Keyring) -> None:
    id = await put_aside(graph, keyring, "m-1", userId="null")

    replayed = await run(quarantine.app, "replay", id)

    assert (replayed.exit_code, f"{id}  STILL_REFUSED  NO_USABLE_IDENTIFIER" in replayed.output) == (1, True)


@pytest.mark.parametrize("arguments", [[], ["evt_x", "--all"]])
async def test_replay_wants_ids_or_all(arguments: list[str]) -> None:
    assert (await asyncio.to_thread(CliRunner().invoke, quarantine.app, ["replay", *arguments])).exit_code == 2


async def test_a_file_is_imported_and_bad_rows_are_reported(tmp_path: Path, stream: IngestStream) -> None:
    file, mapping = tmp_path / "people.csv", tmp_path / "people.toml"
    file.write_text("member,name\nm-1,Li\nm-2,Han\n,Nobody\n")
    mapping.write_text(MAPPING)

    dry = await run(import_app(), str(file), "-m", str(mapping), "--dry-run")
    done = await run(import_app(), str(file), "-m", str(mapping), "--wait", "0")

    assert "row 3: MISSING_IDENTITY" in dry.output
    assert (dry.exit_code, done.exit_code) == (1, 1)
    assert [call.traits for call in calls_of(await drain(stream))] == [{"name": "Li"}, {"name": "Han"}]
    (rejects,) = (tmp_path / "data" / "imports").glob("*.rejected.jsonl")
    assert str(rejects) in done.output.replace("\n", "")
    assert json.loads(rejects.read_text())["cells"] == {"member": "", "name": "Nobody"}
    assert rejects.stat().st_mode & 0o077 == 0


async def test_a_dry_run_leaves_nothing_behind(tmp_path: Path, redis: Redis) -> None:
    file, mapping = tmp_path / "people.jsonl", tmp_path / "people.toml"
    file.write_text('{"member": 1, "name": "Li"}\n')
    mapping.write_text(MAPPING)

    dry = await run(import_app(), str(file), "--mapping", str(mapping), "--dry-run")

    assert dry.exit_code == 0
    assert await length(redis) == 0
    assert not (tmp_path / "data").exists()
