"""Reading a request's body with bounds on bytes, unpacked bytes, bytes in flight and time."""

from __future__ import annotations

import asyncio
import zlib

from starlette.types import Receive

from ingest.faults import IngestCode, Refused
from ingest.limits import MAX_BATCH_BYTES

# All requests being read together hold at most this: about 128 batches of the largest size.
MAX_IN_FLIGHT_BYTES = 64 * 1024 * 1024
# A client that needs longer for half a megabyte holds room that others need. SDKs give up after 10 to 15 s themselves.
BODY_TIMEOUT_S = 30.0
# What is read and thrown away of an over-size body, so that the client gets to read the answer instead of a reset.
MAX_DRAIN_BYTES = 8 * 1024 * 1024
_GZIP_WINDOW_BITS = 31


class ClientLeft(Exception):
    """The client closed the connection before its body was complete; nobody is there to answer."""


class InFlight:
    """Room for the bodies that are being read or handled."""

    def __init__(self, max_bytes: int = MAX_IN_FLIGHT_BYTES):
        self._free_bytes = max_bytes

    def take(self, size_bytes: int) -> None:
        """Reserve room; `give_back` it.

        Raises:
            Refused: RATE_LIMITED, there is none now.
        """
        if size_bytes > self._free_bytes:
            raise Refused(IngestCode.RATE_LIMITED, "too many requests are under way", "Send the same calls again.")
        self._free_bytes -= size_bytes

    def give_back(self, size_bytes: int) -> None:
        """Return room that was taken."""
        self._free_bytes += size_bytes


class BodyReader:
    """The body of one request; a context manager, so that its room is given back whatever happens."""

    def __init__(self, receive: Receive, in_flight: InFlight):
        self._receive = receive
        self._in_flight = in_flight
        self._taken_bytes = 0

    def __enter__(self) -> BodyReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._in_flight.give_back(self._taken_bytes)

    async def read(self, content_encoding: bytes) -> bytes:
        """The whole body, unpacked.

        Raises:
            Refused: too large (packed or unpacked), not gzip, too slow, an unknown encoding, or no room.
            ClientLeft: the connection was closed.
        """
        if content_encoding not in (b"", b"identity", b"gzip", b"x-gzip"):
            raise Refused(IngestCode.UNSUPPORTED_MEDIA_TYPE, "the content encoding is neither gzip nor identity")
        message = await self._receive()
        body: bytes = message.get("body", b"")
        if message["type"] == "http.disconnect":
            raise ClientLeft
        self._take(len(body))
        if message.get("more_body"):
            try:
                async with asyncio.timeout(BODY_TIMEOUT_S):
                    body = await self._read_rest(body)
            except TimeoutError:
                raise Refused(IngestCode.TOO_SLOW, f"the body took longer than {BODY_TIMEOUT_S:.0f} s") from None
        if len(body) > MAX_BATCH_BYTES:
            raise _too_large()
        return self._unpack(body) if content_encoding.endswith(b"gzip") else body

    async def _read_rest(self, first: bytes) -> bytes:
        chunks, size_bytes = [first], len(first)
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientLeft
            chunk: bytes = message.get("body", b"")
            size_bytes += len(chunk)
            if size_bytes > MAX_DRAIN_BYTES:
                raise _too_large()
            if size_bytes <= MAX_BATCH_BYTES:
                self._take(len(chunk))
                chunks.append(chunk)
            if not message.get("more_body"):
                break
        if size_bytes > MAX_BATCH_BYTES:
            raise _too_large()
        return b"".join(chunks)

    def _unpack(self, packed: bytes) -> bytes:
        """At most one byte more than the limit is ever unpacked, however small the bomb."""
        unpacked = b""
        try:
            while packed:
                unpacker = zlib.decompressobj(_GZIP_WINDOW_BITS)
                unpacked += unpacker.decompress(packed, MAX_BATCH_BYTES + 1 - len(unpacked))
                if len(unpacked) > MAX_BATCH_BYTES:
                    raise _too_large()
                if not unpacker.eof:
                    raise Refused(IngestCode.MALFORMED_GZIP, "the gzip body is cut off")
                # Several members one after the other are one body; zero bytes after the last are padding.
                packed = unpacker.unused_data.lstrip(b"\0")
        except zlib.error:
            raise Refused(IngestCode.MALFORMED_GZIP, "the body is not gzip") from None
        self._take(len(unpacked))
        return unpacked

    def _take(self, size_bytes: int) -> None:
        self._in_flight.take(size_bytes)
        self._taken_bytes += size_bytes


def _too_large() -> Refused:
    return Refused(
        IngestCode.TOO_LARGE, f"a request holds at most {MAX_BATCH_BYTES} bytes, unpacked", "Send smaller batches."
    )
