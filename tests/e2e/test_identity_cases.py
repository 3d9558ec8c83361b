"""The worked cases of identity, from tracking API to GraphQL: in order, shuffled, repeated, by many senders at once."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from base.ids import call_id
from base.keys import Keyring
from ingest.sources import DEFAULT_SOURCE
from tests.support.applied import effects, owners_of
from tests.support.cases import MODES, Calls, Case, Mode, Names, by_many, by_sixteen, in_order, repeated, send, shuffled
from tests.support.client import STATUS, Client
from tests.support.line import query
from tests.support.metrics import read_counts
from tests.support.service import Service, Stores
from tests.support.shown import customers, logs, people, picture, ways
from tests.support.sightings import sighting

ASKERS = 16
# Calls in a request where there are many.
SOME = 5
REASON = "a case"
RESULT = "{ __typename ... on IdentityEffect { decisionId } ... on ValidationError { message hint } }"
BLOCK = f"mutation ($of: IdentifierInput!, $why: String!) {{ blockIdentifier(identifier: $of, reason: $why) {RESULT} }}"
REVOKE = f"mutation ($id: String!, $why: String!) {{ revokeCall(messageId: $id, reason: $why) {RESULT} }}"
UNDO = f"mutation ($id: ID!, $why: String!) {{ undo(decision: $id, reason: $why) {RESULT} }}"
_SEALED = query(
    """
    UNWIND $ids AS id
    MATCH (e:Event {id: id})
    RETURN id, e.blocked AS sealed
    """
)
_NODES = query("MATCH (i:Identifier {uid: $uid}) RETURN count(*) AS count")
_PUT_ASIDE = query("UNWIND $ids AS id MATCH (q:Quarantined {id: id}) RETURN q.id AS id")

in_each_mode = pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.__name__)

CASES = {
    "1": Case([(1, "c1"), (2, "c1"), (3, "c1 M1")], ["c1 M1"], {"M1": [1, 2, 3]}),
    "2": Case([(1, "d1 M1"), (2, "d2 M1")], ["d1 d2 M1"], {"M1": [1, 2]}),
    "3": Case(
        [(1, "M1 d1"), (2, "d1"), (3, "M2 d1"), (4, "d1")],
        ["M1", "M2 d1"],
        {"M1": [1, 2], "M2": [3, 4]},
        {"M1 d1": ("NO_BRIDGE", "M1 M2")},
    ),
    "4": Case(
        [(1, "M1 d1"), (3, "M2 d1"), (4, "d1"), (5, "M1 d1"), (6, "d1")],
        ["M1 d1", "M2"],
        {"M1": [1, 5, 6], "M2": [3, 4]},
        {"M2 d1": ("NO_BRIDGE", "M1 M2")},
    ),
    "5": Case(
        [(1, "M1 e1"), (2, "M2 e1")],
        ["M1", "M2 e1"],
        {"M1": [1], "M2": [2]},
        {"M1 e1": ("LIMIT", "M1 M2")},
    ),
    "7": Case(
        [(1, "M1 p1 c1"), (2, "M2 p1 c2"), (3, "M3 p1 c3")],
        ["M1 c1", "M2 c2", "M3 c3", "p1"],
        {"M1": [1], "M2": [2], "M3": [3], "p1": []},
    ),
    "11": Case(
        [(1, "M1 M1"), (2, "e1 e1"), (3, "p1 p1"), (4, "c1 c1"), (5, "M2 c2 M2"), (6, "M2 c2 c2")],
        ["M1", "e1", "p1", "c1", "M2 c2"],
        {"M1": [1], "e1": [2], "p1": [3], "c1": [4], "M2": [5, 6]},
    ),
    "13": Case(
        [(1, "e1 d1"), (2, "e2 d1")],
        ["e1", "e2 d1"],
        {"e1": [1], "e2": [2]},
        {"e1 d1": ("NO_BRIDGE", "e1 e2")},
    ),
    "14": Case(
        [(1, "M1 p1"), (2, "p1"), (9, "M2 p1"), (10, "p1")],
        ["M1", "M2 p1"],
        {"M1": [1, 2], "M2": [9, 10]},
        {"M1 p1": ("LIMIT", "M1 M2")},
    ),
    "15": Case(
        [(1, "a1 u1"), (2, "b1 u1"), (3, "b1 M1"), (4, "a2"), (5, "b2")],
        ["a1 b1 u1 M1", "a2", "b2"],
        {"M1": [1, 2, 3], "a2": [4], "b2": [5]},
    ),
    "strength before recency": Case(
        [(1, "x1 e1"), (2, "d1 e1"), (3, "x2 d1")],
        ["x1 e1", "x2 d1"],
        {"x1": [1, 2], "x2": [3]},
        {"e1 d1": ("NO_BRIDGE", "x1 x2")},
    ),
}


def run_of(key: str, mode: Mode, more: str = "") -> Names:
    """Names of one run of a case in a mode."""
    return Names(f"{key.replace(' ', '')}-{mode.__name__.replace('_', '')}{more}")


async def arrive(client: Client, behind: Stores, mode: Mode, names: Names, case: Case, batch_calls: int = 1) -> None:
    """A case's calls, all applied."""
    await send(client, behind, mode(names.calls(case)), batch_calls)
    await client.wait_until_applied(names.ids(case))


