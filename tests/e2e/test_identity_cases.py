"""The worked cases of identity, from tracking API to GraphQL: in order, shuffled, repeated, from sixteen senders."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from tests.support.client import Client
from tests.support.sightings import T0_MS, sighting

Call = dict[str, object]
Name = tuple[str, str]
SENDERS = 16
WHO = """query ($of: IdentifierInput!) { customer(identifier: $of) {
  id events(first: 50) { edges { node { at } } } } }"""
STATUS = "query ($ids: [String!]!) { ingestStatus(messageIds: $ids) { state reason } }"
RESULT = "{ __typename ... on IdentityEffect { decisionId } ... on ValidationError { message } }"
BLOCK = f'mutation ($of: IdentifierInput!) {{ blockIdentifier(identifier: $of, reason: "a case") {RESULT} }}'
REVOKE = f'mutation ($id: String!) {{ revokeCall(messageId: $id, reason: "a case") {RESULT} }}'

NAMESPACES = {
    "M": "user_id",
    "c": "anonymous_id",
    "d": "device_id",
    "e": "email",
    "p": "phone",
    "u": "wx_unionid",
    "a": "wx_openid:A",
    "b": "wx_openid:B",
    "x": "crm:x",
    "y": "crm:y",
    "z": "crm:z",
}
FIELDS = {"user_id": "member", "anonymous_id": "cookie", "device_id": "device"}


@dataclass(frozen=True)
class Case:
    """What is seen together when (seconds), who is whose, and whose events (by their seconds) are whose.

    A name is the letter of its namespace and a number: `M1` is a member. Names are other people's in each run.
    """

    calls: Sequence[tuple[int, str]]
    customers: Sequence[str]
    events: dict[str, list[int]] = field(default_factory=dict)


CASES = {
    "1": Case([(1, "c1"), (2, "c1"), (3, "c1 M1")], ["c1 M1"], {"M1": [1, 2, 3]}),
    "2": Case([(1, "d1 M1"), (2, "d2 M1")], ["d1 d2 M1"]),
    "3": Case([(1, "M1 d1"), (2, "d1"), (3, "M2 d1"), (4, "d1")], ["M1", "M2 d1"], {"M1": [1, 2], "M2": [3, 4]}),
    "4": Case(
        [(1, "M1 d1"), (3, "M2 d1"), (4, "d1"), (5, "M1 d1"), (6, "d1")],
        ["M1 d1", "M2"],
        {"M1": [1, 5, 6], "M2": [3, 4]},
    ),
    "5": Case([(1, "M1 e1"), (2, "M2 e1")], ["M1", "M2 e1"]),
    "7": Case([(1, "M1 p1 c1"), (2, "M2 p1 c2"), (3, "M3 p1 c3")], ["M1 c1", "M2 c2", "M3 c3", "p1"]),
    "11": Case([(1, "M1"), (2, "M1 c1"), (3, "M1 c1")], ["M1 c1"]),
    "13": Case([(1, "e1 d1"), (2, "e2 d1")], ["e1", "e2 d1"]),
    "14": Case([(1, "M1 p1"), (2, "p1"), (9, "M2 p1"), (10, "p1")], ["M1", "M2 p1"], {"M1": [1, 2], "M2": [9, 10]}),
    "15": Case([(1, "a1 u1"), (2, "b1 u1"), (3, "b1 M1"), (4, "a2")], ["a1 b1 u1 M1", "a2"]),
    "strength before recency": Case([(1, "x1 e1"), (2, "d1 e1"), (3, "x2 d1")], ["x1 e1", "x2 d1"]),
}


class Names:
    """Values of one run of one case, nobody else's."""

    def __init__(self, run: str):
        self._run = run

    def of(self, name: str) -> Name:
        namespace = NAMESPACES[name[0]]
        match namespace:
            case "email":
                return namespace, f"{name}.{self._run}@example.org"
            case "phone":
                digits = random.Random(self._run + name).randrange(10**8)
                return namespace, f"+86139{digits:08d}"
            case _:
                return namespace, f"{name}-{self._run}"

    def calls(self, case: Case) -> list[Call]:
        """Track calls with message ids of their own."""
        return [
            {**self.call(number, at, names), "messageId": f"{self._run}-{number}"}
            for number, (at, names) in enumerate(case.calls)
        ]

    def call(self, number: int, at: int, names: str) -> Call:
        shown = {FIELDS.get(space, space.replace(":", "__")): value for space, value in map(self.of, names.split())}
        return sighting(number, at=at, kind="track", **shown)


def in_order(calls: list[Call]) -> list[list[Call]]:
    return [list(calls)]


def shuffled(calls: list[Call]) -> list[list[Call]]:
    return [random.Random(len(calls)).sample(calls, len(calls))]


def repeated(calls: list[Call]) -> list[list[Call]]:
    return [random.Random(1).sample(calls * 3, len(calls) * 3)]


def by_sixteen(calls: list[Call]) -> list[list[Call]]:
    mixed = random.Random(2).sample(calls * 4, len(calls) * 4)
    return [mixed[number::SENDERS] for number in range(SENDERS)]


MODES: list[Callable[[list[Call]], list[list[Call]]]] = [in_order, shuffled, repeated, by_sixteen]


