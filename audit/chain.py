"""The chain: each entry's hash covers the one before, its number and its bytes. Pure.

Entries lie in blocks: compressed and encrypted, 500 in each, so that a million reads a day are 2,000 records.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from audit.entry import Entry, decode
from base.errors import ConfigurationFault
from base.keys import AUDIT_LINK_BYTES, Keyring

BLOCK_ENTRIES: Final = 500
GENESIS: Final = bytes(AUDIT_LINK_BYTES)
COMPRESSION_LEVEL: Final = 6
# What the newest entries may unpack to; a damaged length must not fill the memory.
MAX_BLOCK_BYTES: Final = 8 * 1024 * 1024


class BlockFault(Exception):
    """A block that is not as it was written.

    Args:
        seq: the first entry that is wrong.
        text: in words.
    """

    def __init__(self, seq: int, text: str):
        super().__init__(text)
        self.seq = seq
        self.text = text


class Block(msgspec.Struct, frozen=True):
    """Consecutive entries, as stored.

    Args:
        first, last: their numbers.
        before: the hash of the entry in front of them.
        hash: of the last one.
        from_ms, to_ms: the instants that they lie in.
        facets: what they tell of, `m:` module, `a:` action, `u:` user, `o:` outcome, so that a search can pass over it.
        sealed: the hashes and the entries.
    """

    first: int
    last: int
    before: bytes
    hash: bytes
    from_ms: int
    to_ms: int
    facets: tuple[str, ...]
    sealed: bytes


class Head(msgspec.Struct, frozen=True):
    """How far the chain has come.

    Args:
        seq, hash: of the last entry; 0 and `GENESIS` before the first.
        stream: up to where the stream of entries is in the chain.
        removed_seq, removed_hash: the last entry that retention removed, from which the rest goes on.
    """

    seq: int = 0
    hash: bytes = GENESIS
    stream: str = "0-0"
    removed_seq: int = 0
    removed_hash: bytes = GENESIS


class Linked(msgspec.Struct, frozen=True, gc=False):
    """One entry's bytes in its place."""

    seq: int
    hash: bytes
    line: bytes


def link(keyring: Keyring, before: bytes, seq: int, line: bytes) -> bytes:
    """The hash of an entry."""
    return keyring.audit_link(before, seq.to_bytes(8, "big"), line)


def block_name(last: int) -> str:
    """What the ciphertext of a block is bound to: its last entry, which is its key."""
    return f"block {last}"


def pack(keyring: Keyring, first: int, before: bytes, lines: Sequence[bytes]) -> Block:
    """The block of these entries, one at least, behind the entry `before`."""
    hashes: list[bytes] = []
    for place, line in enumerate(lines):
        hashes.append(link(keyring, hashes[-1] if hashes else before, first + place, line))
    plain = b"".join(hashes) + b"\n".join(lines)
    from_ms, to_ms, facets = described([decode(line) for line in lines])
    last = first + len(lines) - 1
    sealed = keyring.seal_audit(zlib.compress(plain, COMPRESSION_LEVEL), block_name(last))
    return Block(first, last, before, hashes[-1], from_ms, to_ms, facets, sealed)


def unpack(keyring: Keyring, block: Block) -> list[Linked]:
    """The entries of a block, without looking at the chain.

    Raises:
        BlockFault: it does not open, or does not hold what it says.
    """
    try:
        opened = keyring.open_audit(block.sealed, block_name(block.last))
    except ConfigurationFault:
        raise BlockFault(
            block.first, "the block does not open: it was changed, or KITH_SECRET_KEY is another"
        ) from None
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(opened, MAX_BLOCK_BYTES)
    except zlib.error:
        raise BlockFault(block.first, "the block cannot be unpacked") from None
    count = block.last - block.first + 1
    cut = count * AUDIT_LINK_BYTES
    lines = plain[cut:].split(b"\n")
    if count < 1 or len(lines) != count or not inflater.eof:
        raise BlockFault(block.first, "the block holds another number of entries than it says")
    return [
        Linked(block.first + place, plain[place * AUDIT_LINK_BYTES : (place + 1) * AUDIT_LINK_BYTES], line)
        for place, line in enumerate(lines)
    ]


def check(keyring: Keyring, block: Block, before: bytes) -> list[Linked]:
    """The entries of a block that follows the entry of hash `before`, each compared with its hash.

    Raises:
        BlockFault: the first thing that is wrong.
    """
    linked = unpack(keyring, block)
    if block.before != before:
        raise BlockFault(block.first, "the entry does not follow the one before it")
    for one in linked:
        before = link(keyring, before, one.seq, one.line)
        if one.hash != before:
            raise BlockFault(one.seq, "the entry is not the one that was written")
    if block.hash != before:
        raise BlockFault(block.last, "the hash of the block is not that of its last entry")
    if (block.from_ms, block.to_ms, block.facets) != described([decode(one.line) for one in linked]):
        raise BlockFault(block.first, "what the block says of its entries is not true")
    return linked


def described(entries: Sequence[Entry]) -> tuple[int, int, tuple[str, ...]]:
    """Since when, until when, and the facets of entries."""
    at = [entry.at_ms for entry in entries]
    return min(at), max(at), tuple(sorted({facet for entry in entries for facet in _facets(entry)}))


def seal_head(keyring: Keyring, head: Head) -> bytes:
    """What proves a head; it is nobody's but the writer's."""
    return keyring.audit_link(b"head", msgspec.msgpack.encode(head))


def _facets(entry: Entry) -> Iterator[str]:
    yield f"m:{entry.module}"
    yield f"a:{entry.action}"
    yield f"u:{entry.user}"
    yield f"o:{entry.outcome.value}"
