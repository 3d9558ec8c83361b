"""Everything turns to the current version of the secret, while calls come in and people are read."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from access.phones import open_phone, phone_index, seal_phone
from access.second_factor import place
from audit.chain import block_name
from base.clock import now_ms
from base.errors import ConfigurationFault, NotFound
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient, Transaction
from graph.repositories import keys as repository
from graph.repositories.audit import AuditNotes
from graph.repositories.customer import CustomerKey, CustomerRepository, ProfileNeed
from graph.repositories.event import EventsAsked
from graph.repositories.keys import HeldRow, RotationRecord
from graph.repositories.quarantine import QuarantineRow, put
from graph.repositories.user import create as create_user
from ingest.stream import IngestStream
from tests.support.audit import Audit, entry
from tests.support.line import Line, query
from tests.support.sealed import opened
from tests.support.sightings import sighting
from workers.keys import rotation
from workers.keys.rotation import count_versions, retire, rotate

OLD = "0f" * 32
RING = f"1:{OLD}\n2:{'aa' * 32}"
WHOLE = ProfileNeed(identifiers=True, events=EventsAsked(count=10))


def client_of(settings: Settings, secrets: str) -> GraphClient:
    return GraphClient.of(settings.model_copy(update={"secret_key": secrets}))


@pytest.fixture
def old(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    """An ingest worker before the rotation."""
    return Line.of(graph, redis, keyring)


@pytest_asyncio.fixture(loop_scope="session")
async def turning(settings: Settings) -> AsyncIterator[GraphClient]:
    """The graph as processes with both versions see it."""
    client = client_of(settings, RING)
    yield client
    await client.close()


@pytest.fixture
def new(turning: GraphClient, redis: Redis) -> Line:
    """An ingest worker that has both versions."""
    return Line.of(turning, redis, Keyring(RING))


def calls(people: Sequence[int]) -> list[dict[str, object]]:
    """Of each person an identify, a track and a group call; with a blocked value, a context and an unknown key."""
    found: list[dict[str, object]] = []
    for n in people:
        traits = {"name": f"Mia Keller{n}", "city": f"Basel {n}"}
        found += [
            sighting(10 * n, member=f"M{n}", phone=f"+86138000{n:05d}", traits=traits),
            {
                **sighting(10 * n + 1, kind="track", member=f"M{n}"),
                "properties": {"street": f"Rheingasse {n}"},
                "context": {
                    "ip": "203.0.113.9",
                    "traits": {"phone": "null"},
                    "consent": {"categoryPreferences": {"Advertising": True}},
                },
                "hint": "spring",
            },
            {**sighting(10 * n + 2, member=f"M{n}", group=f"home {n}"), "traits": {"doorbell": f"Keller {n}"}},
        ]
    return found


async def put_aside(line: Line) -> None:
    sealed = line.keyring.seal_entry(b'{"userId":"M"}')
    row = QuarantineRow(
        id="put-aside", message_id="m", source="s", kind="track", reason="R", detail="", at=1, sealed=sealed
    )
    await line.graph.write("test", lambda tx: put(tx, [row]))


async def read(line: Line, member: str) -> dict[str, object]:
    """A profile as people see it."""
    key = CustomerKey(uid=line.uid("user_id", member))
    found = (await CustomerRepository(line.graph).get_profiles([key], WHOLE))[key]
    assert found.identifiers is not None
    assert found.events is not None
    return {
        "attributes": {name: bytes(one.v) for name, one in found.attributes.items()},
        "identifiers": sorted(line.keyring.open_display(one.cipher, one.uid) for one in found.identifiers),
        "events": [bytes(one.properties) for one in found.events],
    }


async def nodes(graph: GraphClient) -> list[dict[str, object]]:
    """Everything that is kept, documents and displayed values opened."""
    rows = await graph.read(_KEPT)
    found = []
    for row in rows:
        held = opened(graph, row["held"])
        if "totp" in held:
            held["totp"] = graph.personal.keyring.open_display(held["totp"], place(held["phone"]))
            held["sealed"] = open_phone(graph.personal.keyring, held["sealed"], held["phone"])
        for name, bound in (("cipher", "uid"), ("blocked", "id")):
            if isinstance(held.get(name), bytes):
                held[name] = graph.personal.keyring.open_display(held[name], held[bound])
        if isinstance(held.get("sealed"), bytes):
            held["sealed"] = _unsealed(graph.personal.keyring, held)
        found.append(held)
    return sorted(found, key=repr)


def _unsealed(keyring: Keyring, held: Mapping[str, Any]) -> bytes:
    if "due" in held:
        return keyring.open_audit(held["sealed"], held["id"])
    if "last" in held:
        return keyring.open_audit(held["sealed"], block_name(held["last"]))
    return keyring.open_entry(held["sealed"])


async def log(line: Line) -> Audit:
    """An operation log of some entries, and a change that is under way."""
    audit = Audit(line.graph, line.redis, line.keyring)
    await audit.write(["a0", "a1"])
    await AuditNotes(line.graph).begin("n1", line.keyring.seal_audit(b"{}", "n1"), now_ms() + 600_000)
    return audit


async def sign_up(line: Line) -> None:
    """A user with a second factor."""
    phone = "+8613800138000"
    index = phone_index(line.keyring, phone)
    held = {"id": "usr_1", "sealed": seal_phone(line.keyring, phone), "name": "Ann", "status": "ACTIVE", "roles": []}
    held |= {"totp": line.keyring.seal_display("SECRET", place(index)), "password": "x", "must_change": False}
    held |= {"created_at": 1, "created_by": "cli"}
    await line.graph.write("test", lambda tx: create_user(tx, index, held))


def used(counted: Mapping[str, Mapping[int, int]]) -> set[int]:
    return {version for counts in counted.values() for version, count in counts.items() if count}


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


async def test_waiting_requests_are_counted_and_hold_their_version(new: Line, redis: Redis, keyring: Keyring) -> None:
    for ring in (keyring, new.keyring, new.keyring):
        await IngestStream(redis, ring).append(b"{}", "track", 1, "s", ["m"])
    assert (await count_versions(new.graph, redis))["ingest stream"] == {1: 1, 2: 2}


@pytest.mark.parametrize(
    ("secrets", "told"),
    [
        (f"1:{'bb' * 32}", "Version 1 .* is another"),
        (f"2:{OLD}", "Version 1 .* is missing"),
        (f"3:{'aa' * 32}\n4:{OLD}", "Version 1 .* is missing"),
        (f"1:{OLD}\n2:{'cc' * 32}", "Version 2 .* is another"),
        (OLD, "Version 2 .* is missing"),
    ],
)
async def test_wrong_and_missing_versions_are_told_at_the_start(
    new: Line, settings: Settings, secrets: str, told: str
) -> None:
    await repository.meet_versions(new.graph)
    wrong = client_of(settings, secrets)
    try:
        for start in (repository.check_versions, repository.meet_versions, rotate):
            with pytest.raises(ConfigurationFault, match=told):
                await start(wrong)
    finally:
        await wrong.close()
    await repository.check_versions(new.graph)


async def test_entries_of_the_operation_log_that_wait_hold_their_version(
    old: Line, new: Line, settings: Settings, redis: Redis
) -> None:
    three = client_of(settings, f"{RING}\n3:{'cc' * 32}")
    without = client_of(settings, f"1:{OLD}\n3:{'cc' * 32}")
    try:
        await repository.meet_versions(new.graph)
        await log(new)
        await rotate(three)
        await Audit(new.graph, redis, new.keyring).log.write(entry("waits"))
        with pytest.raises(ConfigurationFault, match="opens 1 in stream of the operation log"):
            await retire(three, redis, 2)
        await Audit(three, redis, three.personal.keyring).turns()

        await retire(three, redis, 2)

        # Nobody has the version any more, and the chain is the one that it was.
        audit = Audit(without, redis, without.personal.keyring)
        report = await audit.verify()
        assert (report.fault, report.entries) == (None, 3)
        assert await audit.actions() == ["a0", "a1", "waits"]
    finally:
        await three.close()
        await without.close()


async def test_a_change_under_way_while_everything_turns_ends_in_the_log(old: Line, new: Line, redis: Redis) -> None:
    before, after = (Audit(line.graph, redis, line.keyring) for line in (old, new))
    async with after.log.change(entry("later")), before.log.change(entry("earlier")):
        await rotate(new.graph)
        assert used(await count_versions(new.graph, redis)) == {2}
    await after.turns()
    assert sorted(await after.actions()) == ["earlier", "later"]
    assert (await after.verify()).fault is None


async def test_a_lower_version_than_the_first_is_refused(settings: Settings, redis: Redis) -> None:
    first, lower = client_of(settings, f"5:{OLD}"), client_of(settings, f"4:{'aa' * 32}\n5:{OLD}")
    try:
        await repository.meet_versions(first)
        with pytest.raises(ConfigurationFault, match=r"Version 4 .* lower than 5"):
            await repository.check_versions(lower)
    finally:
        await first.close()
        await lower.close()


async def test_another_key_is_told_in_a_graph_that_never_noted_any(old: Line, settings: Settings) -> None:
    await old.apply(*calls([1]))
    stranger = client_of(settings, "ee" * 32)
    try:
        with pytest.raises(ConfigurationFault, match="another than the data"):
            await repository.check_versions(stranger)
    finally:
        await stranger.close()


async def test_a_version_can_go_once_nothing_needs_it_and_not_before(
    new: Line, settings: Settings, redis: Redis
) -> None:
    three, without = client_of(settings, f"{RING}\n3:{'cc' * 32}"), client_of(settings, f"1:{OLD}\n3:{'cc' * 32}")
    back = client_of(settings, f"{RING}\n3:{'cc' * 32}\ncurrent:2")
    try:
        await repository.meet_versions(new.graph)
        await new.apply(*calls([1]))
        await IngestStream(redis, new.keyring).append(b"{}", "track", 1, "s", ["m"])
        for version, told in ((1, "found by"), (3, "current"), (2, "in events")):
            with pytest.raises(ConfigurationFault, match=told):
                await retire(three, redis, version)
        with pytest.raises(NotFound):
            await retire(three, redis, 9)
        await rotate(three)
        with pytest.raises(ConfigurationFault, match="opens 1 in ingest stream"):
            await retire(three, redis, 2)
        await redis.flushdb()
        with pytest.raises(ConfigurationFault, match=r"Version 2 .* missing"):
            await repository.check_versions(without)

        await retire(three, redis, 2)

        await repository.check_versions(without)
        assert await read(Line.of(without, redis, without.personal.keyring), "M1")
        # Whoever still has it and starts again leaves it retired; whoever writes with it does not.
        await repository.meet_versions(three)
        await repository.check_versions(without)
        await repository.meet_versions(back)
        with pytest.raises(ConfigurationFault, match=r"Version 2 .* missing"):
            await repository.check_versions(without)
    finally:
        await back.close()
        await three.close()
        await without.close()


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
