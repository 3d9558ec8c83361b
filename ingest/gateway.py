"""The tracking API's HTTP side: key, body, checks, one durable append, answer. Written to ASGI for its speed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NoReturn

from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send

from access.meter import Meter
from base.clock import now_ms
from base.errors import Unavailable
from base.logs import get_logger
from base.metrics import CALLS, REQUEST_SECONDS
from base.settings import Settings
from ingest.checking import CheckedBody, check_body
from ingest.faults import STATUS, IngestCode, Refused
from ingest.intake import Intake
from ingest.openapi import document_json
from ingest.reading import BodyReader, ClientLeft, InFlight
from ingest.replies import ACCEPTED, Cors, Reply, fault_reply, json_reply, not_found, wrong_method
from ingest.sources import DEFAULT_SOURCE, WriteKeys, basic_user
from ingest.stream import IngestStream
from ingest.wire import BODY_KINDS

PREFIX = "/v1"
OPENAPI_PATH = "/v1/openapi.json"
# Plain text is what browsers send when they must do without a preflight; some clients send no type at all.
MEDIA_TYPES = frozenset({b"", b"application/json", b"text/json", b"text/plain", b"application/octet-stream"})

_KIND_OF_PATH = {f"{PREFIX}/{kind}{slash}": kind for kind in BODY_KINDS for slash in ("", "/")}
_log = get_logger()


def write_keys(settings: Settings) -> WriteKeys:
    """The write key of the environment, to which those of the graph come.

    Raises:
        ConfigurationFault: no write key is set.
    """
    return WriteKeys({settings.write_key: DEFAULT_SOURCE} if settings.write_key else {})


def routes(stream: IngestStream, settings: Settings, keys: WriteKeys, meter: Meter | None = None) -> list[BaseRoute]:
    """Everything under `/v1`, for the server to mount. Never redirects: clients count a redirect as delivered.

    Args:
        meter: counts calls of each source against `KITH_TRACKING_RATE`; None: nobody is counted.
    """
    return [
        Mount(PREFIX, app=Gateway(stream, keys, Cors(settings.allowed_origins), Intake(meter, settings.tracking_rate)))
    ]


class Gateway:
    """An ASGI application for `/v1/*`."""

    def __init__(self, stream: IngestStream, keys: WriteKeys, cors: Cors, intake: Intake):
        self._stream = stream
        self._keys = keys
        self._cors = cors
        self._intake = intake
        self._in_flight = InFlight()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise RuntimeError("the tracking API speaks HTTP alone")
        started_s = time.perf_counter()
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        path = scope["path"].removeprefix(_outer_path(scope))
        kind = _KIND_OF_PATH.get(path)
        try:
            if kind is None:
                reply = json_reply(200, document_json()) if path == OPENAPI_PATH else not_found()
            elif scope["method"] == "OPTIONS":
                reply = self._cors.preflight(headers)
            elif scope["method"] != "POST":
                reply = wrong_method()
            else:
                reply = await self._take(kind, headers, receive)
        except ClientLeft:
            CALLS.labels(kind, "CLIENT_LEFT").inc()
            return
        await self._cors.dress(reply, headers).send(send)
        if kind is not None:
            REQUEST_SECONDS.labels(f"{PREFIX}/{kind}", str(reply.status)).observe(time.perf_counter() - started_s)

    async def _take(self, kind: str, headers: Mapping[bytes, bytes], receive: Receive) -> Reply:
        received_at_ms = now_ms()
        try:
            source = self._source(headers)
            if source is not None:
                self._intake.check(source)
            with BodyReader(receive, self._in_flight) as reader:
                _check_media_type(headers)
                body = await reader.read(headers.get(b"content-encoding", b"").strip().lower())
                checked = check_body(body, kind, received_at_ms)
                source = source or self._source_in(checked)
                await self._intake.take(source, checked.calls_count)
                if checked.calls_count:
                    await self._stream.append(body, kind, received_at_ms, source, checked.message_ids)
        except Refused as fault:
            CALLS.labels(kind, fault.code).inc()
            _log.debug("request refused", kind=kind, code=fault.code)
            return fault_reply(STATUS[fault.code], fault.code, fault.message, fault.hint, fault.retry_after_s)
        except Unavailable as fault:
            CALLS.labels(kind, IngestCode.UNAVAILABLE).inc()
            _log.warning("request not taken", kind=kind, reason=fault.message, cause=repr(fault.__cause__))
            return fault_reply(STATUS[IngestCode.UNAVAILABLE], IngestCode.UNAVAILABLE, fault.message, fault.hint)
        CALLS.labels(kind, "ACCEPTED").inc(checked.calls_count)
        return ACCEPTED

    def _source(self, headers: Mapping[bytes, bytes]) -> str | None:
        """The source by header; None when the header holds no key and the body has to.

        Raises:
            Refused: the header holds a wrong key.
        """
        key = basic_user(headers.get(b"authorization", b""))
        if not key:
            return None
        return self._keys.find_source(key) or _refuse_key("the write key is wrong")

    def _source_in(self, checked: CheckedBody) -> str:
        if checked.write_key is None:
            _refuse_key("the write key is missing")
        return self._keys.find_source(checked.write_key.encode()) or _refuse_key("the write key is wrong")


def _refuse_key(message: str) -> NoReturn:
    hint = "Send it as the user name of HTTP Basic with an empty password, or as writeKey in the body."
    raise Refused(IngestCode.UNAUTHENTICATED, message, hint)


def _check_media_type(headers: Mapping[bytes, bytes]) -> None:
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media_type not in MEDIA_TYPES and not media_type.endswith(b"+json"):
        raise Refused(
            IngestCode.UNSUPPORTED_MEDIA_TYPE, "the content type is not JSON", "Send Content-Type: application/json."
        )


def _outer_path(scope: Scope) -> str:
    """What a proxy or an outer mount stripped in front of `/v1`: Mount appends its own part to `root_path`."""
    root: str = scope.get("root_path", "")
    return root.removesuffix(PREFIX)