async def check(client: Client, names: Names, case: Case) -> None:
    """Who is whose, whose every event is, and what every link says, is as the case tells."""
    found = await people(client, names, case.names())
    groups = [" ".join(sorted(together.split())) for together in case.customers]
    assert {name: one and one.names for name, one in found.items()} == {
        name: group for group in groups for name in group.split()
    }
    assert {name: one.events for name, one in found.items() if one and name in case.events} == case.events
    explanations = await ways(client, names, case.links())
    for pair, times in case.links().items():
        explained = explanations[pair]
        assert explained is not None
        if explained.shared:
            assert explained.hops == ()
            continue
        (hop,) = explained.hops
        assert (hop.count, hop.first, hop.last) == (len(times), min(times), max(times)), pair
        assert (hop.reason, hop.blocking) == case.cut.get(pair, (None, "")), pair
        assert hop.accepted == explained.together == (pair not in case.cut), pair


@in_each_mode
async def test_the_cases(client: Client, behind: Stores, mode: Mode) -> None:
    runs = {key: run_of(key, mode) for key in CASES}
    await send(client, behind, mode([call for key, case in CASES.items() for call in runs[key].calls(case)]))
    for key, case in CASES.items():
        await client.wait_until_applied(runs[key].ids(case))
        await check(client, runs[key], case)


@in_each_mode
async def test_case_11_the_same_identifier_twice_in_one_call_decides_nothing(
    client: Client, behind: Stores, mode: Mode
) -> None:
    case, names = CASES["11"], run_of("nothing", mode)
    await arrive(client, behind, mode, names, case)
    assert await logs(client, names, case.names()) == {name: [] for name in case.names()}


async def test_case_9_calls_sent_three_times_leave_graph_counts_and_decisions_as_if_sent_once(
    client: Client, behind: Stores
) -> None:
    """Each call is applied before the next is sent, so that the log of both runs is of the same steps."""
    once, thrice = ({key: run_of(key, in_order, f"-{times}") for key in CASES} for times in ("once", "thrice"))
    longest = max(len(case.calls) for case in CASES.values())
    for step in range(longest):
        first, again = (
            [call for key, case in CASES.items() for call in runs[key].calls(case)[step : step + 1]]
            for runs in (once, thrice)
        )
        await send(client, behind, [first, again, again])
    await send(client, behind, [[call for key, case in CASES.items() for call in thrice[key].calls(case)]])

    logged = 0
    for key, case in CASES.items():
        assert await picture(client, once[key], case) == await picture(client, thrice[key], case), key
        log = await logs(client, thrice[key], case.names())
        assert await logs(client, once[key], case.names()) == log, key
        logged += sum(map(len, log.values()))
        assert set((await effects(behind.graph, thrice[key].ids(case))).values()) == {1}
    assert logged > len(CASES)


