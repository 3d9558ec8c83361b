"""Nothing about a person lies in plain text in the files of Neo4j and Valkey."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

from base.keys import Keyring
from base.settings import Settings
from base.valkey import connect
from graph.client import GraphClient
from graph.migrate import migrate
from graph.repositories.customer import CustomerRepository
from graph.repositories.quarantine import QuarantineRow, put
from ingest.stream import IngestStream
from local.memory import SMALL
from local.services import LocalServices
from tests.support.line import Line
from tests.support.sightings import sighting

SECRET = "0f" * 32
# Long enough to be nowhere by chance, and of ASCII: Neo4j packs short texts of few letters into fewer bits.
MARK = "Zyzzyvaspring"
# Looked for too, so that the hunt is known to find what is there.
SEEN = "segment-Zyxomma-of-the-hunt"
CHUNK_BYTES = 1 << 20


async def seed(settings: Settings) -> None:
    """A person of whom every field holds the mark; a request that waits, and one that was put aside."""
    graph, redis, keyring = GraphClient.of(settings), connect(settings.redis_url), Keyring(SECRET)
    try:
        await migrate(graph)
        line = Line.of(graph, redis, keyring)
        traits = {"name": f"Mia {MARK}", "city": f"{MARK}-city", "home": {"street": f"{MARK}-street"}}
        track = {
            **sighting(2, kind="track", member=f"{MARK}-member"),
            "properties": {"note": f"{MARK}-note"},
            "context": {"ip": f"{MARK}-ip", "traits": {"phone": f"{MARK}-number"}},
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
        await graph.run_schema("CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()")
        assert await CustomerRepository(graph).find_ids_by_name(MARK) == [
            await line.customer("user_id", f"{MARK}-member")
        ]
    finally:
        await redis.aclose()
        await graph.close()


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


def test_no_file_of_the_stores_holds_a_value_of_a_person(tmp_path: Path) -> None:
    # Stopped in peace, so that Neo4j writes out everything.
    services = LocalServices(tmp_path, {}, memory=SMALL)
    try:
        values = services.start()
        asyncio.run(seed(Settings.model_validate({**values, "KITH_SECRET_KEY": SECRET})))
    finally:
        services.stop()
    data = tmp_path / "neo4j" / "data"
    assert any(data.rglob("neostore*")) or any(data.rglob("*.db"))
    assert list((tmp_path / "valkey").rglob("*.aof")), "Valkey keeps an append-only file"
    assert list(files_with(tmp_path, SEEN)), "the hunt finds what is stored in plain text"
    assert list(files_with(tmp_path, MARK)) == []
