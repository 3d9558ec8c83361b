"""The Python SDKs of Segment and RudderStack, unmodified, against the whole service."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import rudderstack.analytics.client as rudder  # type: ignore[import-untyped]
import segment.analytics.client as segment  # type: ignore[import-untyped]

from base.keys import Keyring
from tests.support.applied import effects, owners_of, wait_until_drained
from tests.support.people import components
from tests.support.service import Service, Stores

# Four clients together send 10,000.
CALLS_COUNT = 2_500
MEMBERS = 100
AT = dt.datetime(2026, 7, 1, 8, 30, tzinfo=dt.UTC)
KINDS = ("identify", "track", "page", "screen", "group", "alias")
Named = list[tuple[str, str]]


class Sender:
    """One client of an SDK with members of its own; `run` is called in a thread."""

    def __init__(self, name: str, make: Callable[..., Any], gzip: bool):
        self.name = name
        self.errors: list[object] = []
        self.sent: dict[str, Named] = {}
        self._make = make
        self._gzip = gzip

    def run(self, host: str, write_key: str) -> None:
        """Send everything and wait until the SDK has delivered it."""
        client = self._make(
            write_key,
            host=host,
            gzip=self._gzip,
            on_error=lambda *fault: self.errors.append(fault),
            upload_interval=0.05,
        )
        for number in range(CALLS_COUNT):
            message_id = f"{self.name}-{number}"
            self.sent[message_id] = self._send(client, number, message_id)
        client.shutdown()

    def _send(self, client: Any, number: int, id: str) -> Named:
        """One call of one of the six kinds; returns whom it names."""
        member = number % MEMBERS
        user, email = f"{self.name}-member-{member}", f"{self.name}{member}@shop.cn"
        # The visitor of a `screen` turns out to be the member of the `alias` two calls later.
        visitor = f"{self.name}-visitor-{number // len(KINDS)}"
        match KINDS[number % len(KINDS)]:
            case "identify":
                client.identify(user, {"name": "李雷", "email": email}, message_id=id)
                return [("user_id", user), ("email", email)]
            case "track":
                client.track(user, "Order Completed", {"amount": number, "at": AT}, timestamp=AT, message_id=id)
            case "page":
                client.page(user, "Shop", "Home", {"url": "/😀"}, message_id=id)
            case "screen":
                client.screen(None, anonymous_id=visitor, name="Home", message_id=id)
                return [("anonymous_id", visitor)]
            case "group":
                client.group(user, f"{self.name}-company", {"industry": "retail"}, message_id=id)
            case _:
                client.alias(visitor, user, message_id=id)
                return [("user_id", user), ("anonymous_id", visitor)]
        return [("user_id", user)]


@pytest.mark.timeout(600)
async def test_ten_thousand_calls_of_four_sdk_clients_take_effect_once(service: Service, behind: Stores) -> None:
    senders = [
        Sender("segment-gzip", segment.Client, True),
        Sender("segment-plain", segment.Client, False),
        Sender("rudder-gzip", rudder.Client, True),
        Sender("rudder-plain", rudder.Client, False),
    ]

    await asyncio.gather(*(asyncio.to_thread(sender.run, service.url, behind.settings.write_key) for sender in senders))
    await wait_until_drained(behind)

    assert [sender.errors for sender in senders] == [[], [], [], []]
    sent = {id: named for sender in senders for id, named in sender.sent.items()}
    assert len(sent) == 4 * CALLS_COUNT
    assert Counter((await effects(behind.graph, list(sent))).values()) == {1: len(sent)}
    people = components(sent.values())
    keyring = Keyring(behind.settings.secret_key)
    found = await owners_of(behind.graph, [keyring.uid(*one) for person in people for one in person])
    assert {len(owners) for owners in found.values()} == {1}
    customers = [{found[keyring.uid(*one)][0] for one in person} for person in people]
    assert [len(ids) for ids in customers] == [1] * len(people), "a person is one customer"
    assert len(set().union(*customers)) == len(people), "two people are two customers"
