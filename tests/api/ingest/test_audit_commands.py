"""Commands and the operation log: those that change something are in it, and it is verified and taken along."""

from __future__ import annotations

import asyncio
import csv
import getpass
import json
from pathlib import Path

import pytest
import typer
from redis.asyncio import Redis
from typer.testing import CliRunner, Result

from audit.entry import Outcome
from base.errors import BadInput, Unavailable
from base.keys import Keyring
from base.settings import Settings
from cli import audit as audit_cli
from cli import check, segment
from cli.recorded import command_entry, run_recorded
from graph.client import GraphClient
from graph.repositories.audit import AuditNotes
from tests.support.audit import Audit, entry


@pytest.fixture
def audit(graph: GraphClient, redis: Redis, keyring: Keyring) -> Audit:
    return Audit(graph, redis, keyring)


@pytest.fixture(autouse=True)
def _environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, field in Settings.model_fields.items():
        monkeypatch.setenv(str(field.validation_alias), str(getattr(settings, name)))


async def run(app: typer.Typer, *arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))


async def told(audit: Audit) -> list[tuple[str, str, str, str | None, Outcome]]:
    await audit.writer.turn()
    entries = [one.entry for one in await audit.all()]
    return [(one.user, one.user_name, one.action, one.object, one.outcome) for one in entries]


async def test_what_a_command_changes_is_logged_with_the_user_of_the_machine(audit: Audit, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("user_id\nseed-value\n")
    # Nobody knows the value, so it ends with 1; it was done all the same.
    assert (await run(segment.app, "import", "vips", str(file), "--identifier", "user_id")).exit_code == 1
    await run(check.app, "identity", "--repair")
    await run(check.app, "identity")

    me = getpass.getuser()
    assert await told(audit) == [
        ("cli", me, "segment import", "vips", Outcome.OK),
        ("cli", me, "check identity --repair", None, Outcome.OK),
    ]


async def test_a_command_that_fails_says_so(audit: Audit, settings: Settings) -> None:
    async def fails() -> None:
        raise BadInput("no")

    async def ends() -> None:
        raise typer.Exit(1)

    for work, fault in ((fails, BadInput), (ends, typer.Exit)):
        with pytest.raises(fault):
            await asyncio.to_thread(run_recorded, settings, command_entry("segment", work.__name__), work)

    assert [(action, outcome) for _, _, action, _, outcome in await told(audit)] == [
        ("fails", Outcome.REFUSED),
        ("ends", Outcome.OK),
    ]


async def test_a_command_does_nothing_that_cannot_be_noted(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> None:
        raise Unavailable("away")

    done = False

    async def work() -> None:
        nonlocal done
        done = True

    monkeypatch.setattr(AuditNotes, "begin", away)
    with pytest.raises(Unavailable):
        await asyncio.to_thread(run_recorded, settings, command_entry("segment", "x"), work)

    assert not done


async def test_a_whole_chain_verifies_and_a_mark_is_printed_and_taken(audit: Audit) -> None:
    await audit.write(["a0", "a1"])
    first = await run(audit_cli.app, "verify")
    assert first.exit_code == 0
    assert "2 entries verified, the last is 2:" in first.output
    mark = first.output.rpartition("the last is ")[2].split()[0]

    await audit.write(["a2"])
    assert (await run(audit_cli.app, "verify", "--expect", mark)).exit_code == 0
    assert (await run(audit_cli.app, "verify", "--expect", f"2:{'00' * 16}")).exit_code == 1
    assert (await run(audit_cli.app, "verify", "--expect", "9:00")).exit_code == 1
    assert (await run(audit_cli.app, "verify", "--expect", "nonsense")).exit_code != 0


async def test_a_broken_chain_is_said_with_its_place(audit: Audit) -> None:
    await audit.write(["a0", "a1"])
    await audit.run("MATCH (b:AuditBlock) SET b.hash = $hash", hash=bytes(16))

    found = await run(audit_cli.app, "verify")

    assert found.exit_code == 1
    assert "entry 2: " in found.output


async def test_a_time_is_exported_in_both_forms_oldest_first(audit: Audit) -> None:
    for n in range(5):
        await audit.log.write(entry(f"a{n}", at_ms=1_000 * n, user_name="=cmd()", customers=("cus_1", "cus_2")))
    await audit.writer.turn()
    times = ("--from", "1970-01-01T00:00:01", "--to", "1970-01-01T00:00:04Z")

    lines = (await run(audit_cli.app, "export", *times)).stdout.splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["a1", "a2", "a3"]
    assert json.loads(lines[0])["at"] == "1970-01-01T00:00:01.000Z"

    rows = list(csv.DictReader((await run(audit_cli.app, "export", *times, "--format", "csv")).stdout.splitlines()))
    assert [row["number"] for row in rows] == ["2", "3", "4"]
    # No formula for whoever opens it in a spreadsheet.
    assert rows[0]["user_name"] == "'=cmd()"
    assert rows[0]["customers"] == "cus_1 cus_2"

    actions = [action for _, _, action, _, _ in await told(audit)]
    assert actions[-2:] == ["audit export", "audit export"]


async def test_a_damaged_log_is_not_exported_as_if_it_were_whole(audit: Audit) -> None:
    await audit.write(["a0"])
    await audit.run("MATCH (b:AuditBlock) SET b.sealed = $x", x=b"\x01no")

    assert (await run(audit_cli.app, "export")).exit_code != 0


@pytest.mark.parametrize("time", ["yesterday", "99999-01-01"])
async def test_a_time_that_is_none_is_refused(time: str) -> None:
    found = await run(audit_cli.app, "export", "--from", time)

    assert isinstance(found.exception, BadInput)
