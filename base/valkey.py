"""Names of everything Kith keeps in Redis or Valkey, and the one way to connect."""

from __future__ import annotations

from redis.asyncio import Redis

PREFIX = "kith:"
# Accepted calls that wait to be applied. Field b"d": sealed payload; field b"m": 8-byte hashes of message ids.
INGEST_STREAM = PREFIX + "ingest"
INGEST_GROUP = "appliers"
# Published changes; the entry id is `<position>-0`, so positions are gapless and a repeat is refused.
CHANGES_STREAM = PREFIX + "changes"
# Calls that could not be applied. Hash: id -> sealed record.
QUARANTINE_HASH = PREFIX + "quarantine"
ARQ_QUEUE = PREFIX + "jobs"
# Questions to the columnar store.
QUESTIONS_QUEUE = PREFIX + "questions"
# JSON: what the columnar store does at the moment; gone when nobody has told for a while.
PROJECTION_STATE = PREFIX + "projection"
# Set by whoever wants the columnar store to be built anew.
PROJECTION_WANTED = PREFIX + "projection:rebuild"
# Hash: role instance -> JSON of its last heartbeat.
HEARTBEATS_HASH = PREFIX + "heartbeats"

# A reply slower than this is a fault; blocking reads add their own time.
SOCKET_TIMEOUT_S = 10.0


def connect(url: str) -> Redis:
    """A client with bytes in and bytes out; connects on first use, with health checks. No I/O."""
    return Redis.from_url(  # type: ignore[no-any-return]
        url, socket_timeout=SOCKET_TIMEOUT_S, socket_connect_timeout=3.0, health_check_interval=15
    )
