"""How an entry gets into the log: what changes something by a note in the graph, everything else by the stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import msgspec
from redis.asyncio import Redis

from audit.entry import Entry, Outcome, decode, encode
from audit.stream import AuditStream
from base import logs
from base.clock import now_ms
from base.errors import ErrorCode, KithError, Unavailable
from base.ids import new_note_id
from base.keys import Keyring
from graph.client import GraphClient
from graph.repositories.audit import AuditNotes

# A change of the API ends within a minute; what has no outcome after two has none any more.
LONGEST_CHANGE_MS: Final = timedelta(minutes=2) // timedelta(milliseconds=1)
# A command may pass over a large file.
LONGEST_COMMAND_MS: Final = timedelta(hours=12) // timedelta(milliseconds=1)
# These are the service's own, not an answer to what was asked.
_FAILURES = frozenset({ErrorCode.UNAVAILABLE, ErrorCode.INTERNAL})

_log = logs.get_logger()


class Change:
    """A change under way; whoever makes it may say that it was refused without a fault."""

    __slots__ = ("code", "outcome")

    def __init__(self) -> None:
        self.outcome = Outcome.OK
        self.code: str | None = None

    def refused(self, code: ErrorCode) -> None:
        """It was understood and refused."""
        self.outcome, self.code = Outcome.REFUSED, code.value

    def failed(self, fault: BaseException) -> None:
        """It ended with a fault."""
        if isinstance(fault, KithError):
            self.code = fault.code.value
            self.outcome = Outcome.FAILED if fault.code in _FAILURES else Outcome.REFUSED
        else:
            self.outcome, self.code = Outcome.FAILED, ErrorCode.INTERNAL.value


class AuditLog:
    """The door for everybody who does something. One a process."""

    def __init__(self, graph: GraphClient, redis: Redis, keyring: Keyring):
        self._notes = AuditNotes(graph)
        self._stream = AuditStream(redis, keyring)
        self._keyring = keyring

    async def write(self, entry: Entry) -> None:
        """Keep an entry of what changed nothing; returns once it is in the stream.

        Raises:
            Unavailable: it is not kept, so what it tells of must not be shown.
        """
        await self._stream.append(entry)

    @asynccontextmanager
    async def change(self, entry: Entry, longest_ms: int = LONGEST_CHANGE_MS) -> AsyncIterator[Change]:
        """Note what is about to be changed, and with the end of the block what became of it.

        Without an end, because the process was killed, the entry says `UNKNOWN`.

        Raises:
            Unavailable: it cannot be noted; the block is not run.
        """
        id, change = new_note_id(), Change()
        intent = msgspec.structs.replace(entry, outcome=Outcome.UNKNOWN)
        await self._notes.begin(id, self._sealed(id, intent), now_ms() + longest_ms)
        try:
            yield change
        except BaseException as fault:
            change.failed(fault)
            raise
        finally:
            ended = msgspec.structs.replace(entry, outcome=change.outcome, code=change.code)
            try:
                await self._notes.end(id, self._sealed(id, ended))
            except Unavailable as fault:
                # It is done, and said to be begun: the answer must not say that it was not.
                _log.warning("outcome_not_noted", action=entry.action, fault=fault.message)

    def _sealed(self, id: str, entry: Entry) -> bytes:
        return self._keyring.seal_audit(encode(entry), id)


def open_note(keyring: Keyring, id: str, sealed: bytes) -> bytes:
    """The encoded entry of a note.

    Raises:
        ConfigurationFault: another key or note, or a damaged one.
        msgspec.DecodeError: no entry.
    """
    line = keyring.open_audit(sealed, id)
    decode(line)
    return line
