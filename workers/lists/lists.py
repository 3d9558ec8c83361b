"""The lists of imported segments: identifiers are put on them and taken off, and who has them enters or leaves.

Membership is of identifiers: it goes with them when customers are joined and parted.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from enum import StrEnum

import msgspec

from base import clock
from base.errors import BadInput
from base.ids import SEGMENT_PREFIX
from delivery.publisher import ChangePublisher
from graph.client import GraphClient, Transaction
from graph.repositories import maintenance
from graph.repositories import segment as segment_repository
from graph.repositories import segment_list as repository
from graph.repositories.maintenance import Maintained, RecordKind
from graph.repositories.segment import DELETING, OFFLINE, Heading, SegmentRecord
from graph.repositories.segment_list import ListedRow
from rules.keys import KEY, KEY_HINT, TITLE_FAULT, is_title
from rules.parser import parse_rule
from rules.printer import print_rule
from rules.tree import ListLeaf
from workers.lists.pages import PAGE_VALUES, Pages, Write, had
from workers.live.context import LiveContext

LIVE = "LIVE"
_ID_BYTES = 12


class ImportMode(StrEnum):
    """What becomes of what is on the list already: it stays, goes unless it is given again, or goes if it is given."""

    ADD = "ADD"
    REPLACE = "REPLACE"
    REMOVE = "REMOVE"


class SegmentLists:
    """One a process."""

    def __init__(self, graph: GraphClient, publisher: ChangePublisher, live: LiveContext):
        self._graph = graph
        self._pages = Pages(graph, publisher, live)

    async def begin(
        self,
        key: str,
        name: str | None,
        author: str,
        mode: ImportMode,
        *,
        heading: Heading | None = None,
        reason: str | None = None,
        must_be_new: bool = False,
        private: bool = False,
        check: Callable[[SegmentRecord], None] = lambda segment: None,
    ) -> int:
        """Create the segment unless it is there, and begin a round.

        Args:
            heading: of a segment that is made, instead of its name alone.
            reason: likewise, why.
            private: likewise, whether its author alone sees it.
            check: lets a segment that is there already pass, or raises.

        Raises:
            BadInput: key or name cannot be one, or the segment has a rule of its own, is archived or is being deleted,
                or is there and must be new.
        """
        if not KEY.fullmatch(key):
            raise BadInput("This is no segment key.", hint=KEY_HINT, field="key")
        if name is not None and not is_title(name):
            raise BadInput(TITLE_FAULT, field="name")
        segment_id = SEGMENT_PREFIX + secrets.token_hex(_ID_BYTES)

        async def work(tx: Transaction) -> int:
            await segment_repository.lock_catalogue(tx)
            segment = await segment_repository.create(
                tx,
                id=segment_id,
                key=key,
                heading=heading or Heading((name or key).strip()),
                rule=msgspec.json.encode(print_rule(ListLeaf(key))).decode(),
                author=author,
                reason=reason,
                now_ms=clock.now_ms(),
                private=private,
            )
            is_new = segment.id == segment_id
            if not is_new:
                check(segment)
            check_importable(segment)
            if must_be_new and not is_new:
                hint = "Choose another key, or let its list be replaced."
                raise BadInput("There is a segment of this key.", hint=hint, field="key")
            replace = mode is ImportMode.REPLACE
            at_ms = clock.now_ms()
            round_ = await repository.begin(tx, key, is_new=is_new, replace=replace, now_ms=at_ms)
            # What is on the list afterwards is known when it is read; that somebody has imported is not.
            await maintenance.note(
                tx,
                segment.id,
                RecordKind.CREATED if is_new else RecordKind.EDITED,
                version=segment.version,
                status=LIVE if is_new else segment.status,
                now_ms=at_ms,
                author=author,
                reason=reason,
                changes=("list",),
            )
            return round_

        return await self._graph.write("begin_import", work)

    async def find_owned(self, uids: Collection[str]) -> set[str]:
        """Those of the identifiers that somebody has now."""
        return await repository.find_owned(self._graph, uids)

    async def put(self, key: str, round: int, rows: Sequence[ListedRow]) -> set[str]:
        """Put identifiers on the list, and say which: those that somebody has.

        Raises:
            BadInput: the segment was archived or deleted meanwhile.
        """

        async def listed(tx: Transaction, owners: dict[str, str]) -> set[str]:
            if owners and not await repository.put(tx, key, sorted(owners), round, clock.now_ms()):
                raise BadInput("The segment was archived or deleted meanwhile.")
            return set(owners)

        return await self._change(key, rows, lambda tx, owners: listed(tx, had(owners)))

    async def take(self, key: str, rows: Sequence[ListedRow]) -> set[str]:
        """Take identifiers off the list, whoever has them; those that were on it."""
        return await self._change(key, rows, lambda tx, owners: repository.take(tx, key, sorted(owners)))

    async def end(self, key: str, started_ms: int) -> None:
        """Add an import that has come to its end to the maintenance record."""

        async def work(tx: Transaction) -> None:
            await maintenance.end_run(tx, Maintained.SEGMENT, key, None, clock.now_ms(), started_ms)

        await self._graph.write("end_import", work)

    async def take_older(self, key: str, round: int) -> int:
        """Take everything of earlier rounds off the list; how much it was."""
        count = 0
        while rows := await repository.scan_older(self._graph, key, round, PAGE_VALUES):
            taken = await self._change(
                key, rows, lambda tx, owners: repository.take(tx, key, sorted(owners), before=round)
            )
            count += len(taken)
        return count

    async def _change(self, key: str, rows: Sequence[ListedRow], write: Write) -> set[str]:
        return set(await self._pages.change(key, rows, write))


def check_importable(segment: SegmentRecord) -> None:
    """Raises:
    BadInput: a list cannot be imported into this segment.
    """
    if segment.status == DELETING:
        raise BadInput("A segment of this key is being deleted.", hint="Try again in a minute.", field="key")
    if segment.status == OFFLINE:
        raise BadInput("This segment is archived.", hint="Unarchive it first.", field="key")
    if parse_rule(msgspec.json.decode(segment.rule)) != ListLeaf(segment.key):
        raise BadInput(
            "This segment has a rule.",
            hint="Import into a segment of another key, and name it in the rule.",
            field="key",
        )
