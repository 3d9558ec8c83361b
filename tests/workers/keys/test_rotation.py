"""Everything turns to the current version of the secret, while calls come in and people are read."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest
from redis.asyncio import Redis

from base.settings import Settings
from graph.client import GraphClient, Transaction
from graph.repositories import keys as repository
from graph.repositories.customer import CustomerRepository
from graph.repositories.keys import HeldRow, RotationRecord
from tests.support.audit import Audit, entry
from tests.support.line import Line, query
from tests.support.sealed import opened
from tests.support.sightings import sighting
from tests.support.turning import RING, calls, client_of, log, nodes, put_aside, read, sign_up, used
from workers.keys import rotation
from workers.keys.rotation import count_versions, rotate


async def test_everything_turns_and_nothing_changes(old: Line, new: Line, redis: Redis) -> None:
    await old.apply(*calls(range(4)))
    await put_aside(old)
    await log(old)
    await sign_up(old)
    before = await count_versions(old.graph, redis)
    assert used(before) == {1}
    assert all(before[kind] for kind in repository.KINDS), "every kind has something to turn"
    shown, kept = await read(old, "M1"), await nodes(old.graph)

    done = await rotate(new.graph)

    assert (done.done, done.unreadable) == (True, 0)
    after = await count_versions(new.graph, redis)
    assert {kind: counts.total() for kind, counts in after.items()} == {
        kind: counts.total() for kind, counts in before.items()
    }
    assert used(after) == {2}
    chain = await Audit(new.graph, redis, new.keyring).verify()
    assert (chain.fault, chain.entries) == (None, 2)
    assert await nodes(new.graph) == kept
    assert await read(new, "M1") == shown
    # A second one looks at everything and has nothing to do.
    again = await rotate(new.graph)
    assert (again.replaced, again.looked_at) == (0, done.looked_at)


async def test_what_was_stored_in_plain_text_is_read_and_then_encrypted(old: Line, new: Line, redis: Redis) -> None:
    await old.apply(*calls(range(2)))
    shown = await read(old, "M1")

    async def plain(tx: Transaction) -> None:
        for row in await tx.run(_KEPT):
            held = opened(tx, row["held"])
            texts = {name: value for name, value in held.items() if isinstance(row["held"][name], bytes)}
            texts = {name: value for name, value in texts.items() if isinstance(value, str)}
            if "attributes" in held and held["attributes"] != "{}":
                texts |= {"search_name": json.loads(held["attributes"])["name"]["v"], "search_tokens": None}
            if "last_four" in held:
                texts["last_four"] = None
            await tx.run(_SET, n=row["n"], held=texts)

    await old.graph.write("test", plain)
    counted = await count_versions(old.graph, redis)
    assert counted["events"][0] > 0
    assert await read(old, "M1") == shown
    people = CustomerRepository(old.graph)
    assert await people.find_ids_by_last_four("0001") == []

    await rotate(old.graph)

    assert used(await count_versions(old.graph, redis)) == {1}
    assert await read(old, "M1") == shown
    await old.graph.run_schema("CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()")
    mia = await old.customer("user_id", "M1")
    assert await people.find_ids_by_last_four("0001") == [mia]
    assert await people.find_ids_by_name("keller1 mia") == [mia]
    stored = repr(await old.graph.read(query("MATCH (n) RETURN properties(n) AS held")))
    for value in ("Keller", "Basel", "Rheingasse", "203.0.113"):
        assert value not in stored


async def test_one_that_is_stopped_anywhere_goes_on_where_it_was(
    old: Line, new: Line, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "PAGE_NODES", 3)
    await old.apply(*calls(range(5)))
    total = sum(row["count"] for row in await old.graph.read(_HELD))

    class Stop(Exception):
        pass

    stops, looked_at = 0, 0
    while True:
        steps = 0

        def progress(stands: RotationRecord) -> None:
            nonlocal steps, looked_at
            assert stands.looked_at >= looked_at
            steps, looked_at = steps + 1, stands.looked_at
            if steps == 3 and not stands.done:
                raise Stop

        try:
            done = await rotate(new.graph, progress)
            break
        except Stop:
            stops += 1
    assert stops > 3
    # Nothing was looked at twice, and nothing left out.
    assert done.looked_at == total
    assert used(await count_versions(new.graph, redis)) == {2}


async def test_a_process_that_is_killed_leaves_the_rest_to_the_next(
    old: Line, new: Line, redis: Redis, settings: Settings, tmp_path: Path
) -> None:
    await old.apply(*calls(range(40)))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("KITH_")},
        "NEO4J_URI": settings.neo4j_uri,
        "NEO4J_USER": settings.neo4j_user,
        "NEO4J_PASSWORD": settings.neo4j_password,
        "REDIS_URL": settings.redis_url,
        "KITH_SECRET_KEY": RING,
        "KITH_DATA_DIR": str(tmp_path),
    }
    code = "from workers.keys import rotation; rotation.PAGE_NODES = 2; from cli.keys import app; app(['rotate'])"
    root = Path(rotation.__file__).parents[2]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=root, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    async with asyncio.timeout(60):
        while True:
            stands = await repository.find_rotation(new.graph, new.keyring)
            if stands is not None and stands.replaced > 20:
                break
            await asyncio.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    killed = await repository.find_rotation(new.graph, new.keyring)
    assert killed is not None
    assert not killed.done
    assert used(await count_versions(new.graph, redis)) == {1, 2}

    done = await rotate(new.graph)

    assert used(await count_versions(new.graph, redis)) == {2}
    assert done.replaced > killed.replaced


async def test_calls_and_reads_go_on_meanwhile_and_no_read_fails(
    old: Line, new: Line, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "PAGE_NODES", 5)
    await old.apply(*calls(range(30)))
    writer = Line.of(new.graph, redis, new.keyring)
    rotating = asyncio.create_task(rotate(new.graph))
    reads = writes = 0

    async def reading() -> None:
        nonlocal reads
        while not rotating.done():
            shown = await read(new, f"M{reads % 30}")
            assert any(b"Rheingasse" in one for one in shown["events"])  # type: ignore[attr-defined]
            reads += 1

    async def writing() -> None:
        nonlocal writes
        while not rotating.done():
            member = f"M{writes % 30}"
            await writer.apply(sighting(1_000 + writes, member=member, traits={"city": f"Bern {writes}"}))
            writes += 1

    await asyncio.gather(rotating, reading(), reading(), writing())

    assert min(reads, writes) > 5
    assert used(await count_versions(new.graph, redis)) == {2}
    shown = await read(new, f"M{(writes - 1) % 30}")
    assert shown["attributes"]["city"] == f'"Bern {writes - 1}"'.encode()  # type: ignore[index]


async def test_what_is_written_between_reading_and_writing_a_page_stays(
    old: Line, new: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    await old.apply(*calls([1]))
    page = repository.page

    async def overtaken(graph: GraphClient, kind: str, after: str, count: int) -> list[HeldRow]:
        found = await page(graph, kind, after, count)
        if kind == "customers":
            await new.apply(sighting(500, member="M1", traits={"city": "Bern"}))
        return found

    monkeypatch.setattr(repository, "page", overtaken)
    await rotate(new.graph)
    assert (await read(new, "M1"))["attributes"]["city"] == b'"Bern"'  # type: ignore[index]


async def test_two_at_once_share_the_work(
    old: Line, new: Line, redis: Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "PAGE_NODES", 3)
    await old.apply(*calls(range(6)))
    total = sum(row["count"] for row in await old.graph.read(_HELD))
    other = client_of(settings, RING)
    try:
        done = await asyncio.gather(rotate(new.graph), rotate(other))
    finally:
        await other.close()
    assert used(await count_versions(new.graph, redis)) == {2}
    # The faster may have begun anew after the end; within one pass everything is looked at once.
    assert {one.looked_at for one in done} == {total}


async def test_a_value_that_does_not_open_is_left_and_told(old: Line, new: Line) -> None:
    await old.apply(*calls([1]))
    damaged = b"\x01" + bytes(60)
    await old.graph.write("test", lambda tx: tx.run(_DAMAGE, cipher=damaged))
    done = await rotate(new.graph)
    assert done.unreadable == 1
    (row,) = await old.graph.read(query("MATCH (i:Identifier {namespace: 'phone'}) RETURN i.cipher AS cipher"))
    assert row["cipher"] == damaged


async def test_a_change_under_way_while_everything_turns_ends_in_the_log(old: Line, new: Line, redis: Redis) -> None:
    before, after = (Audit(line.graph, redis, line.keyring) for line in (old, new))
    async with after.log.change(entry("later")), before.log.change(entry("earlier")):
        await rotate(new.graph)
        assert used(await count_versions(new.graph, redis)) == {2}
    await after.turns()
    assert sorted(await after.actions()) == ["earlier", "later"]
    assert (await after.verify()).fault is None


_KEPT = query(
    """
    MATCH (n) WHERE NOT n:KeyVersion AND NOT n:KeyRotation
    RETURN elementId(n) AS n, properties(n) AS held
    """
)
_SET = query("MATCH (n) WHERE elementId(n) = $n SET n += $held", "WRITE")
_DAMAGE = query("MATCH (i:Identifier {namespace: 'phone'}) SET i.cipher = $cipher", "WRITE")
_HELD = query(
    """
    MATCH (n) WHERE n:Identifier OR n:Customer OR n:Event OR n:Call OR n:Observation OR n:Group
      OR n:Quarantined OR n:AuditBlock OR n:AuditNote OR n:User
    RETURN count(n) AS count
    """
)
