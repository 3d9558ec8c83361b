"""Entries on their way: concurrent ones share a round trip and an entry of the stream, and wait until it is written."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import msgspec
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from audit.entry import Entry, encode
from base import logs
from base.errors import ConfigurationFault, Unavailable
from base.keys import Keyring
from base.valkey import AUDIT_STREAM

# Entries that wait while a write is under way and go together with the next.
MAX_TOGETHER = 256
# Parts of the stream that may wait for a worker, each of 0.3 to 30 KB; past it nobody chains them, and reads are
# refused: a full server would refuse calls too.
MAX_WAITING = 200_000
# After so many parts the stream is asked how many wait.
LOOK_EVERY = 100
# How far back a part is looked for whose answer was lost with its connection.
LOOK_BACK = 64
_D = b"d"
_BOUND = "stream"

_log = logs.get_logger()
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[bytes]).decode


class Part(NamedTuple):
    """One entry of the stream: its id, and the encoded entries of the log in it; None when it does not open."""

    id: str
    lines: list[bytes] | None


class _Waiting(NamedTuple):
    line: bytes
    done: asyncio.Future[None]


class AuditStream:
    """The stream, for everybody who appends, and for the writer of the chain.

    Args:
        max_waiting: `append` refuses when so many parts are there.
    """

    def __init__(self, redis: Redis, keyring: Keyring, max_waiting: int = MAX_WAITING):
        self._redis: Any = redis
        self._keyring = keyring
        self._max_waiting = max_waiting
        self._until_look = 0
        self._waiting: list[_Waiting] = []
        self._flusher: asyncio.Task[None] | None = None

    async def append(self, entry: Entry) -> None:
        """Keep an entry; returns once the server has it.

        Raises:
            Unavailable: not kept, or not known to be.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(encode(entry), done))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        await done

    async def read(self, behind: str, count: int) -> list[Part]:
        """The next parts behind an id, oldest first.

        Raises:
            RedisError: the server is away.
        """
        rows = await self._redis.xrange(AUDIT_STREAM, min=f"({behind}", count=count)
        return [Part(id.decode(), self._open(fields[_D])) for id, fields in rows]

    async def last_id(self) -> str:
        """The id of the newest part that there ever was; `0-0` when there was none.

        Raises:
            RedisError: the server is away.
        """
        try:
            told: bytes = (await self._redis.xinfo_stream(AUDIT_STREAM))["last-generated-id"]
        except ResponseError:
            return "0-0"
        return told.decode()

    async def forget(self, until: str) -> None:
        """Remove parts up to and including an id.

        Raises:
            RedisError: the server is away.
        """
        time, _, number = until.partition("-")
        await self._redis.xtrim(AUDIT_STREAM, minid=f"{time}-{int(number) + 1}", approximate=False)

    def _open(self, sealed: bytes) -> list[bytes] | None:
        try:
            return _unpack(self._keyring.open_audit(sealed, _BOUND))
        except (ConfigurationFault, msgspec.DecodeError):
            return None

    async def _flush(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MAX_TOGETHER], self._waiting[MAX_TOGETHER:]
            fault: Exception | None = None
            try:
                await self._write([one.line for one in batch])
            except Exception as raised:
                fault = raised
            for one in batch:
                if one.done.done():
                    continue
                if fault is None:
                    one.done.set_result(None)
                else:
                    one.done.set_exception(_unavailable(fault))

    async def _write(self, lines: list[bytes]) -> None:
        if self._until_look <= 0:
            # Workers shorten the stream without our seeing it, and others fill it.
            room = self._max_waiting - int(await self._redis.xlen(AUDIT_STREAM))
            if room <= 0:
                raise Unavailable("The operation log is full.", hint="Start a role `worker`, which empties it.")
            self._until_look = min(LOOK_EVERY, room)
        self._until_look -= 1
        sealed = self._keyring.seal_audit(_pack(lines), _BOUND)
        try:
            await self._append(sealed)
        except RedisConnectionError:
            # A server that was restarted leaves dead connections in the pool; but the part may have arrived.
            if not await self._is_there(sealed):
                await self._append(sealed)

    async def _append(self, sealed: bytes) -> None:
        # The plain command: nothing of the answer has to be read but that it is one.
        await self._redis.execute_command("XADD", AUDIT_STREAM, "*", _D, sealed)

    async def _is_there(self, sealed: bytes) -> bool:
        rows = await self._redis.xrevrange(AUDIT_STREAM, count=LOOK_BACK)
        return any(fields[_D] == sealed for _, fields in rows)


def is_before(one: str, other: str) -> bool:
    """Whether a part was appended before another, by their ids."""
    return _place(one) < _place(other)


def _place(id: str) -> tuple[int, int]:
    time, _, number = id.partition("-")
    return int(time), int(number)


def _unavailable(fault: Exception) -> Unavailable:
    if isinstance(fault, Unavailable):
        return fault
    if not isinstance(fault, RedisError | OSError):
        _log.error("audit_failed", fault=type(fault).__name__, exc_info=fault)
    unavailable = Unavailable("The operation log cannot be written now.")
    unavailable.__cause__ = fault
    return unavailable
