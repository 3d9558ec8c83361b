"""What the public API shows of the people in a worked case, by the case's names."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from tests.support.cases import Case, Names
from tests.support.client import Client
from tests.support.sightings import T0_MS

# Questions under way at once.
ASKERS = 8
WHO = """query ($of: IdentifierInput!, $after: String) { customer(identifier: $of) {
  id identifiers { namespace value } attributes { name value }
  events(first: 100, after: $after) { edges { node { at } } pageInfo { hasNextPage endCursor } } } }"""
LOG = """query ($of: IdentifierInput!) { customer(identifier: $of) {
  decisions(first: 100) { edges { node { kind author reason stands identifiers { namespace value } } } } } }"""
WHY = """query ($a: IdentifierInput!, $b: IdentifierInput!) { explainIdentity(a: $a, b: $b) {
  together shared { namespace value } hops { from { namespace value } to { namespace value } accepted reason
    blocking { namespace value } evidence { count firstAt lastAt } } } }"""


class Said(NamedTuple):
    """A line of the log, its identifiers by name; an empty reason where nobody gave one."""

    kind: str
    author: str
    reason: str
    stands: bool
    names: str


class Person(NamedTuple):
    """A customer: its identifiers by name, what it is, and when it did something (seconds)."""

    id: str
    names: str
    attributes: dict[str, object]
    events: list[int]


class Hop(NamedTuple):
    """A link on the way between two names: why it is cut and by which pair, and the calls that showed it."""

    accepted: bool
    reason: str | None
    blocking: str
    count: int
    first: int
    last: int


class Way(NamedTuple):
    """How two names hang together; which of them are shared."""

    together: bool
    shared: str
    hops: tuple[Hop, ...]


class Picture(NamedTuple):
    """Everybody of a case without ids, which differ from run to run: identifiers and events; and every link."""

    people: dict[str, tuple[str, list[int]] | None]
    ways: dict[str, Way | None]


async def person(client: Client, names: Names, name: str) -> Person | None:
    """Who has an identifier now."""
    events: list[int] = []
    of, after = _input(names, name), None
    while True:
        found = await client.ask(WHO, of=of, after=after)
        if found is None:
            return None
        events += [_second(edge["node"]["at"]) for edge in found["events"]["edges"]]
        if not found["events"]["pageInfo"]["hasNextPage"]:
            break
        after = found["events"]["pageInfo"]["endCursor"]
    return Person(
        found["id"],
        names.named(found["identifiers"]),
        {one["name"]: one["value"] for one in found["attributes"]},
        sorted(events),
    )


async def people(client: Client, names: Names, wanted: Iterable[str]) -> dict[str, Person | None]:
    """Who has each of these now."""
    return await _each(wanted, lambda name: person(client, names, name))


async def customers(client: Client, names: Names, wanted: Iterable[str]) -> list[str | None]:
    """The id of whoever has each of these now."""
    found = await people(client, names, wanted)
    return [None if one is None else one.id for one in found.values()]


async def logs(client: Client, names: Names, wanted: Iterable[str]) -> dict[str, list[Said]]:
    """What was decided about whoever has each of these now, sorted."""
    return await _each(wanted, lambda name: _log(client, names, name))


async def way(client: Client, names: Names, pair: str) -> Way | None:
    """How two names hang together; None when nobody has one of them."""
    a, b = pair.split()
    found = await client.ask(WHY, a=_input(names, a), b=_input(names, b))
    if found is None:
        return None
    hops = tuple(_hop(names, hop) for hop in found["hops"])
    return Way(found["together"], names.named(found["shared"]), hops)


async def ways(client: Client, names: Names, pairs: Iterable[str]) -> dict[str, Way | None]:
    """How the names of each pair hang together."""
    return await _each(pairs, lambda pair: way(client, names, pair))


async def picture(client: Client, names: Names, case: Case) -> Picture:
    """Everything of a case."""
    found = await people(client, names, case.names())
    shown = {name: None if one is None else (one.names, one.events) for name, one in found.items()}
    return Picture(shown, await ways(client, names, case.links()))


async def _each(wanted: Iterable[str], ask: Any) -> dict[str, Any]:
    """Answers by what was asked about, few at once."""
    gate = asyncio.Semaphore(ASKERS)

    async def one(what: str) -> Any:
        async with gate:
            return await ask(what)

    asked = list(wanted)
    return dict(zip(asked, await asyncio.gather(*map(one, asked)), strict=True))


async def _log(client: Client, names: Names, name: str) -> list[Said]:
    found = await client.ask(LOG, of=_input(names, name))
    return sorted(_said(names, edge["node"]) for edge in found["decisions"]["edges"])


def _input(names: Names, name: str) -> dict[str, str]:
    namespace, value = names.of(name)
    return {"namespace": namespace, "value": value}


def _hop(names: Names, hop: dict[str, Any]) -> Hop:
    seen = hop["evidence"]
    return Hop(
        hop["accepted"],
        hop["reason"],
        names.named(hop["blocking"]),
        sum(one["count"] for one in seen),
        min((_second(one["firstAt"]) for one in seen), default=0),
        max((_second(one["lastAt"]) for one in seen), default=0),
    )


def _said(names: Names, node: dict[str, Any]) -> Said:
    return Said(node["kind"], node["author"], node["reason"] or "", node["stands"], names.named(node["identifiers"]))


def _second(at: str) -> int:
    return int(datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()) - T0_MS // 1000
