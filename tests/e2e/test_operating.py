"""What an operator does on the shell of a running service."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from base.clock import now_ms
from base.ids import call_id
from base.keys import Keyring
from cli.app import EXIT_CONFIGURATION
from graph.client import Transaction
from graph.repositories import quarantine as repository
from graph.repositories.quarantine import QuarantineRow
from ingest.calls import decode_calls
from ingest.sources import DEFAULT_SOURCE
from tests.support.applied import effects, wait_until_drained
from tests.support.client import Client
from tests.support.service import Service, Stores

pytestmark = pytest.mark.timeout(300)


async def put_aside(behind: Stores, call: Mapping[str, object], reason: str) -> str:
    """What a worker leaves behind of a call that it could not apply; the row's id."""
    keyring = Keyring(behind.settings.secret_key)
    body = json.dumps({"batch": [call]}).encode()
    (decoded,) = decode_calls(body, "batch", now_ms(), DEFAULT_SOURCE, "1-0").calls
    row = QuarantineRow(
        id=call_id(DEFAULT_SOURCE, decoded.message_id),
        message_id=decoded.message_id,
        source=DEFAULT_SOURCE,
        kind=decoded.kind,
        reason=reason,
        detail="ZeroDivisionError",
        at=now_ms(),
        sealed=keyring.seal_entry(decoded.standalone()),
    )

    async def work(tx: Transaction) -> None:
        await repository.put(tx, [row])

    await behind.graph.write("test_put", work)
    return row["id"]


async def test_a_call_that_names_nobody_is_listed_shown_and_refused_again(
    client: Client, service: Service, behind: Stores
) -> None:
    await client.track(
        {"type": "identify", "messageId": "nobody-1", "userId": "null", "traits": {"email": "li.lei@shop.cn", "age": 7}}
    )
    await client.track({"type": "track", "messageId": "nobody-2", "userId": "undefined", "event": "Nothing"})
    await wait_until_drained(behind)
    id = call_id(DEFAULT_SOURCE, "nobody-2")

    listed = service.kith("quarantine", "list")
    shown = service.kith("quarantine", "show", id)
    replayed = service.kith("quarantine", "replay", id)

    assert listed.returncode == 0, listed.stderr
    assert id in listed.stdout
    assert "NO_USABLE_IDENTIFIER" in listed.stdout
    assert call_id(DEFAULT_SOURCE, "nobody-1") not in listed.stdout, "an e-mail is somebody"
    assert '"Nothing"' in shown.stdout
    assert (replayed.returncode, "STILL_REFUSED" in replayed.stdout) == (1, True)


async def test_a_call_that_a_fault_put_aside_is_replayed(client: Client, service: Service, behind: Stores) -> None:
    call = {"type": "track", "messageId": "aside-1", "userId": "aside", "event": "Tea Bought", "properties": {"n": 1}}
    id = await put_aside(behind, call, "APPLY_FAILED")

    listed = service.kith("quarantine", "list", "--reason", "APPLY_FAILED")
    replayed = service.kith("quarantine", "replay", "--all", "--reason", "APPLY_FAILED")
    after = service.kith("quarantine", "list", "--reason", "APPLY_FAILED")

    assert id in listed.stdout
    assert (replayed.returncode, f"{id}  APPLIED" in replayed.stdout) == (0, True), replayed.stdout
    assert id not in after.stdout
    assert await effects(behind.graph, ["aside-1"]) == {"aside-1": 1}


def test_status_shows_every_role_and_the_sizes(service: Service) -> None:
    done = service.kith("status")

    assert done.returncode == 0, done.stderr
    for role in ("api", "ingest", "worker"):
        lines = [line for line in done.stdout.splitlines() if line.strip().startswith(role)]
        assert len(lines) == 1, f"{role}:\n{done.stdout}"
        assert str(service.pid(role)) in lines[0]
        assert " up " in lines[0]
    assert "waiting to be applied" in done.stdout


def test_doctor_finds_no_fault(service: Service) -> None:
    done = service.kith("doctor")

    faults = [line for line in done.stdout.splitlines() if line.startswith("FAULT")]
    # A machine of a developer may be short of disk; everything else must be well.
    assert [line for line in faults if "disk" not in line] == [], done.stdout
    for subject in ("Neo4j", "Valkey", "append-only file", "clock"):
        assert subject in done.stdout, done.stdout


async def test_doctor_warns_of_a_server_that_may_forget_what_it_answered(service: Service, behind: Stores) -> None:
    assert "appendfsync" not in service.kith("doctor").stdout

    await behind.redis.config_set("appendfsync", "everysec")
    done = service.kith("doctor")
    await behind.redis.config_set("appendfsync", "no")

    assert "warn Valkey: answers before it writes" in done.stdout


def test_a_second_run_on_the_same_data_refuses_and_harms_nothing(service: Service) -> None:
    run = service.run.pid

    done = service.kith("run")

    assert done.returncode == EXIT_CONFIGURATION
    assert f"already running on {service.data_dir}" in done.stderr
    assert f"(process {run})" in done.stderr
    assert service.is_ready()
    assert service.kith("status").returncode == 0, "the note of where the servers are is still there"
