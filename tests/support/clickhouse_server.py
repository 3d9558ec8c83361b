"""ClickHouse's HTTP interface before the real engine (chdb), in a process of its own, for a real client.

Statements run one after the other. What the interface does beside that is here: users, the database, parameters,
settings, inserts with a body, tables that come with a statement, and faults with their code in a header.
"""

from __future__ import annotations

import asyncio
import base64
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

USER, PASSWORD, DATABASE = "kith", "s3cret-of-clickhouse", "columns"
READY_WITHIN_S = 30.0
_NO_SETTINGS = {"query", "database", "query_id", "default_format", "client_protocol_version", "session_id"}
_IGNORED = re.compile(r"param_|.*_(structure|format|types)$|wait_end_of_query|send_progress|http_|.*compression")
_INSERT = re.compile(rb"\s*(INSERT INTO .*?) FORMAT (\w+)\s*", re.DOTALL | re.IGNORECASE)
_CODE = re.compile(r"Code: (\d+)")


class Engine:
    """chdb with a folder."""

    def __init__(self, folder: str):
        from chdb.session import Session

        self._session = Session(folder)
        self._lock = Lock()
        self._settings: dict[str, str] = {}
        self._run(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")
        self._run(f"USE {DATABASE}")

    def answer(
        self,
        statement: str,
        form: str,
        values: dict[str, str],
        settings: dict[str, str],
        shown: dict[str, tuple[bytes, str, str]],
        body: tuple[bytes, str] | None,
    ) -> bytes:
        with self._lock, tempfile.TemporaryDirectory() as folder:
            for name, value in settings.items():
                if self._settings.get(name) != value:
                    self._run(f"SET {name} = {value if value.isdigit() else repr(value)}")
                    self._settings[name] = value
            if body is not None:
                path = Path(folder) / "body"
                path.write_bytes(body[0])
                columns = re.search(r"\((.*)\)\s*$", statement)
                assert columns is not None
                statement = f"{statement} SELECT {columns[1]} FROM file('{path}', '{body[1]}')"
            try:
                for name, (data, kind, structure) in shown.items():
                    path = Path(folder) / name
                    path.write_bytes(data)
                    self._run(
                        f"CREATE TABLE {name} ENGINE = Memory AS SELECT * FROM file('{path}', '{kind}', '{structure}')"
                    )
                return self._run(statement, form, values)
            finally:
                for name in shown:
                    self._run(f"DROP TABLE IF EXISTS {name}")

    def _run(self, statement: str, form: str = "TabSeparated", values: dict[str, str] | None = None) -> bytes:
        answer: Any = self._session.query(statement, form, params=values or None)
        return answer if isinstance(answer, bytes) else answer.bytes()


def application(folder: str) -> Starlette:
    engine = Engine(folder)

    async def ask(request: Request) -> Response:
        user, password = _user(request)
        if (user, password) != (USER, PASSWORD):
            return _fault(403, 516, f"{user}: Authentication failed (AUTHENTICATION_FAILED)")
        asked = dict(request.query_params)
        if asked.get("database", DATABASE) != DATABASE:
            return _fault(404, 81, f"Database {asked['database']} does not exist. (UNKNOWN_DATABASE)")
        shown: dict[str, tuple[bytes, str, str]] = {}
        body, statement = None, asked.get("query", "")
        if request.headers.get("content-type", "").startswith("multipart/"):
            for name, is_file, part in _parts(request.headers["content-type"], await request.body()):
                if is_file:
                    shown[name] = (part, asked[f"{name}_format"], asked[f"{name}_structure"])
                else:
                    asked[name] = part.decode()
            statement = asked.get("query", "")
        else:
            sent = await request.body()
            data = f"{statement} ".encode() + sent if statement else sent
            if (insert := _INSERT.match(data)) is not None:
                statement, body = insert[1].decode(), (data[insert.end() :], insert[2].decode())
            elif not statement:
                statement = sent.decode()
        settings = {k: v for k, v in asked.items() if k not in _NO_SETTINGS and not _IGNORED.match(k)}
        values = {k.removeprefix("param_"): v for k, v in asked.items() if k.startswith("param_")}
        form_ = asked.get("default_format", "TabSeparated")
        try:
            answer = await run_in_threadpool(engine.answer, statement, form_, values, settings, shown, body)
        except Exception as fault:
            code = _CODE.search(str(fault))
            return _fault(500, int(code[1]) if code else 1002, str(fault))
        found = re.search(r"FORMAT (\w+)\s*$", statement)
        return Response(answer, headers={"X-ClickHouse-Format": found[1] if found else form_})

    return Starlette(routes=[Route("/", ask, methods=["GET", "POST"]), Route("/ping", lambda request: Response("Ok."))])


def _parts(content_type: str, body: bytes) -> Iterator[tuple[str, bool, bytes]]:
    """Name, whether it is a file, and content of each part of a form."""
    boundary = content_type.partition("boundary=")[2].strip('"').encode()
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]+)"', head)
        assert name is not None
        yield name[1].decode(), b"filename=" in head, content


def _user(request: Request) -> tuple[str, str]:
    named = request.headers.get("authorization", "")
    if named.startswith("Basic "):
        user, _, password = base64.b64decode(named.removeprefix("Basic ")).decode().partition(":")
        return user, password
    return request.headers.get("x-clickhouse-user", "default"), request.headers.get("x-clickhouse-key", "")


def _fault(status: int, code: int, text: str) -> Response:
    return Response(f"Code: {code}. DB::Exception: {text}", status, {"X-ClickHouse-Exception-Code": str(code)})


@dataclass
class ClickHouseServer:
    """The server as a test has it: with a folder, so that it can go away and come back."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"clickhouse://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{DATABASE}"

    def _run(self) -> None:
        command = [sys.executable, "-m", __name__, str(self.port), str(self.folder)]
        self.process = subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.DEVNULL)

    async def start(self) -> None:
        await asyncio.to_thread(self._run)
        async with httpx.AsyncClient() as client, asyncio.timeout(READY_WITHIN_S):
            while True:
                try:
                    await client.get(f"http://127.0.0.1:{self.port}/ping")
                    return
                except httpx.TransportError:
                    await asyncio.sleep(0.1)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@asynccontextmanager
async def clickhouse_server(folder: Path) -> AsyncIterator[ClickHouseServer]:
    """A server with nothing in it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = ClickHouseServer(folder, port)
    try:
        await server.start()
        yield server
    finally:
        server.stop()


if __name__ == "__main__":
    uvicorn.run(application(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