async def send(client: Client, parts: list[list[Call]]) -> None:
    """Each sender its calls, one request a call, in order; returns when all have taken effect."""

    async def sender(calls: list[Call]) -> None:
        for call in calls:
            await client.track(call)

    await asyncio.gather(*map(sender, parts))
    await client.wait_until_applied(sorted({str(call["messageId"]) for calls in parts for call in calls}))


async def who(client: Client, name: Name) -> dict[str, object] | None:
    found: dict[str, object] | None = await client.ask(WHO, of={"namespace": name[0], "value": name[1]})
    return found


async def customer(client: Client, name: Name) -> str | None:
    found = await who(client, name)
    return None if found is None else str(found["id"])


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.__name__)
async def test_the_cases(client: Client, mode: Callable[[list[Call]], list[list[Call]]]) -> None:
    runs = {key: Names(f"case{number}{mode.__name__.replace('_', '')}") for number, key in enumerate(CASES)}
    await send(client, mode([call for key, case in CASES.items() for call in runs[key].calls(case)]))
    for key, case in CASES.items():
        names = runs[key]
        groups: list[str | None] = []
        for together in case.customers:
            ids = {await customer(client, names.of(name)) for name in together.split()}
            assert len(ids) == 1, (key, together)
            groups += ids
        assert None not in groups, key
        assert len(set(groups)) == len(groups), key
        for name, seconds in case.events.items():
            found = await who(client, names.of(name))
            assert found is not None
            shown = sorted(edge["node"]["at"] for edge in found["events"]["edges"])  # type: ignore[index,call-overload]
            assert [_seconds(at) for at in shown] == seconds, (key, name)


def _seconds(at: str) -> int:
    return int(datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()) - T0_MS // 1000


async def test_case_6_placeholders_join_nobody(client: Client) -> None:
    placeholders = ["13800000000", "null", "0", "-1", "", "undefined", '"null"']
    calls = [
        {
            **sighting(number, cookie=f"blank-{number}", email="test@test.com", phone=placeholders[number % 7]),
            "messageId": f"blank-{number}",
        }
        for number in range(350)
    ]
    for start in range(0, len(calls), 50):
        await client.track(*calls[start : start + 50])
    await client.wait_until_applied([str(call["messageId"]) for call in calls])
    ids = {await customer(client, ("anonymous_id", f"blank-{number}")) for number in range(0, 350, 5)}
    assert len(ids) == 70
    assert await customer(client, ("email", "test@test.com")) is None


async def test_case_8_a_value_that_joined_three_is_blocked(client: Client) -> None:
    names = Names("eight")
    people = [names.of(name) for name in ("x1", "y1", "z1")]
    first = Case([(1, "x1 c1"), (2, "y1 c2"), (3, "z1 c3")], [])
    then = Case([(1, "x1 c1"), (2, "y1 c2"), (3, "z1 c3"), (4, "x1 e1"), (5, "y1 e1"), (6, "z1 e1")], [])
    await send(client, [names.calls(first)])
    olds = [await customer(client, person) for person in people]
    assert len(set(olds)) == 3
    await send(client, [names.calls(then)])
    assert len({await customer(client, person) for person in people}) == 1
    namespace, value = names.of("e1")
    made = await client.ask(BLOCK, of={"namespace": namespace, "value": value})
    assert made["decisionId"]
    assert [await customer(client, person) for person in people] == olds


async def test_case_10_many_writers_of_one_phone(client: Client) -> None:
    names = Names("ten")
    calls = names.calls(Case([(number, f"p1 c{number}") for number in range(64)], []))
    await send(client, [[call] for call in calls])
    ids = {await customer(client, names.of(f"c{number}")) for number in range(0, 64, 7)}
    assert ids == {await customer(client, names.of("p1"))}


async def test_case_12_two_members_in_one_call(client: Client) -> None:
    call = {**sighting(1, member="two-1"), "messageId": "two-members"}
    call["context"] = {"externalIds": [{"type": "user_id", "id": "two-2"}]}
    await client.track(call)
    for _ in range(100):
        (status,) = await client.ask(STATUS, ids=["two-members"])
        if status["state"] == "QUARANTINED":
            break
        await asyncio.sleep(0.1)
    assert status == {"state": "QUARANTINED", "reason": "CONFLICTING_IDENTIFIERS"}
    assert await customer(client, ("user_id", "two-1")) is None


async def test_case_16_a_merging_call_is_taken_back_a_hundred_calls_later(client: Client) -> None:
    names = Names("sixteen")
    before = Case([(1, "e1 c1"), (2, "p1 c2")], [])
    joined = Case([*before.calls, (3, "e1 p1")], [])
    after = Case(
        [*joined.calls, *((10 + n, f"p1 M1 c{3 + n % 5}") for n in range(50)), *((70 + n, "e1 c9") for n in range(50))],
        [],
    )
    await send(client, [names.calls(before)])
    olds = [await customer(client, names.of(name)) for name in ("e1", "p1")]
    await send(client, [names.calls(joined)])
    await send(client, [names.calls(after)])
    assert len({await customer(client, names.of(name)) for name in ("e1", "p1", "M1")}) == 1
    made = await client.ask(REVOKE, id="sixteen-2")
    assert made["decisionId"]
    assert [await customer(client, names.of(name)) for name in ("e1", "p1")] == olds
    assert await customer(client, names.of("M1")) == olds[1]
    assert await customer(client, names.of("c9")) == olds[0]
