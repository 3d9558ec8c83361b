"""Who looked at a person or changed something about them, as the operation log has it: roles, no names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, Protocol

from audit.entry import Entry, Outcome
from audit.search import NEWEST, AuditSearch, Wanted
from base.clock import iso
from base.keys import Keyring
from graph.client import GraphClient

PAGE_ENTRIES: Final = 500
# Each page of a search opens a hundred blocks of five hundred entries, a tenth of a second.
MAX_PAGES: Final = 100
# Nothing was shown, and nothing changed.
_WITHOUT_EFFECT: Final = (Outcome.REFUSED, Outcome.FAILED)


class Ended(Protocol):
    """Is told when older entries were not looked at."""

    looked_back_to: str | None


class Lookups:
    """Reads the log."""

    def __init__(self, graph: GraphClient, keyring: Keyring):
        self._search = AuditSearch(graph, keyring)

    async def pages(self, ids: Sequence[str], ended: Ended) -> AsyncIterator[Sequence[dict[str, Any]]]:
        """Entries that name a customer by one of the ids, newest first; at most `MAX_PAGES` of the search."""
        wanted, below = Wanted(about=frozenset(ids)), NEWEST
        last_ms: int | None = None
        for _ in range(MAX_PAGES):
            found = await self._search.page(wanted, below, PAGE_ENTRIES)
            if found.entries:
                last_ms = found.entries[-1].entry.at_ms
                yield [_row(one.entry) for one in found.entries if one.entry.outcome not in _WITHOUT_EFFECT]
            if found.read_on is None:
                return
            below = found.read_on
        oldest = await self._search.page(Wanted(), below, 1)
        last_ms = oldest.entries[0].entry.at_ms if oldest.entries else last_ms
        ended.looked_back_to = None if last_ms is None else iso(last_ms)


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "at": iso(entry.at_ms),
        "action": entry.action,
        # Whom the person may ask about it is the company; which of its people it was is about these.
        "by": list(entry.roles) or [_kind(entry.user)],
        "purpose": entry.purpose,
        "shown": list(entry.fields),
        **({"outcome": entry.outcome} if entry.outcome is not Outcome.OK else {}),
    }


def _kind(user: str) -> str:
    match user:
        case "cli":
            return "command line"
        case "service":
            return "service"
        case _:
            return "key"
