"""The Python SDKs of Segment and RudderStack, unmodified, against a real server on loopback."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import rudderstack.analytics.client as rudder
import segment.analytics.client as segment

from base.keys import Keyring
from base.settings import Settings
from ingest.stream import IngestStream
from tests.support.tracking import calls_of, drain, serving

CALLS_COUNT = 2_500
AT = dt.datetime(2026, 7, 1, 8, 30, tzinfo=dt.UTC)
KINDS = ("identify", "track", "page", "screen", "group", "alias")


def make_segment(key: str, host: str, gzip: bool, on_error: Callable[..., None]) -> Any:
    return segment.Client(key, host=host, gzip=gzip, on_error=on_error, upload_interval=0.05)


def make_rudder(key: str, host: str, gzip: bool, on_error: Callable[..., None]) -> Any:
    return rudder.Client(key, host=host, gzip=gzip, on_error=on_error, upload_interval=0.05)


def send(client: Any, number: int) -> str:
    """One call of one of the six kinds; returns its message id."""
    user, message_id = f"member-{number % 100}", f"sdk-{number}"
    match KINDS[number % len(KINDS)]:
        case "identify":
            client.identify(user, {"name": "李雷", "email": f"m{number % 100}@shop.cn"}, message_id=message_id)
        case "track":
            client.track(user, "Order Completed", {"amount": number, "at": AT}, timestamp=AT, message_id=message_id)
        case "page":
            client.page(user, "Shop", "Home", {"url": "/😀"}, message_id=message_id)
        case "screen":
            client.screen(None, anonymous_id=f"visitor-{number}", name="Home", message_id=message_id)
        case "group":
            client.group(user, "company-1", {"industry": "retail"}, message_id=message_id)
        case _:
            client.alias(f"visitor-{number}", user, message_id=message_id)
    return message_id


@pytest.mark.parametrize("gzip", [True, False], ids=["gzip", "plain"])
@pytest.mark.parametrize("make", [make_segment, make_rudder], ids=["segment", "rudderstack"])
async def test_every_call_of_an_sdk_arrives_once(
    make: Callable[..., Any], gzip: bool, settings: Settings, keyring: Keyring, stream: IngestStream
) -> None:
    errors: list[object] = []

    def run(host: str) -> list[str]:
        client = make(settings.write_key, host, gzip, lambda *fault: errors.append(fault))
        sent = [send(client, number) for number in range(CALLS_COUNT)]
        client.shutdown()
        return sent

    with serving(settings, keyring) as host:
        sent = await asyncio.to_thread(run, host)

    calls = calls_of(await drain(stream))
    assert errors == []
    assert Counter(call.message_id for call in calls) == Counter(sent)
    assert {call.kind for call in calls} == set(KINDS)
    tracked = next(call for call in calls if call.name == "Order Completed")
    assert tracked.at_ms == int(AT.timestamp() * 1000)
    identified = next(call for call in calls if call.kind == "identify")
    assert identified.traits == {"name": "李雷"}
    assert "email" in {seen.namespace for seen in identified.identifiers}


async def test_an_sdk_with_a_wrong_key_learns_of_it(settings: Settings, keyring: Keyring, stream: IngestStream) -> None:
    errors: list[Any] = []

    def run(host: str) -> None:
        client = make_segment("wrong", host, False, lambda fault, _: errors.append(fault))
        send(client, 0)
        client.shutdown()

    with serving(settings, keyring) as host:
        await asyncio.to_thread(run, host)

    assert [(fault.status, fault.code) for fault in errors] == [(401, "UNAUTHENTICATED")]
    assert await drain(stream) == []