# So many in each mode would take most of this file's time.
@pytest.mark.parametrize(
    ("mode", "count"),
    [(in_order, 500), (shuffled, 10_000), (repeated, 500), (by_sixteen, 500)],
    ids=lambda one: getattr(one, "__name__", None),
)
async def test_case_6_placeholders_join_nobody_and_each_is_counted_once(
    client: Client, service: Service, behind: Stores, mode: Mode, count: int
) -> None:
    placeholders = ["13800000000", "null", "0", "-1", "", "undefined", '"null"']
    calls: Calls = []
    for number in range(count):
        shown = {"cookie": f"blank-{mode.__name__}-{number}", "phone": placeholders[number % len(placeholders)]}
        if number % 2:
            shown["email"] = "test@test.com"
        made = sighting(number, kind="track", **shown)
        calls.append({**made, "messageId": f"blank-{mode.__name__}-{number}"})
    before = counted(service)
    await send(client, behind, mode(calls), 500)

    assert counted(service) - before == {"phone": count, "email": count // 2}
    ids = [call_id(DEFAULT_SOURCE, str(call["messageId"])) for call in calls]
    given = Counter(placeholders[number % len(placeholders)] for number in range(count))
    assert await sealed(behind, ids) == {
        **{("phone", value): times for value, times in given.items()},
        ("email", "test@test.com"): count // 2,
    }
    keyring = Keyring(behind.settings.secret_key)
    owners = await owners_of(behind.graph, (keyring.uid("anonymous_id", str(call["anonymousId"])) for call in calls))
    assert len({owner for own in owners.values() for owner in own}) == len(owners) == count
    assert set(map(len, owners.values())) == {1}
    for namespace, value in (("email", "test@test.com"), ("phone", "+8613800000000"), ("phone", "0")):
        found = await client.ask(
            "query ($of: IdentifierInput!) { customer(identifier: $of) { id } }",
            of={"namespace": namespace, "value": value},
        )
        assert found is None


def counted(service: Service) -> Counter[str]:
    """How many values identified nobody so far, by namespace."""
    return read_counts(service.metrics_port("ingest"), "kith_blocked_identifiers_total", "namespace")


async def sealed(behind: Stores, ids: list[str]) -> Counter[tuple[str, str]]:
    """The values that stay on calls as data."""
    keyring = Keyring(behind.settings.secret_key)
    values: Counter[tuple[str, str]] = Counter()
    for row in await behind.graph.read(_SEALED, ids=ids):
        found = json.loads(keyring.open_display(row["sealed"], row["id"]))
        values.update((one["namespace"], one["value"]) for one in found)
    return values


def by_sixty_four(calls: Calls) -> list[Calls]:
    """Each call four times, by as many senders at once as the case has."""
    return by_many(calls, 64)


@pytest.mark.parametrize("mode", [in_order, shuffled, repeated, by_sixty_four], ids=lambda mode: mode.__name__)
async def test_case_10_many_writers_of_one_phone_lose_no_link(client: Client, behind: Stores, mode: Mode) -> None:
    writers, most = 64, 5
    case = Case([(number, f"p1 e{number}") for number in range(writers)])
    names = run_of("10", mode)
    await arrive(client, behind, mode, names, case)

    newest = {"p1", *(f"e{writers - 1 - place}" for place in range(most))}
    # Everybody after the writers at once; some after one writer.
    looked_at = [number for number in range(writers) if mode is by_sixty_four or number % 9 == 0]
    found = await people(client, names, ["p1", *(f"e{number}" for number in looked_at)])
    assert {name: one and one.names for name, one in found.items()} == {
        name: " ".join(sorted(newest)) if name in newest else name for name in found
    }
    assert set((await effects(behind.graph, names.ids(case))).values()) == {1}
    (row,) = await behind.graph.read(_NODES, uid=Keyring(behind.settings.secret_key).uid(*names.of("p1")))
    assert row["count"] == 1
    links = await ways(client, names, [f"p1 e{number}" for number in looked_at])
    for number, explained in zip(looked_at, links.values(), strict=True):
        assert explained is not None
        (hop,) = explained.hops
        assert (hop.accepted, hop.reason) == ((True, None) if f"e{number}" in newest else (False, "LIMIT"))
        assert (hop.count, hop.first, hop.last) == (1, number, number)


@in_each_mode
async def test_case_12_two_members_in_one_call_change_neither(client: Client, behind: Stores, mode: Mode) -> None:
    case = Case(
        [(1, "M1 c1"), (2, "M2 c2"), (3, "M1 p1")],
        ["M1 c1 p1", "M2 c2"],
        {"M1": [1, 3], "M2": [2]},
    )
    names = run_of("12", mode)

    def conflicting(run: str) -> Calls:
        calls = [
            names.call(5, "M1 M2 e1", kind="identify", traits={"colour": "red"}),
            names.call(6, "M1 M2 c1"),
            names.call(7, "M2 c2 M1"),
            names.call(8, "M8 M9 c1"),
        ]
        return [{**call, "messageId": f"{run}-{names.ids(case)[0]}-{number}"} for number, call in enumerate(calls)]

    async def put_aside(calls: Calls) -> None:
        ids = [str(call["messageId"]) for call in calls]
        states = await client.ask(STATUS, ids=ids)
        assert {one["messageId"]: (one["state"], one["reason"]) for one in states} == dict.fromkeys(
            ids, ("QUARANTINED", "CONFLICTING_IDENTIFIERS")
        )
        assert await effects(behind.graph, ids) == dict.fromkeys(ids, 0)
        kept = await behind.graph.read(_PUT_ASIDE, ids=[call_id(DEFAULT_SOURCE, one) for one in ids])
        assert len(kept) == len(ids)

    first, later = conflicting("first"), conflicting("later")
    await send(client, behind, mode(names.calls(case) + first))
    await client.wait_until_applied(names.ids(case))
    await put_aside(first)
    await check(client, names, case)
    nobody = ["e1", "M8", "M9"]
    assert await customers(client, names, nobody) == [None] * len(nobody)

    before = await people(client, names, case.names()), await logs(client, names, case.names())
    await send(client, behind, mode(later))
    await put_aside(later)
    assert (await people(client, names, case.names()), await logs(client, names, case.names())) == before
    assert await customers(client, names, nobody) == [None] * len(nobody)


@dataclass(frozen=True)
class Decided:
    """A case in which calls join people and a decision parts them again.

    Args:
        apart: calls before those that join.
        whole: all calls.
        without: all calls as they would be if what is decided had always been so.
        people: who is somebody of their own before and after.
        kind: of the decision.
    """

    apart: Case
    whole: Case
    without: Case
    people: list[str]
    kind: str

    async def decide(self, client: Client, names: Names) -> str:
        """The decision, asked for by many at once."""
        if self.kind == "BLOCK":
            namespace, value = names.of("e1")
            return await only_one(client, BLOCK, of={"namespace": namespace, "value": value})
        return await only_one(client, REVOKE, id=names.ids(self.whole)[len(self.apart.calls)])


_OLD = [(1, "x1 c1"), (2, "y1 c2"), (3, "z1 c3")]
_TWO = [(1, "e1 c1"), (2, "p1 c2")]
_LATER = [(10 + n, f"p1 M1 c{3 + n % 5}") for n in range(50)] + [(70 + n, "e1 c9") for n in range(50)]
DECIDED = {
    "8": Decided(
        Case(_OLD),
        Case([*_OLD, (4, "x1 e1"), (5, "y1 e1"), (6, "z1 e1")]),
        Case([*_OLD, (4, "x1"), (5, "y1"), (6, "z1")]),
        ["x1", "y1", "z1"],
        "BLOCK",
    ),
    "16": Decided(
        Case(_TWO),
        Case([*_TWO, (3, "e1 p1"), *_LATER]),
        Case([*_TWO, *_LATER]),
        ["e1", "p1"],
        "REVOKE_CALL",
    ),
}


@in_each_mode
@pytest.mark.parametrize("key", DECIDED)
async def test_cases_8_and_16_what_joined_people_is_decided_away_and_back(
    client: Client, behind: Stores, key: str, mode: Mode
) -> None:
    case, names = DECIDED[key], run_of(key, mode)
    await arrive(client, behind, mode, names, case.apart)
    olds = await customers(client, names, case.people)
    assert len(set(olds)) == len(olds)
    await arrive(client, behind, mode, names, case.whole, batch_calls=SOME)
    joined = await customers(client, names, case.people)
    assert len(set(joined)) == 1
    together = await picture(client, names, case.whole)

    made = await case.decide(client, names)
    assert await customers(client, names, case.people) == olds
    never = run_of(key, mode, "-never")
    await arrive(client, behind, mode, never, case.without, batch_calls=SOME)
    parted = await picture(client, names, case.without)
    assert parted == await picture(client, never, case.without)
    await check_log(client, names, case, str(joined[0]))

    await only_one(client, UNDO, id=made)
    assert await customers(client, names, case.people) == joined
    assert await picture(client, names, case.whole) == together


async def check_log(client: Client, names: Names, case: Decided, survivor: str) -> None:
    """The survivor's log says who decided and why, that of everybody who is somebody again that they were parted."""
    ids = await customers(client, names, case.people)
    for id, lines in zip(ids, (await logs(client, names, case.people)).values(), strict=True):
        log = Counter((said.kind, said.author, said.reason, said.stands) for said in lines)
        if id == survivor:
            assert log[case.kind, "admin", REASON, True] == 1
            assert log["SPLIT", "resolver", "", True] == len(case.people) - 1
        else:
            assert log["SPLIT", "resolver", "", True] == 1


async def only_one(client: Client, mutation: str, **variables: Any) -> str:
    """The decision of the only one of many whom it was granted; the others were told why not."""
    asked = (client.ask(mutation, why=REASON, **variables) for _ in range(ASKERS))
    answers = await asyncio.gather(*asked)
    made = [answer["decisionId"] for answer in answers if answer["__typename"] == "IdentityEffect"]
    refused = [answer["message"] for answer in answers if answer["__typename"] == "ValidationError"]
    assert (len(made), len(refused)) == (1, ASKERS - 1), answers
    assert all("already" in message for message in refused), refused
    return str(made[0])
