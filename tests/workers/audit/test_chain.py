"""What is in the chain stays there, and what was done to it is found."""

from __future__ import annotations

import zlib

import msgspec
import pytest

from audit import chain
from audit import writer as writing
from audit.chain import Block, block_name, pack, unpack
from audit.search import NEWEST, Wanted
from base.keys import Keyring
from base.valkey import AUDIT_HEAD
from tests.support.audit import Audit, entry

GET = "MATCH (b:AuditBlock {last: $last}) RETURN b {.*} AS block"
SET = "MATCH (b:AuditBlock {last: $last}) SET b += $block"


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "BLOCK_ENTRIES", 4)


async def _block(audit: Audit, last: int) -> Block:
    row = (await audit.run(GET, last=last))[0]["block"]
    return msgspec.convert({name: bytes(v) if isinstance(v, bytearray) else v for name, v in row.items()}, Block)


async def _set(audit: Audit, ending: int, **properties: object) -> None:
    await audit.run(SET, last=ending, block=properties)


def _repacked(keyring: Keyring, block: Block, lines: list[bytes], hashes: list[bytes]) -> bytes:
    plain = b"".join(hashes) + b"\n".join(lines)
    return keyring.seal_audit(zlib.compress(plain), block_name(block.last))


async def test_what_is_written_is_there_in_order_and_verifies(audit: Audit) -> None:
    actions = [f"a{n}" for n in range(10)]
    await audit.write(actions[:3])
    await audit.write(actions[3:])

    assert await audit.actions() == actions
    report = await audit.verify()
    assert (report.fault, report.entries, report.head.seq, report.marked) == (None, 10, 10, True)
    assert [row["n"] for row in await audit.run("MATCH (b:AuditBlock) RETURN b.last AS n ORDER BY n")] == [4, 8, 10]


async def test_nothing_was_written_and_that_is_right(audit: Audit) -> None:
    await audit.writer.turn()

    assert (await audit.verify()).fault is None


@pytest.mark.parametrize("place", [0, 1, 20, -1])
async def test_a_changed_byte_is_found(audit: Audit, place: int) -> None:
    await audit.write([f"a{n}" for n in range(10)])
    sealed = bytearray((await _block(audit, 8)).sealed)
    sealed[place] ^= 1
    await _set(audit, 8, sealed=bytes(sealed))

    fault = (await audit.verify()).fault
    assert fault is not None
    assert fault.seq == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("first", 6),
        ("before", bytes(16)),
        ("hash", bytes(16)),
        ("from_ms", 5),
        ("to_ms", 5),
        ("facets", ["m:tag"]),
        ("sealed", "text"),
        ("sealed", None),
    ],
)
async def test_a_changed_property_is_found(audit: Audit, name: str, value: object) -> None:
    await audit.write([f"a{n}" for n in range(10)])
    await _set(audit, 8, **{name: value})

    fault = (await audit.verify()).fault
    assert fault is not None
    assert 5 <= fault.seq <= 8


async def test_a_changed_entry_is_found_by_number_even_when_it_was_encrypted_anew(audit: Audit) -> None:
    await audit.write([f"a{n}" for n in range(10)])
    block = await _block(audit, 8)
    linked = unpack(audit.keyring, block)
    lines = [one.line for one in linked]
    lines[2] = lines[2].replace(b"Ann", b"Bob")
    await _set(audit, 8, sealed=_repacked(audit.keyring, block, lines, [one.hash for one in linked]))

    fault = (await audit.verify()).fault
    assert fault is not None
    assert fault.seq == 7


async def test_two_swapped_entries_are_found(audit: Audit) -> None:
    await audit.write([f"a{n}" for n in range(10)])
    block = await _block(audit, 8)
    linked = unpack(audit.keyring, block)
    linked[1], linked[2] = linked[2], linked[1]
    await _set(audit, 8, sealed=_repacked(audit.keyring, block, [o.line for o in linked], [o.hash for o in linked]))

    fault = (await audit.verify()).fault
    assert fault is not None
    assert fault.seq == 6


async def test_two_swapped_blocks_are_found(audit: Audit) -> None:
    await audit.write([f"a{n}" for n in range(10)])
    one, other = await _block(audit, 4), await _block(audit, 8)
    await _set(audit, 4, sealed=other.sealed)
    await _set(audit, 8, sealed=one.sealed)

    fault = (await audit.verify()).fault
    assert fault is not None
    assert fault.seq == 1


async def test_a_removed_entry_is_found_even_by_who_has_the_keys(audit: Audit) -> None:
    await audit.write([f"a{n}" for n in range(10)])
    block = await _block(audit, 8)
    lines = [one.line for one in unpack(audit.keyring, block)]
    made = pack(audit.keyring, 5, block.before, [lines[0], lines[2], lines[3], lines[3]])
    properties = {**msgspec.structs.asdict(made), "facets": list(made.facets)}
    await audit.run(SET, last=8, block=properties)

    fault = (await audit.verify()).fault
    assert fault is not None
    # The block is as good as it can be made; the next one does not follow it.
    assert fault.seq == 9


