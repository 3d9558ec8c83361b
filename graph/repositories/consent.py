"""What the consents of customers are read from, and the identifiers that new ones hang on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from graph.client import GraphClient, Transaction
from graph.personal import Field
from graph.queries import load

_GET_IDENTIFIERS = load("consent/get_identifiers")
_GET_ATTRIBUTES = load("consent/get_attributes")
_LIST_HISTORY = load("consent/list_history")


class Attribute(msgspec.Struct):
    """A stored attribute: value, when it was observed (ms), and by which source."""

    v: object
    at: int
    s: str


_attributes = msgspec.json.Decoder(dict[str, Attribute]).decode


class Bearer(NamedTuple):
    """An identifier on which something can be hung; `cipher` is None when no call has shown it."""

    uid: str
    namespace: str
    status: str
    last_seen_ms: int | None
    cipher: bytes | None


class Person(NamedTuple):
    """A living customer."""

    id: str
    attributes: Mapping[str, Attribute]
    bearers: Sequence[Bearer]


class CalledRow(NamedTuple):
    """The traits and consents (JSON) of one call, when (ms) and from where."""

    at_ms: int
    source: str
    traits: str


async def find_person(tx: Transaction, customer: str) -> Person | None:
    """Who answers for an id now; None: nobody."""
    rows = await tx.run(_GET_IDENTIFIERS, id=customer)
    if not rows:
        return None
    row = rows[0]
    attributes = tx.personal.open(row["attributes"] or "{}", Field.ATTRIBUTES, row["customer"])
    return Person(row["customer"], _attributes(attributes), [Bearer(*one) for one in row["identifiers"]])


class ConsentRepository:
    """Each method is one statement."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def get_attributes(self, ids: Sequence[str]) -> dict[str, Mapping[str, Attribute]]:
        """Asked id → the attributes of who answers for it; ids that nobody has are missing."""
        rows = await self._graph.read(_GET_ATTRIBUTES, ids=list(ids))
        open_ = self._graph.personal.open
        return {
            row["asked"]: _attributes(open_(row["attributes"] or "{}", Field.ATTRIBUTES, row["id"])) for row in rows
        }

    async def list_history(self, customer: str, until_ms: int, count: int) -> list[CalledRow]:
        """What calls of a living customer said until an instant (ms, included), newest first."""
        rows = await self._graph.read(_LIST_HISTORY, id=customer, before=until_ms, count=count)
        open_ = self._graph.personal.open
        return [CalledRow(row["at"], row["source"], open_(row["traits"], Field.TRAITS, row["id"])) for row in rows]
