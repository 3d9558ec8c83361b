"""Nothing about a person lies in plain text in the files of Neo4j, Valkey and the columnar store, nor in logs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from analytics.engines.local import FOLDER
from base.clock import now_ms
from base.keys import Keyring
from base.settings import Settings
from base.valkey import connect
from graph.client import GraphClient
from graph.migrate import migrate
from graph.repositories.audit import AuditNotes
from graph.repositories.customer import CustomerRepository
from graph.repositories.quarantine import QuarantineRow, put
from ingest.stream import IngestStream
from local.memory import SMALL
from local.services import LocalServices
from tests.support.answering import answering
from tests.support.audit import Audit, entry
from tests.support.line import Line
from tests.support.sightings import sighting

SECRET = "0f" * 32
# Long enough to be nowhere by chance, and of ASCII: Neo4j packs short texts of few letters into fewer bits.
MARK = "Zyzzyvaspring"
# Looked for too, so that the hunt is known to find what is there.
SEEN = "segment-Zyxomma-of-the-hunt"
CHUNK_BYTES = 1 << 20


async def seed(settings: Settings, folder: Path) -> None:
    """A person of whom every field holds the mark, in all stores; a request, and an entry of the log, that wait."""
    graph, redis, keyring = GraphClient.of(settings), connect(settings.redis_url), Keyring(SECRET)
    try:
        await migrate(graph)
        line = Line.of(graph, redis, keyring)
        traits = {"name": f"Mia {MARK}", "city": f"{MARK}-city", "home": {"street": f"{MARK}-street"}}
        track = {
            **sighting(2, kind="track", member=f"{MARK}-member"),
            "properties": {"note": f"{MARK}-note"},
            "context": {
                "ip": f"{MARK}-ip",
                "traits": {"phone": f"{MARK}-number"},
                "consent": {"categoryPreferences": {"Advertising": True}},
            },
            "hint": f"{MARK}-hint",
        }
        group = {**sighting(3, member=f"{MARK}-member", group="home"), "traits": {"bell": f"{MARK}-bell"}}
        await line.segment(SEEN, {"everyone": True})
        await line.apply(sighting(1, member=f"{MARK}-member", email=f"{MARK}@example.org", traits=traits), track, group)
        body = json.dumps({"userId": f"{MARK}-waiting"}).encode()
        await IngestStream(redis, keyring).append(body, "identify", 1, "s", [f"{MARK}-id"])
        row = QuarantineRow(
            id="q",
            message_id="m",
            source="s",
            kind="track",
            reason="R",
            detail="",
            at=1,
            sealed=keyring.seal_entry(body),
        )
        await graph.write("test", lambda tx: put(tx, [row]))
        await write_log(Audit(graph, redis, keyring))
        async with answering(graph, redis, settings, folder):
            pass
        await redis.save()
        await graph.run_schema("CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()")
        assert await CustomerRepository(graph).find_ids_by_name(MARK) == [
            await line.customer("user_id", f"{MARK}-member")
        ]
    finally:
        await redis.aclose()
        await graph.close()


async def write_log(audit: Audit) -> None:
    """Entries in the chain, in the stream before it, and of a change that is under way."""
    await audit.log.write(entry(purpose=MARK, object=f"{MARK}-object"))
    await audit.turns()
    await audit.log.write(entry(purpose=MARK))
    await AuditNotes(audit.graph).begin("n", audit.keyring.seal_audit(MARK.encode(), "n"), now_ms() + 600_000)


def files_with(folder: Path, text: str) -> Iterator[str]:
    """Files that hold a text in one of the encodings of Neo4j, Lucene and Valkey."""
    wanted = [form.encode(code) for form in (text, text.lower()) for code in ("utf-8", "utf-16-le", "utf-16-be")]
    overlap = max(map(len, wanted))
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                tail = b""
                while chunk := file.read(CHUNK_BYTES):
                    if any(form in tail + chunk for form in wanted):
                        yield str(path.relative_to(folder))
                        break
                    tail = chunk[-overlap:]


def test_no_file_of_the_stores_and_no_log_holds_a_value_of_a_person(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # Stopped in peace, so that Neo4j writes out everything.
    services = LocalServices(tmp_path, {}, memory=SMALL)
    try:
        values = services.start()
        asyncio.run(seed(Settings.model_validate({**values, "KITH_SECRET_KEY": SECRET}), tmp_path))
    finally:
        services.stop()
    data = tmp_path / "neo4j" / "data"
    assert any(data.rglob("neostore*")) or any(data.rglob("*.db"))
    assert list((tmp_path / "valkey").rglob("*.aof")), "Valkey keeps an append-only file"
    assert list((tmp_path / "valkey").rglob("*.rdb")), "and was asked for a dump"
    assert list((tmp_path / FOLDER).rglob("*")), "the columnar store was built"
    assert (tmp_path / "logs").is_dir()
    assert list(files_with(tmp_path, SEEN)), "the hunt finds what is stored in plain text"
    assert list(files_with(tmp_path, MARK)) == []
    printed = capfd.readouterr()
    assert MARK not in printed.out + printed.err
