"""Asks a Neo4j on loopback to run a statement: the one question that tells whether it can work.

Neo4j keeps its port open after its database has stopped for good (a full disk is enough), so a connection alone proves
nothing. Spoken here in a few bytes of Bolt 4.4, with the standard library only: the guard has no driver.
Source: the Bolt protocol and PackStream specifications.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping

LOOPBACK = "127.0.0.1"
# The magic number, then four proposals: version 4.4 and nothing else.
HANDSHAKE = bytes.fromhex("6060b017 00000404 00000000 00000000 00000000")
ACCEPTED = bytes.fromhex("00000404")
HELLO, RUN, PULL_ALL, GOODBYE = b"\xb1\x01", b"\xb3\x10", b"\xb1\x3f\xa1\x81n\xff", b"\xb0\x02"
# It must be a statement: a bare BEGIN succeeds on a stopped database, because the transaction is opened later.
STATEMENT = "RETURN 1"
SUCCESS, RECORD = 0x70, 0x71
MAX_TINY = 15
_CODE = re.compile(rb"Neo\.[A-Za-z.]+")


def failure(port: int, user: str, password: str, timeout_s: float) -> str | None:
    """Connect, log in, run a statement, leave.

    Returns:
        None when all of it works, else the server's code, e.g. `Neo.DatabaseError.Transaction.TransactionStartFailed`.

    Raises:
        OSError: nobody listens, the answer takes longer than `timeout_s`, or it is no Bolt.
    """
    with socket.create_connection((LOOPBACK, port), timeout_s) as link, link.makefile("rb") as answers:
        link.settimeout(timeout_s)
        link.sendall(HANDSHAKE)
        if answers.read(4) != ACCEPTED:
            raise OSError("no Bolt server")
        login = {"user_agent": "kith/1", "scheme": "basic", "principal": user, "credentials": password}
        # The row is fetched too: to leave before would be logged as a broken connection each time.
        for message in (HELLO + _map(login), RUN + _text(STATEMENT) + _map({}) + _map({}), PULL_ALL):
            link.sendall(_chunked(message))
            while (answer := _read_message(answers.read))[1] == RECORD:
                pass
            if answer[1] != SUCCESS:
                code = _CODE.search(answer)
                return code[0].decode() if code else "unknown"
        link.sendall(_chunked(GOODBYE))
    return None


def _read_message(read: Callable[[int], bytes]) -> bytes:
    message = b""
    while True:
        size = int.from_bytes(_exactly(read(2), 2), "big")
        if size:
            message += _exactly(read(size), size)
        # A lone end is a sign of life between messages.
        elif message:
            return message


def _exactly(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise OSError("the connection was closed")
    return data


def _chunked(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message + b"\x00\x00"


def _map(pairs: Mapping[str, str]) -> bytes:
    return bytes([0xA0 + len(pairs)]) + b"".join(_text(name) + _text(value) for name, value in pairs.items())


def _text(text: str) -> bytes:
    raw = text.encode()
    head = bytes([0x80 + len(raw)]) if len(raw) <= MAX_TINY else b"\xd0" + bytes([len(raw)])
    return head + raw
