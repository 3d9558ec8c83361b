"""`kith customer`: a whole file for its owner alone, noted in the log, or none; and the report of an erasure."""

from __future__ import annotations

import asyncio
import getpass
import json
import stat
from pathlib import Path

import pytest
from redis.asyncio import Redis
from typer.testing import CliRunner, Result

from base.errors import BadInput, NotFound, Unavailable
from base.keys import Keyring
from base.settings import Settings
from cli import customer as command
from graph.client import GraphClient
from resolvers.subject.reading import SubjectReader
from tests.support.audit import Audit
from tests.support.line import Line
from tests.support.sightings import sighting
from workers.decisions.execution import Said


@pytest.fixture(autouse=True)
def _environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, field in Settings.model_fields.items():
        monkeypatch.setenv(str(field.validation_alias), str(getattr(settings, name)))


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


async def run(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, command.app, list(arguments))


async def mia(line: Line) -> str:
    await line.apply(sighting(1, kind="track", member="mia"), sighting(2, member="mia", email="mia@x.org"))
    return str(await line.customer("user_id", "mia"))


async def test_a_file_is_whole_and_for_its_owner_alone(
    line: Line, graph: GraphClient, redis: Redis, keyring: Keyring, tmp_path: Path
) -> None:
    id, out = await mia(line), tmp_path / "mia.json"
    done = await run("export", id, "--purpose", "a letter", "--out", str(out))
    assert done.exit_code == 0, done.output
    found = json.loads(out.read_text(encoding="utf-8"))
    assert (found["complete"], found["customer"]["id"], len(found["events"])) == (True, id, 1)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    page = tmp_path / "mia.html"
    assert (await run("export", id, "--format", "html", "--purpose", "a letter", "--out", str(page))).exit_code == 0
    assert page.read_text(encoding="utf-8").endswith("</html>\n")

    audit = Audit(graph, redis, keyring)
    await audit.turns()
    (entry, _) = [one.entry for one in await audit.all(action="accessCustomer")]
    assert (entry.user, entry.user_name, entry.purpose, entry.customers) == (
        "cli",
        getpass.getuser(),
        "a letter",
        (id,),
    )


async def test_what_breaks_off_leaves_no_file_and_the_old_one(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    id, out = await mia(line), tmp_path / "mia.json"
    out.write_text("old")

    async def broken(*_: object) -> None:
        raise Unavailable("away")

    monkeypatch.setattr(SubjectReader, "confirm", broken)
    done = await run("export", id, "--purpose", "a letter", "--out", str(out))
    assert isinstance(done.exception, Unavailable)
    assert not out.with_name("mia.json.part").exists()
    assert out.read_text() == "old"


async def test_nobody_and_no_purpose_are_refused(tmp_path: Path) -> None:
    assert isinstance((await run("export", "cus_none", "--purpose", "x")).exception, NotFound)
    assert isinstance((await run("export", "cus_none", "--purpose", " ")).exception, BadInput)
    assert (await run("export", "cus_none")).exit_code == 2
    assert isinstance((await run("erasure", "dec_none")).exception, NotFound)


async def test_the_report_ends_with_1_while_a_place_is_open(line: Line) -> None:
    effect = await line.desk().erase(await mia(line), Said("ann", "asked for"))
    done = await run("erasure", str(effect.decision))
    assert done.exit_code == 1
    report = json.loads(done.stdout)
    assert report["state"] == "RUNNING"
    assert {one["place"] for one in report["places"] if one["doneAt"]} == {"GRAPH"}
