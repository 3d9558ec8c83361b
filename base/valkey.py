"""Names of everything Kith keeps in Redis or Valkey, and the one way to connect."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from ssl import TLSVersion

from redis import exceptions
from redis.asyncio import Connection, ConnectionPool, Redis, SSLConnection, UnixDomainSocketConnection

PREFIX = "kith:"
# Accepted calls that wait to be applied. Field b"d": sealed payload; field b"m": 8-byte hashes of message ids.
INGEST_STREAM = PREFIX + "ingest"
INGEST_GROUP = "appliers"
# Published changes; the entry id is `<position>-0`, so positions are gapless and a repeat is refused.
CHANGES_STREAM = PREFIX + "changes"
ARQ_QUEUE = PREFIX + "jobs"
# Questions to the columnar store.
QUESTIONS_QUEUE = PREFIX + "questions"
# JSON: what the columnar store does at the moment; gone when nobody has told for a while.
PROJECTION_STATE = PREFIX + "projection"
# Set by whoever wants the columnar store to be built anew.
PROJECTION_WANTED = PREFIX + "projection:rebuild"
# Entries of the operation log that no worker has chained yet. Field b"d": a sealed list of them.
AUDIT_STREAM = PREFIX + "audit"
# JSON: how far the operation log has come, a second record beside that of Neo4j.
AUDIT_HEAD = PREFIX + "audit:head"
# Hash: role instance -> JSON of its last heartbeat.
HEARTBEATS_HASH = PREFIX + "heartbeats"
# + blind index of a user or address. Hash: tries, until: no further try before, ms.
SIGN_IN_PREFIX = PREFIX + "sign-in:"
# Token buckets of keys and users: hashes that are gone when nobody has used them for as long as it takes to fill one.
RATE_PREFIX = PREFIX + "rate:"

# A reply slower than this is a fault; blocking reads add their own time.
SOCKET_TIMEOUT_S = 10.0


class _HearsCancel:
    """A connection on which no cancellation of a task is lost.

    TRICKY: redis-py bounds the sending of a command by `asyncio.wait_for`. Before Python 3.12 that returns as usual if
    a task is cancelled in the very turn of the event loop in which the command has been sent, and a loop that lives on
    commands would never end.
    """

    socket_timeout: float | None

    async def send_packed_command(self, command: bytes | str | Iterable[bytes], check_health: bool = True) -> None:
        # The client's own bound is off meanwhile; replies have theirs.
        reply_timeout_s, self.socket_timeout = self.socket_timeout, None
        try:
            async with asyncio.timeout(reply_timeout_s):
                await super().send_packed_command(command, check_health)  # type: ignore[misc]
        except TimeoutError as fault:
            raise exceptions.TimeoutError("Timeout writing to socket") from fault
        finally:
            self.socket_timeout = reply_timeout_s


class _Tcp(_HearsCancel, Connection):
    pass


class _Tls(_HearsCancel, SSLConnection):
    pass


class _Unix(_HearsCancel, UnixDomainSocketConnection):
    pass


_HEARING = {Connection: _Tcp, SSLConnection: _Tls, UnixDomainSocketConnection: _Unix}


def connect(url: str) -> Redis:
    """A client with bytes in and bytes out; connects on first use, with health checks. No I/O."""
    pool = ConnectionPool.from_url(
        url, socket_timeout=SOCKET_TIMEOUT_S, socket_connect_timeout=3.0, health_check_interval=15
    )
    if pool.connection_class is SSLConnection:
        # The client looks at the certificate's signature alone unless it is told to read the name, too.
        pool.connection_kwargs |= {"ssl_check_hostname": True, "ssl_min_version": TLSVersion.TLSv1_2}
    # The scheme of the address chose the class.
    pool.connection_class = _HEARING[pool.connection_class]
    return Redis.from_pool(pool)