@pytest.mark.parametrize(("last", "seq"), [(4, 1), (8, 5), (10, 9)])
async def test_a_removed_block_is_found(audit: Audit, last: int, seq: int) -> None:
    await audit.write([f"a{n}" for n in range(10)])
    await audit.run("MATCH (b:AuditBlock {last: $last}) DELETE b", last=last)

    fault = (await audit.verify()).fault
    assert fault is not None
    assert fault.seq == seq


async def test_an_end_that_was_cut_with_its_head_is_found_by_the_mark_in_valkey(audit: Audit) -> None:
    await audit.write([f"a{n}" for n in range(8)])
    before = (await audit.run("MATCH (h:AuditHead) RETURN h {.*} AS head"))[0]["head"]
    await audit.write(["a8", "a9"])
    await audit.run(
        "MATCH (b:AuditBlock {last: 10}) DELETE b WITH 1 AS x MATCH (h:AuditHead) SET h = $h", h=dict(before)
    )

    fault = (await audit.verify()).fault
    assert fault is not None
    assert fault.seq == 9

    # Going on does not hide it.
    await audit.write(["later"])
    report = await audit.verify()
    assert report.fault is None
    assert report.remarks == {9: "headBehind 10"}


async def test_an_end_that_was_cut_everywhere_is_found_by_a_mark_that_somebody_kept(audit: Audit) -> None:
    await audit.write([f"a{n}" for n in range(8)])
    before = (await audit.run("MATCH (h:AuditHead) RETURN h {.*} AS head"))[0]["head"]
    mark = await audit.redis.get(AUDIT_HEAD)
    await audit.write(["a8", "a9"])
    kept = (await audit.verify()).head
    await audit.run(
        "MATCH (b:AuditBlock {last: 10}) DELETE b WITH 1 AS x MATCH (h:AuditHead) SET h = $h", h=dict(before)
    )
    await audit.redis.set(AUDIT_HEAD, mark)

    assert (await audit.verify()).fault is None
    fault = (await audit.verify({kept.seq: kept.hash})).fault
    assert fault is not None
    assert fault.seq == 9
    await audit.write(["b8", "b9"])
    fault = (await audit.verify({kept.seq: kept.hash})).fault
    assert fault is not None
    assert fault.seq == 10


@pytest.mark.parametrize("change", ["SET h.seq = 8", "SET h.removed_seq = 4", "SET h.stream = '0-0'", "DELETE h"])
async def test_a_changed_head_is_found_and_told_in_the_chain(audit: Audit, change: str) -> None:
    await audit.write([f"a{n}" for n in range(10)])
    await audit.run(f"MATCH (h:AuditHead) {change}")

    assert (await audit.verify()).fault is not None

    await audit.write(["later"])
    report = await audit.verify()
    assert report.fault is None
    assert report.remarks == {11: "headDamaged"}
    assert await audit.actions() == [*(f"a{n}" for n in range(10)), "headDamaged", "later"]


async def test_a_damaged_end_is_not_written_over(audit: Audit) -> None:
    await audit.write(["a0", "a1"])
    await _set(audit, 2, sealed=b"\x01nothing")
    await audit.write(["a2"])

    fault = (await audit.verify()).fault
    assert fault is not None
    assert fault.seq == 1
    assert [row["n"] for row in await audit.run("MATCH (b:AuditBlock) RETURN b.last AS n ORDER BY n")] == [2, 3]


async def test_another_key_opens_nothing(audit: Audit) -> None:
    await audit.write(["a0"])
    other = Audit(audit.graph, audit.redis, Keyring("ab" * 32))

    assert (await other.verify()).fault is not None
    assert (await other.search.page(Wanted(), NEWEST, 10)).entries == []


async def test_retention_removes_the_oldest_and_the_rest_verifies(audit: Audit) -> None:
    for n in range(10):
        await audit.log.write(entry(f"a{n}", at_ms=1_000 + n))
    await audit.writer.turn()

    assert await audit.writer.forget(1_009) == 8
    assert await audit.actions() == ["a8", "a9"]
    report = await audit.verify()
    assert (report.fault, report.entries, report.head.removed_seq) == (None, 2, 8)

    assert await audit.writer.forget(1_009) == 0
    assert await audit.writer.forget(5_000) == 2
    assert (await audit.verify()).fault is None
    await audit.write(["later"])
    assert [one.seq for one in await audit.all()] == [11]
    assert (await audit.verify()).fault is None


async def test_retention_does_not_believe_what_a_block_says_of_itself(audit: Audit) -> None:
    await audit.write([f"a{n}" for n in range(10)])
    await _set(audit, 4, from_ms=0, to_ms=0)

    with pytest.raises(chain.BlockFault):
        await audit.writer.forget(1_000)

    assert len(await audit.actions()) == 10
