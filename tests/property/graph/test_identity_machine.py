"""Calls, decisions and undos in any order, from several writers: the graph is what the pure function says.

The model knows calls and decisions alone; after each step it resolves all of them anew and compares.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Iterator
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from base import clock
from base.clock import iso
from base.errors import BadInput, NotFound
from base.keys import Keyring
from base.settings import Settings
from base.valkey import connect
from graph.client import GraphClient
from graph.migrate import migrate
from ingest.calls import decode_calls
from tests.property.graph.said import Model, Told
from tests.support.calls import make_batch
from tests.support.line import SOURCE, Line, query
from tests.support.sightings import T0_MS
from tests.support.stores import wipe
from workers.decisions.desk import Desk, NamedIdentifier
from workers.decisions.effect import Effect
from workers.decisions.execution import Said
from workers.identity.check import IdentityCheck

SAID = Said("ann", "by chance")
T = TypeVar("T")
WRITERS = 4
STEPS = 8
EXAMPLES = int(os.environ.get("KITH_TEST_HISTORIES", "10"))
# Small pools, so that devices are shared, phones are recycled and limits are met.
POOLS = {
    "user_id": ["M1", "M2", "M3", "M4"],
    "wx_unionid": ["U1", "U2"],
    "phone": ["+8613912345671", "+8613912345672", "+8613912345673"],
    "email": ["a@x.org", "b@x.org"],
    "device_id": ["tablet", "kiosk"],
    "anonymous_id": ["c1", "c2", "c3"],
}
GROUPS = ["family", "team"]
# What people do: log in, log out, give a contact, sign in with WeChat; two of one namespace never stand in one call.
KINDS = [("user_id", "device_id"), ("device_id",), ("user_id", "phone"), ("phone", "anonymous_id"),
         ("user_id", "anonymous_id"), ("email", "anonymous_id"), ("wx_unionid", "phone"), ("user_id", "email"),
         ("anonymous_id", "device_id"), ("wx_unionid", "user_id")]  # fmt: skip
SIGHTINGS = st.sampled_from(KINDS).flatmap(
    lambda kind: st.tuples(
        st.tuples(*(st.tuples(st.just(name), st.sampled_from(POOLS[name])) for name in kind)),
        st.integers(0, 20),
        st.integers(0, 3).map(bool),
    )
)
NAMED = st.sampled_from([(namespace, value) for namespace, values in POOLS.items() for value in values])
DESKS = st.integers(0, WRITERS - 1)
Sighted = tuple[tuple[tuple[str, str], ...], int, bool]
_NAMED = query("MATCH (d:Decision {id: $id})-[n:NAMES]->(i:Identifier) RETURN i.uid AS uid, n.side AS side")


class IdentityMachine(RuleBasedStateMachine):
    """Each rule does something to the graph and tells the model."""

    runner: asyncio.Runner
    lines: list[Line]

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.number = 0
        self._await(wipe(self.lines[0].graph, self.lines[0].redis))

    @rule(sighting=SIGHTINGS, writer=st.integers(0, WRITERS - 1))
    def call(self, sighting: Sighted, writer: int) -> None:
        self._await(self._apply(writer, self._made(sighting)))

    @rule(sightings=st.lists(SIGHTINGS, min_size=2, max_size=8), repeated=st.booleans())
    def calls_at_once(self, sightings: list[Sighted], repeated: bool) -> None:
        bodies = [self._made(one) for one in sightings]
        work = [self._apply(number % WRITERS, body) for number, body in enumerate(bodies * (1 + repeated))]
        self._await(_all(work))

    @precondition(lambda self: self.model.expected()[0])
    @rule(data=st.data(), desk=DESKS)
    def merge(self, data: st.DataObject, desk: int) -> None:
        people = self._await(self._people())
        (one, _), (other, _) = data.draw(st.sampled_from(people)), data.draw(st.sampled_from(people))
        self._decide("MUST_LINK", self._desk(desk).merge(one, other, SAID))

    @precondition(lambda self: self.model.expected()[0])
    @rule(data=st.data(), desk=DESKS)
    def split(self, data: st.DataObject, desk: int) -> None:
        customer, uids = data.draw(st.sampled_from(self._await(self._people())))
        left = data.draw(st.sets(st.sampled_from(uids), min_size=1))
        self._decide("CANNOT_LINK", self._desk(desk).split(customer, left, SAID))

    @rule(named=NAMED, desk=DESKS, blocked=st.booleans())
    def block(self, named: tuple[str, str], desk: int, blocked: bool) -> None:
        self._decide("BLOCK" if blocked else "UNBLOCK", self._block(desk, named, blocked))

    @precondition(lambda self: self.model.calls)
    @rule(data=st.data(), desk=DESKS)
    def revoke(self, data: st.DataObject, desk: int) -> None:
        call = data.draw(st.sampled_from(sorted(self.model.calls)))
        self._decide("REVOKE_CALL", self._desk(desk).revoke_call(call, SAID), call)

    @precondition(lambda self: self.model.decisions)
    @rule(data=st.data(), desk=DESKS)
    def undo(self, data: st.DataObject, desk: int) -> None:
        undone = list(self.model.decisions)[data.draw(st.integers(0, len(self.model.decisions) - 1))]
        effect = self._await(_tried(self._desk(desk).undo(undone, SAID)))
        assert (effect is not None) == self.model.can_undo(undone)
        if effect is not None:
            self.model.undo(str(effect.decision), undone)

    @precondition(lambda self: self.model.expected()[0])
    @rule(data=st.data(), desk=DESKS)
    def erase(self, data: st.DataObject, desk: int) -> None:
        customer, uids = data.draw(st.sampled_from(self._await(self._people())))
        effect = self._await(_tried(self._desk(desk).erase(customer, SAID)))
        assert effect is not None
        while self._await(self._desk(desk).carry_on(str(effect.decision), 0)):
            pass
        known = self.model.shown()
        theirs = self.model.erase(frozenset(uids))
        left = {row["id"] for row in self._await(self.lines[0].graph.read(_CALLS))}
        assert not theirs & left
        # Of calls that had been taken back, those go that hung on what was the person's.
        revoked = self.model.revoked()
        assert {call for call in self.model.calls if call not in revoked} <= left
        self.model.calls = {id: call for id, call in self.model.calls.items() if id in left}
        # What nothing shows any more is erased with it.
        self.model.erased |= known - self.model.shown() - self.model.blocked()
        self._note("ERASE", effect, None)

    @precondition(lambda self: self.model.calls)
    @rule(data=st.data(), sightings=st.lists(SIGHTINGS, min_size=3, max_size=6), named=NAMED, desk=DESKS)
    def decide_among_calls(
        self, data: st.DataObject, sightings: list[Sighted], named: tuple[str, str], desk: int
    ) -> None:
        """Somebody takes a call back, and blocks a value, while others write."""
        call = data.draw(st.sampled_from(sorted(self.model.calls)))
        bodies = [self._made(one) for one in sightings]

        async def all_at_once() -> tuple[Effect | None, Effect | None]:
            writing = _all([self._apply(number % WRITERS, body) for number, body in enumerate(bodies)])
            deciding = asyncio.gather(
                _tried(self._desk(desk).revoke_call(call, SAID)), _tried(self._block(desk, named, True))
            )
            await writing
            return await deciding

        revoked, blocked = self._await(all_at_once())
        self._note("REVOKE_CALL", revoked, call)
        self._note("BLOCK", blocked, None)

    @invariant()
    def the_graph_is_what_the_pure_function_says(self) -> None:
        groups, holds = self.model.expected()
        rows = self._await(self.lines[0].graph.read(_HOLDS))
        assert {frozenset(row["uids"]) for row in rows if row["end"] is None} == groups
        assert {(row["uid"], row["start"], row["end"], frozenset(row["uids"])) for row in rows} == holds

    @invariant()
    def groups_are_what_the_calls_say(self) -> None:
        picture = self._await(self.lines[0].picture())
        assert {key: (at, traits) for key, at, traits in picture["groups"]} == self.model.named()
        hung = {call: uid for uid, call in picture["calls"]}
        members: dict[tuple[str, str], int] = {}
        for call in self.model.calls.values():
            if call.call.group_id is not None and call.id in hung:
                member = hung[call.id], call.call.group_id
                members[member] = min(call.call.at_ms, members.get(member, call.call.at_ms))
        assert {(uid, key): at for uid, key, at in picture["memberships"]} == members

    def teardown(self) -> None:
        line = self.lines[0]
        report = self._await(IdentityCheck(line.graph, line.upkeep().replay).run(repair=False))
        assert not report.faults, report.named

    def _made(self, sighting: Sighted) -> dict[str, object]:
        identifiers, at, verified = sighting
        self.number += 1
        names = dict(identifiers)
        body: dict[str, object] = {
            "type": "track",
            "event": "Seen",
            "messageId": f"m{self.number}",
            "timestamp": iso(T0_MS + at * 1000),
            # A call needs one of the two; a placeholder is no identifier.
            "anonymousId": names.pop("anonymous_id", "undefined"),
            "context": {
                "verified": verified,
                "externalIds": [{"type": name, "id": value} for name, value in names.items() if name != "user_id"],
            },
        }
        if "user_id" in names:
            body["userId"] = names["user_id"]
        if self.number % 3 == 0:
            body |= {"type": "group", "groupId": GROUPS[at % 2], "traits": {"size": self.number % 2}}
        return body

    async def _apply(self, writer: int, body: dict[str, object]) -> None:
        line = self.lines[writer]
        decoded = decode_calls(make_batch(body), "batch", clock.now_ms(), SOURCE, "entry")
        prepared = line.preparer.prepare(decoded.calls)
        if any(seen.uid in self.model.erased for call in prepared for seen in call.seen):
            # It would be of before the erasure: see test_erasures.
            return
        await line.apply(body)
        for call in prepared:
            self.model.calls[call.id] = call

    def _desk(self, number: int) -> Desk:
        return self.lines[number].desk()

    def _block(self, desk: int, named: tuple[str, str], blocked: bool) -> Awaitable[Effect]:
        line = self.lines[desk]
        namespace, value = named
        uid = line.uid(namespace, value)
        identifier = NamedIdentifier(uid, namespace, line.keyring.seal_display(value, uid))
        return line.desk().block(identifier, SAID, blocked=blocked)

    def _decide(self, kind: str, decision: Awaitable[Effect], subject: str | None = None) -> None:
        self._note(kind, self._await(_tried(decision)), subject)

    def _note(self, kind: str, effect: Effect | None, subject: str | None) -> None:
        if effect is None:
            return
        rows = self._await(self.lines[0].graph.read(_NAMED, id=effect.decision))
        left = frozenset(row["uid"] for row in rows if not row["side"])
        right = frozenset(row["uid"] for row in rows if row["side"])
        self.model.decisions[str(effect.decision)] = Told(kind, subject, left, right)

    async def _people(self) -> list[tuple[str, list[str]]]:
        """Customers in the order of their identifiers: their ids are others each time, and what hypothesis draws from
        must not be.
        """
        rows = await self.lines[0].graph.read(_PEOPLE)
        return sorted(((row["id"], sorted(row["uids"])) for row in rows), key=lambda person: person[1])

    def _await(self, work: Awaitable[T]) -> T:
        async def run() -> T:
            return await work

        return self.runner.run(run())


_CALLS = query("MATCH (call) WHERE call:Event OR call:Call RETURN call.id AS id")
_HOLDS = query(
    """
    MATCH (i:Identifier)<-[h:HAS]-(c:Customer)
    RETURN i.uid AS uid, h.from AS start, h.to AS end,
      COLLECT { MATCH (c)-[open:HAS WHERE open.to IS NULL]->(j:Identifier) RETURN j.uid } AS uids
    """
)
_PEOPLE = query(
    "MATCH (c:Customer)-[h:HAS WHERE h.to IS NULL]->(i:Identifier) RETURN c.id AS id, collect(i.uid) AS uids"
)


async def _all(work: list[Awaitable[None]]) -> None:
    await asyncio.gather(*work)


async def _tried(decision: Awaitable[Effect]) -> Effect | None:
    """What a decision did; None when it cannot be."""
    try:
        return await decision
    except (BadInput, NotFound):
        return None


@pytest.fixture
def machine(settings: Settings, keyring: Keyring) -> Iterator[type[IdentityMachine]]:
    """A machine on a loop of its own: hypothesis runs its steps outside of any."""
    with asyncio.Runner() as runner:

        async def connected() -> list[Line]:
            lines = []
            for _ in range(WRITERS):
                graph = GraphClient(
                    settings.neo4j_uri,
                    settings.neo4j_user,
                    settings.neo4j_password,
                    settings.neo4j_database,
                    secret_key=settings.secret_key,
                )
                lines.append(Line.of(graph, connect(settings.redis_url), keyring))
            await migrate(lines[0].graph)
            return lines

        lines = runner.run(connected())
        yield type("Machine", (IdentityMachine,), {"runner": runner, "lines": lines})

        async def closed() -> None:
            for line in lines:
                await line.graph.close()
                await line.redis.aclose()

        runner.run(closed())


@pytest.mark.timeout(120 + 30 * EXAMPLES)
def test_any_history_of_calls_decisions_and_undos(machine: type[IdentityMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
