"""Reads that pass over all identifiers, all evidence or all customers, page by page."""

from __future__ import annotations

from typing import NamedTuple

from graph.client import GraphClient
from graph.identity.ownership import SINCE_EVER
from graph.queries import load

CHECK_CUSTOMERS = load("identity/check_customers")
_PAGE_OWNED = load("identity/page_owned")
_PAGE_VALUES = load("identity/page_values")
_COUNT = load("identity/count")
_PAGE_EVIDENCE = load("identity/page_evidence")


class OwnedIdentifier(NamedTuple):
    """An identifier, who has it now, and whether nobody else ever had it."""

    uid: str
    status: str
    decided: bool
    customer: str | None
    for_ever: bool


class StoredValue(NamedTuple):
    """An identifier's sealed value, and whether the lists of the policy set it aside."""

    uid: str
    namespace: str
    cipher: bytes | None
    status: str
    by_policy: bool


class EvidenceSet(NamedTuple):
    """Identifiers that were seen together, and those of them that no call vouched for."""

    key: str
    members: list[str]
    unverified: list[str]


class CheckedCustomer(NamedTuple):
    """A customer: alive without an identifier, or retired without leading to one living customer; how many it has."""

    id: str
    size: int
    orphan: bool
    astray: bool


class SurveyRepository:
    """Pages of everything; every method is one statement."""

    def __init__(self, graph: GraphClient):
        self._graph = graph

    async def page_owned(self, after: str, size: int) -> list[OwnedIdentifier]:
        """All identifiers after one, ascending, at most `size`."""
        rows = (await self._graph.read(_PAGE_OWNED, after=after, size=size, since_ever=SINCE_EVER))[0]["identifiers"]
        return [OwnedIdentifier(*row) for row in rows]

    async def page_values(self, after: str, size: int) -> list[StoredValue]:
        """All identifiers after one with their sealed values, ascending, at most `size`."""
        rows = await self._graph.read(_PAGE_VALUES, after=after, size=size)
        return [
            StoredValue(row["uid"], row["namespace"], row["cipher"], row["status"], row["by_policy"]) for row in rows
        ]

    async def count(self) -> int:
        """How many identifiers there are, about."""
        return int((await self._graph.read(_COUNT))[0]["count"])

    async def page_evidence(self, after: str, size: int) -> list[EvidenceSet]:
        """All sets of identifiers after a key, ascending, at most `size`; without members when no call is left."""
        rows = (await self._graph.read(_PAGE_EVIDENCE, after=after, size=size))[0]["sets"]
        return [EvidenceSet(*row) for row in rows]

    async def check_customers(self, after: str, size: int) -> list[CheckedCustomer]:
        """Customers after an id, ascending, at most `size`, with what must not be."""
        rows = await self._graph.read(CHECK_CUSTOMERS, after=after, size=size)
        return [CheckedCustomer(row["id"], row["size"], row["orphan"], row["astray"]) for row in rows]
