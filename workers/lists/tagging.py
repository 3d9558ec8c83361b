"""An import of values into a tag, row by row, with a report. Values are written in pages.

Running it again after it was cut off does no harm: the same rows give the same values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

import msgspec

from base import clock
from base.errors import BadInput
from graph.repositories.tag_list import GivenRow
from rules.tags.compiled import TagValue
from workers.lists.addressing import Addressing
from workers.lists.importing import MAX_SHOWN_FAULTS
from workers.lists.lists import ImportMode
from workers.lists.pages import PAGE_VALUES
from workers.lists.values import Placed, TagValues, Target

# A cell → the value of the tag's type; None where it is none.
ReadValue = Callable[[object], TagValue | None]


class TagRowFault(StrEnum):
    """What there is to say of a row. All but CONFLICT: it was not taken."""

    MALFORMED = "MALFORMED"
    UNKNOWN = "UNKNOWN"
    AMBIGUOUS = "AMBIGUOUS"
    BAD_VALUE = "BAD_VALUE"
    CONFLICT = "CONFLICT"


@dataclass(frozen=True, slots=True)
class FaultyTagRow:
    """A row, from 1, and what there is to say of it."""

    row: int
    fault: TagRowFault


@dataclass(slots=True)
class TagReport:
    """What became of the rows; each is counted once.

    Args:
        found: customers who have the value now; for REMOVE, who have none any more.
        unknown: rows that mean nobody; for REMOVE, or somebody without a value.
        ambiguous: rows whose attribute value several customers have.
        duplicates: the same customer and value as in an earlier row.
        conflicts: a customer that an earlier row gave another value: the later row counts.
        malformed: rows that can mean nobody.
        bad_values: values that are not of the tag's type.
        faulty: the first of these, 100 at most; values are not kept.
    """

    found: int = 0
    unknown: int = 0
    ambiguous: int = 0
    duplicates: int = 0
    conflicts: int = 0
    malformed: int = 0
    bad_values: int = 0
    faulty: list[FaultyTagRow] = field(default_factory=list)


class _Pending(NamedTuple):
    row: int
    name: str
    value: str


class TagImport:
    """One import.

    Args:
        round: of `TagValues.begin`; None for a dry run, which only looks.
    """

    def __init__(
        self,
        values: TagValues,
        addressing: Addressing,
        read: ReadValue,
        *,
        key: str,
        mode: ImportMode,
        round: int | None,
    ):
        self._values = values
        self._addressing = addressing
        self._read = read
        self._key = key
        self._mode = mode
        self._round = round
        self._started_ms = clock.now_ms()
        self._pending: list[_Pending] = []
        # Customer → value, as hashes of 64 bits: some 150 MB for a million rows. That two of ten million customers are
        # taken for one, which falsifies the report alone, is less likely than 1 in 100,000.
        self._seen: dict[int, int] = {}
        self._report = TagReport()

    async def add(self, row: int, who: str, value: object) -> None:
        """Take a row; a full page is written."""
        name = self._addressing.name(who)
        if name is None:
            self._report.malformed += 1
            self._note(row, TagRowFault.MALFORMED)
            return
        text = ""
        if self._mode is not ImportMode.REMOVE:
            read = self._read(value)
            if read is None:
                self._report.bad_values += 1
                self._note(row, TagRowFault.BAD_VALUE)
                return
            text = msgspec.json.encode(read).decode()
        self._pending.append(_Pending(row, name, text))
        if len(self._pending) >= PAGE_VALUES:
            await self._flush()

    async def finish(self) -> TagReport:
        """Write the last page, take what a replacement leaves out, and report.

        Raises:
            BadInput: a replacement in which no row counts, as when the wrong column is read; nothing is taken off.
        """
        await self._flush()
        if self._mode is ImportMode.REPLACE and self._round is not None:
            if self._report.faulty and not self._report.found:
                raise BadInput(
                    "None of these rows gives anybody a value, so all values stay as they are.",
                    hint="Look with a dry run first. REPLACE without rows takes every value.",
                    field="rows",
                )
            await self._values.take_older(self._key, self._round)
        if self._round is not None:
            await self._values.end(self._key, self._started_ms)
        self._report.faulty.sort(key=lambda one: one.row)
        return self._report

    async def _flush(self) -> None:
        pending, self._pending = self._pending, []
        if not pending:
            return
        targets = await self._addressing.find({one.name for one in pending})
        # Of several rows for one identifier the last one is written.
        rows = {
            target.uid: GivenRow(uid=target.uid, value=one.value, row=one.row)
            for one in pending
            if (target := targets.get(one.name)) is not None
        }
        placed = await self._place(list({one.uid: one for one in targets.values() if one is not None}.values()), rows)
        for one in pending:
            self._count(one, targets, placed)

    async def _place(self, targets: list[Target], rows: Mapping[str, GivenRow]) -> Placed:
        remove = self._mode is ImportMode.REMOVE
        if not targets:
            return Placed()
        if self._round is None:
            return await self._values.look(self._key, targets, remove=remove)
        if remove:
            return await self._values.take(self._key, targets)
        return await self._values.put(self._key, self._round, targets, rows)

    def _count(self, one: _Pending, targets: Mapping[str, Target | None], placed: Placed) -> None:
        report, target = self._report, targets.get(one.name)
        if target is None and one.name in targets:
            report.ambiguous += 1
            self._note(one.row, TagRowFault.AMBIGUOUS)
            return
        customer = None if target is None else placed.owners.get(target.uid)
        known = None if customer is None else self._seen.get(hash(customer))
        if customer is None or (known is None and customer not in placed.changed):
            report.unknown += 1
            self._note(one.row, TagRowFault.UNKNOWN)
        elif known is None:
            report.found += 1
        elif known == hash(one.value):
            report.duplicates += 1
        else:
            report.conflicts += 1
            self._note(one.row, TagRowFault.CONFLICT)
        if customer is not None and (known is not None or customer in placed.changed):
            self._seen[hash(customer)] = hash(one.value)

    def _note(self, row: int, fault: TagRowFault) -> None:
        if len(self._report.faulty) < MAX_SHOWN_FAULTS:
            self._report.faulty.append(FaultyTagRow(row, fault))
