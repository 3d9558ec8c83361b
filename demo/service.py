"""A client of the running service: tracking calls, GraphQL, and updates over server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

import httpx
import msgspec

from base.clock import now_ms
from base.errors import ErrorCode, KithError, Unavailable
from base.settings import Settings

T = TypeVar("T")

# The first statements on a fresh Neo4j take seconds each: they are compiled then.
TIMEOUT_S = 30.0
TRIES = 6
PAUSE_S = 1.0
MAX_STATUS_IDS = 100
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 – asked, not listened on


class Update(msgspec.Struct, frozen=True, rename="camel"):
    """One `SegmentUpdate`; times are ISO 8601 in UTC."""

    kind: str
    customer_id: str
    sequence: int
    occurred_at: str
    cause: dict[str, str | None]


class Arrived(msgspec.Struct, frozen=True):
    """An update and the instant (ms) at which it was here."""

    update: Update
    at_ms: int


class Service:
    """The service that the settings name; use it as an async context.

    Raises:
        Unavailable: from every method, when the service does not answer.
    """

    def __init__(self, settings: Settings):
        self.url = f"http://{_ANY_ADDRESS.get(settings.host, settings.host)}:{settings.port}"
        self._missing_keys = not (settings.write_key and settings.admin_token)
        self._tracking = httpx.BasicAuth(settings.write_key, "")
        self._bearer = {"authorization": f"Bearer {settings.admin_token}"}
        self._http = httpx.AsyncClient(base_url=self.url, timeout=TIMEOUT_S, trust_env=False)

    async def __aenter__(self) -> Service:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def check(self) -> None:
        """Raises:
        Unavailable: nothing answers there, or its keys are not known here.
        """
        hint = "Start it with `make run`, and give the same KITH_DATA_DIR and KITH_PORT here."
        try:
            ready = (await self._http.get("/readyz")).status_code == httpx.codes.OK
        except httpx.HTTPError:
            ready = False
        if not ready or self._missing_keys:
            raise Unavailable(f"No service that is ready, or no keys for it, at {self.url}.", hint=hint)

    async def track(self, calls: Sequence[Mapping[str, object]]) -> None:
        """Send calls as one batch; on return they are on disk.

        Raises:
            KithError: the batch was refused.
        """
        for _ in range(TRIES):
            answer = await self._post("/v1/batch", {"batch": list(calls)}, auth=self._tracking)
            if answer.status_code == httpx.codes.OK:
                return
            if answer.status_code not in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE):
                raise KithError(ErrorCode.BAD_USER_INPUT, f"The batch was refused: {answer.text}")
            await asyncio.sleep(float(answer.headers.get("retry-after", PAUSE_S)))
        raise Unavailable("The service takes no calls now.")

    async def ask(self, query: str, answer: type[T], **variables: object) -> T:
        """Run a query or mutation; the value of its only root field, as `answer`.

        Raises:
            KithError: the first error of the answer.
        """
        for tries_left in reversed(range(TRIES)):
            reply = await self._post("/graphql", {"query": query, "variables": variables}, headers=self._bearer)
            body: dict[str, Any] = msgspec.json.decode(reply.content)
            if not body.get("errors"):
                (value,) = body["data"].values()
                return msgspec.convert(value, answer)
            fault = body["errors"][0]
            code = ErrorCode(fault["extensions"]["code"])
            if code is not ErrorCode.UNAVAILABLE or not tries_left:
                raise KithError(code, fault["message"], hint=fault["extensions"].get("hint"))
            await asyncio.sleep(PAUSE_S)
        raise AssertionError("unreachable")

    async def wait_until_applied(self, message_ids: Sequence[str], pause_s: float = 0.1) -> None:
        """Return when all of these calls have taken effect; for as many ids as there are.

        Raises:
            KithError: one was put into the quarantine.
        """
        waiting = list(message_ids)
        while waiting:
            waiting = await self.not_applied(waiting)
            if waiting:
                await asyncio.sleep(pause_s)

    async def not_applied(self, message_ids: Sequence[str]) -> list[str]:
        """Those of the ids that have not taken effect yet; looks at the first hundred only.

        Raises:
            KithError: one was put into the quarantine.
        """
        query = "query ($ids: [String!]!) { ingestStatus(messageIds: $ids) { messageId state reason } }"
        asked = message_ids[:MAX_STATUS_IDS]
        states = await self.ask(query, list[dict[str, str | None]], ids=asked)
        for one in states:
            if one["state"] == "QUARANTINED":
                raise KithError(
                    ErrorCode.BAD_USER_INPUT, f"The call {one['messageId']} was put aside: {one['reason']}."
                )
        applied = {one["messageId"] for one in states if one["state"] == "APPLIED"}
        return [one for one in message_ids if one not in applied]

    async def updates(self, segment: str, opened: asyncio.Event) -> AsyncIterator[Arrived]:
        """The segment's updates from now on; `opened` is set once the stream is there.

        Raises:
            Unavailable: the service ended the stream.
        """
        query = (
            "subscription ($segments: [String!]) { segmentUpdates(segments: $segments) "
            "{ kind customerId sequence occurredAt cause { kind } } }"
        )
        request = {"query": query, "variables": {"segments": [segment]}}
        headers = {**self._bearer, "accept": "text/event-stream"}
        async with self._http.stream("POST", "/graphql", json=request, headers=headers, timeout=None) as stream:
            opened.set()
            async for line in stream.aiter_lines():
                if not line.startswith("data: "):
                    continue
                at_ms = now_ms()
                body: dict[str, Any] = msgspec.json.decode(line.removeprefix("data: "))
                if body.get("errors"):
                    raise Unavailable(f"The subscription ended: {body['errors'][0]['message']}")
                yield Arrived(msgspec.convert(body["data"]["segmentUpdates"], Update), at_ms)
        raise Unavailable("The subscription ended.")

    async def _post(self, path: str, body: object, **options: Any) -> httpx.Response:
        try:
            return await self._http.post(path, json=body, **options)
        except httpx.HTTPError as fault:
            raise Unavailable(
                f"The service at {self.url} does not answer.", hint="`kith status` tells more."
            ) from fault
