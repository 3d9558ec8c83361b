"""A load generator over raw sockets: keep-alive, one request at a time a connection, bodies made beforehand.

A general HTTP client would use more CPU than the service it measures, on the same two cores.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from bench.histogram import Histogram

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"
# A generator that cannot keep its own schedule measures itself.
TICK_S = 0.001
ANSWER_TIMEOUT_S = 30.0


def post(host: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A whole POST request with a JSON body, ready for the socket."""
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + _END_OF_HEAD + body


@dataclass(slots=True)
class Load:
    """What came of a run. `statuses` counts answers by HTTP status; 0 is a lost connection."""

    latency: Histogram = field(default_factory=Histogram)
    statuses: Counter[int] = field(default_factory=Counter)
    elapsed_s: float = 0.0
    # Open loop only: how late requests left, which the latencies include.
    delay: Histogram = field(default_factory=Histogram)

    @property
    def answered(self) -> int:
        """Answers with status 200."""
        return self.statuses[200]

    @property
    def per_second(self) -> float:
        """Answers with status 200 a second."""
        return self.answered / self.elapsed_s if self.elapsed_s else 0.0


class Connection(asyncio.Protocol):
    """One connection; calls `answered(connection, status, body)` for each answer, status 0 when it is lost."""

    def __init__(self, answered: Callable[[Connection, int, bytes], None]):
        self._answered = answered
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._waiting = False
        # When the request on its way was due, for the caller.
        self.due_s = 0.0

    def send(self, request: bytes) -> None:
        """Send one request; the answer to the last must have come."""
        assert self._transport is not None
        assert not self._waiting
        if self._transport.is_closing():
            asyncio.get_running_loop().call_soon(self._answered, self, 0, b"")
            return
        self._waiting = True
        self._transport.write(request)

    def close(self) -> None:
        """Close; no more answers are reported."""
        self._waiting = False
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not inherit from asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting:
            self._waiting = False
            self._answered(self, 0, b"")

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_end = self._received.find(_END_OF_HEAD)
        if head_end < 0:
            return
        head = bytes(self._received[:head_end]).lower()
        length_at = head.find(_LENGTH)
        if length_at < 0:
            raise ValueError("an answer without content-length")
        line_end = head.find(b"\r\n", length_at + 2)
        length = int(head[length_at + len(_LENGTH) : line_end if line_end > 0 else len(head)])
        end = head_end + len(_END_OF_HEAD) + length
        if len(self._received) < end:
            return
        body = bytes(self._received[end - length : end])
        del self._received[:end]
        self._waiting = False
        self._answered(self, int(head[9:12]), body)


async def run_closed(
    host: str,
    port: int,
    requests: Iterator[bytes],
    *,
    connections: int,
    duration_s: float,
    on_answer: Callable[[int, bytes], None] | None = None,
    may_send: Callable[[], bool] | None = None,
) -> Load:
    """Each connection sends its next request when it has its answer, for `duration_s` or until there are no more.

    Args:
        may_send: asked before each request; while it says no, the connection waits.
    """
    load = Load()
    loop = asyncio.get_running_loop()
    started_s = time.perf_counter()
    open_count = connections
    done: asyncio.Future[None] = loop.create_future()

    def next_request(connection: Connection) -> None:
        nonlocal open_count
        now_s = time.perf_counter()
        if may_send is not None and not may_send() and now_s - started_s < duration_s:
            loop.call_later(0.01, next_request, connection)
            return
        request = next(requests, None) if now_s - started_s < duration_s else None
        if request is None:
            connection.close()
            open_count -= 1
            if not open_count and not done.done():
                done.set_result(None)
            return
        connection.due_s = time.perf_counter()
        connection.send(request)

    def answered(connection: Connection, status: int, body: bytes) -> None:
        nonlocal open_count
        load.latency.add(time.perf_counter() - connection.due_s)
        load.statuses[status] += 1
        try:
            if on_answer is not None:
                on_answer(status, body)
            if status:
                next_request(connection)
                return
        except Exception as fault:
            # An exception would end in the event loop's log and leave the run waiting.
            if not done.done():
                done.set_exception(fault)
        open_count -= 1
        if not open_count and not done.done():
            done.set_result(None)

    opened = [await _connect(host, port, answered) for _ in range(connections)]
    try:
        for connection in opened:
            next_request(connection)
        await asyncio.wait_for(done, duration_s + ANSWER_TIMEOUT_S)
    finally:
        for connection in opened:
            connection.close()
    load.elapsed_s = time.perf_counter() - started_s
    return load


async def run_open(
    host: str,
    port: int,
    requests: Iterator[bytes],
    *,
    connections: int,
    duration_s: float,
    per_second: float,
    on_send: Callable[[int], None] | None = None,
    on_answer: Callable[[int, bytes], None] | None = None,
) -> Load:
    """Requests leave on a schedule, whatever the answers do; latencies count from when a request was due.

    Args:
        on_send: told the number of each request, from 0, when it was due and is sent.
    """
    load = Load()
    idle: deque[Connection] = deque()
    due: deque[tuple[float, bytes]] = deque()
    under_way = 0
    # Exists when the schedule has ended and only answers are missing.
    complete: asyncio.Event | None = None

    def answered(connection: Connection, status: int, body: bytes) -> None:
        nonlocal under_way
        under_way -= 1
        load.latency.add(time.perf_counter() - connection.due_s)
        load.statuses[status] += 1
        if on_answer is not None:
            on_answer(status, body)
        if status:
            idle.append(connection)
            send_due()
        if complete is not None and not due and not under_way:
            complete.set()

    def send_due() -> None:
        nonlocal under_way
        while due and idle:
            due_s, request = due.popleft()
            connection = idle.popleft()
            connection.due_s = due_s
            load.delay.add(time.perf_counter() - due_s)
            connection.send(request)
            under_way += 1

    idle.extend([await _connect(host, port, answered) for _ in range(connections)])
    everybody = list(idle)
    started_s = time.perf_counter()
    total = int(duration_s * per_second)
    for number in range(total):
        due_s = started_s + number / per_second
        await _until(due_s)
        request = next(requests, None)
        if request is None:
            break
        if on_send is not None:
            on_send(number)
        due.append((due_s, request))
        send_due()
        if number % 50 == 0:
            await asyncio.sleep(0)
    complete = asyncio.Event()
    if due or under_way:
        with suppress(TimeoutError):
            await asyncio.wait_for(complete.wait(), ANSWER_TIMEOUT_S)
    load.elapsed_s = time.perf_counter() - started_s
    for connection in everybody:
        connection.close()
    return load


async def _until(due_s: float) -> None:
    """Wait until an instant of `time.perf_counter`; always lets others run after a pause."""
    for _ in range(1_000_000):
        early_s = due_s - time.perf_counter()
        if early_s <= 0:
            return
        await asyncio.sleep(max(early_s, TICK_S))


async def _connect(host: str, port: int, answered: Callable[[Connection, int, bytes], None]) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(lambda: Connection(answered), host, port)
    return connection
