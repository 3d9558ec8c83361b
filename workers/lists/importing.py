"""An import of values into a segment's list, value by value, with a report. The list is written in pages.

Running it again after it was cut off does what is left: what is on the list already is found there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from base import clock
from base.errors import BadInput
from base.keys import Keyring
from graph.repositories.segment_list import ListedRow
from workers.lists.lists import ImportMode, SegmentLists
from workers.lists.pages import PAGE_VALUES

MAX_SHOWN_FAULTS = 100

# A value → its one spelling, and whether it can identify anybody.
Spell = Callable[[str], tuple[str, bool]]


class RowFault(StrEnum):
    """Why a value was not taken."""

    MALFORMED = "MALFORMED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class FaultyRow:
    """A row, from 1, whose value was not taken."""

    row: int
    fault: RowFault


@dataclass(slots=True)
class Report:
    """What became of the values; each is counted once.

    Args:
        found: on the list now; for REMOVE, off it now.
        unknown: nobody has them; for REMOVE, they were not on it.
        duplicates: given before.
        faulty: the first of the malformed and unknown rows, 100 at most. Values are not kept.
    """

    found: int = 0
    unknown: int = 0
    duplicates: int = 0
    malformed: int = 0
    faulty: list[FaultyRow] = field(default_factory=list)


class ListImport:
    """One import.

    Args:
        round: of `SegmentLists.begin`; None for a dry run, which only looks who is known.
    """

    def __init__(
        self,
        lists: SegmentLists,
        keyring: Keyring,
        spell: Spell,
        *,
        key: str,
        namespace: str,
        mode: ImportMode,
        round: int | None,
    ):
        self._lists = lists
        self._keyring = keyring
        self._spell = spell
        self._key = key
        self._namespace = namespace
        self._mode = mode
        self._round = round
        self._started_ms = clock.now_ms()
        self._rows: dict[str, int] = {}
        # Hashes of 64 bits, as a file may have millions of values: that two of ten million are taken for one is less
        # likely than 1 in 100,000.
        self._seen: set[int] = set()
        self._report = Report()

    async def add(self, row: int, value: str) -> None:
        """Take a value; a full page is written."""
        spelled, is_usable = self._spell(value)
        if not is_usable or not spelled:
            self._report.malformed += 1
            self._note(row, RowFault.MALFORMED)
            return
        uid = self._keyring.uid(self._namespace, spelled)
        if hash(uid) in self._seen:
            self._report.duplicates += 1
            return
        self._seen.add(hash(uid))
        self._rows[uid] = row
        if len(self._rows) >= PAGE_VALUES:
            await self._flush()

    async def finish(self) -> Report:
        """Write the last page, take off what a replacement leaves out, and report.

        Raises:
            BadInput: a replacement in which nobody is known, as when the wrong column is read; nothing is taken off.
        """
        await self._flush()
        if self._mode is ImportMode.REPLACE and self._round is not None:
            if self._report.faulty and not self._report.found:
                raise BadInput(
                    "Nobody has one of these values, so the list stays as it is.",
                    hint="Look with a dry run first. REPLACE with no values empties a list.",
                    field="values",
                )
            await self._lists.take_older(self._key, self._round)
        if self._round is not None:
            await self._lists.end(self._key, self._started_ms)
        self._report.faulty.sort(key=lambda one: one.row)
        return self._report

    async def _flush(self) -> None:
        rows, self._rows = self._rows, {}
        if not rows:
            return
        found = await self._written([ListedRow(uid=uid, namespace=self._namespace) for uid in rows])
        self._report.found += len(found)
        self._report.unknown += len(rows) - len(found)
        for uid, row in rows.items():
            if uid not in found:
                self._note(row, RowFault.UNKNOWN)

    async def _written(self, rows: list[ListedRow]) -> set[str]:
        if self._round is None:
            return await self._lists.find_owned([row["uid"] for row in rows])
        if self._mode is ImportMode.REMOVE:
            return await self._lists.take(self._key, rows)
        return await self._lists.put(self._key, self._round, rows)

    def _note(self, row: int, fault: RowFault) -> None:
        if len(self._report.faulty) < MAX_SHOWN_FAULTS:
            self._report.faulty.append(FaultyRow(row, fault))
