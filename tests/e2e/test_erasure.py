"""The worked case of erasure through a whole service: nothing is left anywhere, and old input brings nothing back."""

from __future__ import annotations

import asyncio
import random

import pytest

from base.clock import iso, now_ms
from base.ids import call_id
from base.keys import Keyring
from base.valkey import INGEST_STREAM
from ingest.sources import DEFAULT_SOURCE
from tests.support.applied import wait_until_drained
from tests.support.cases import MODES, Calls, Mode, send
from tests.support.client import Client
from tests.support.dump import dump
from tests.support.service import Service, Stores
from tests.support.sightings import sighting

ERASE = """mutation ($id: ID!) { eraseCustomer(id: $id, reason: "a case") {
  ... on IdentityEffect { decisionId callCount } ... on ValidationError { message } } }"""
DECISION = "query ($id: ID!) { decision(id: $id) { state } }"
WHO = "query ($of: IdentifierInput!) { customer(identifier: $of) { id } }"
Name = tuple[str, str]


async def customer(client: Client, name: Name) -> str | None:
    found = await client.ask(WHO, of={"namespace": name[0], "value": name[1]})
    return None if found is None else str(found["id"])


def calls_of(run: str) -> Calls:
    """A person's calls, some of them on a tablet that somebody else used before."""
    shown = [
        {"kind": "track", "cookie": f"{run}-laptop"},
        {"member": f"{run}-mia", "cookie": f"{run}-laptop", "email": f"{run}-mia@example.org"},
        {"kind": "track", "member": f"{run}-mia"},
        {"kind": "track", "email": f"{run}-mia@example.org", "device": f"{run}-phone"},
        {"member": f"{run}-mia", "device": f"{run}-tablet", "traits": {"city": f"{run}-city"}},
        {"kind": "track", "device": f"{run}-tablet"},
    ]
    return [
        {**sighting(10 + number, **one), "messageId": f"{run}-{number}"}  # type: ignore[arg-type]
        for number, one in enumerate(shown)
    ]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.__name__)
async def test_case_17_an_erased_person_is_nowhere_and_does_not_come_back(
    client: Client, behind: Stores, service: Service, mode: Mode
) -> None:
    run = f"gone{mode.__name__.replace('_', '')}"
    before = [
        {**sighting(1, member=f"{run}-ben", device=f"{run}-tablet"), "messageId": f"{run}-ben-1"},
        {**sighting(2, kind="track", device=f"{run}-tablet"), "messageId": f"{run}-ben-2"},
    ]
    theirs = calls_of(run)
    await send(client, behind, mode([*before, *theirs]))
    mia, ben = ("user_id", f"{run}-mia"), ("user_id", f"{run}-ben")
    person, other = await customer(client, mia), await customer(client, ben)
    assert person is not None
    assert person == await customer(client, ("device_id", f"{run}-tablet"))

    # Others write while it happens: old input of the person, and somebody else.
    async def replay(marker: str) -> None:
        again = [{**call, "messageId": f"{call['messageId']}-{marker}"} for call in theirs[:5]]
        await client.track(*random.Random(marker).sample(again, len(again)))

    made, *_ = await asyncio.gather(client.ask(ERASE, id=person), *(replay(f"beside-{n}") for n in range(16)))
    # All that it takes back is counted, whatever came beside it.
    assert made["callCount"] >= len(theirs)
    await until_done(client, made["decisionId"])
    for part in mode(theirs):
        for call in part:
            await client.track(call)
    await replay("after")
    await wait_until_drained(behind)

    keyring = Keyring(service.settings.secret_key)
    values = [
        mia,
        ("anonymous_id", f"{run}-laptop"),
        ("email", f"{run}-mia@example.org"),
        ("device_id", f"{run}-phone"),
    ]
    left = await dump(behind.graph)
    assert [one for one in values if keyring.uid(*one) in left] == []
    assert [call for call in theirs if call_id(DEFAULT_SOURCE, str(call["messageId"])) in left] == []
    assert f"{run}-city" not in left
    assert [await customer(client, one) for one in values] == [None] * len(values)
    assert await customer(client, ben) == other == await customer(client, ("device_id", f"{run}-tablet"))
    assert await behind.redis.xlen(INGEST_STREAM) == 0

    back = {**sighting(0, member=f"{run}-mia"), "timestamp": iso(now_ms()), "messageId": f"{run}-back"}
    await send(client, behind, [[back]])
    assert await customer(client, mia) not in (None, person)


async def until_done(client: Client, decision: str) -> None:
    async with asyncio.timeout(60):
        while (await client.ask(DECISION, id=decision))["state"] != "DONE":  # noqa: ASYNC110
            await asyncio.sleep(0.1)
