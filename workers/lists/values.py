"""The values of imported tags: identifiers give them to whoever has them, and the newest import counts.

A value goes with its identifier when customers are joined and parted, as a place on a segment's list does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from base import clock
from base.errors import BadInput, NotFound
from delivery.publisher import ChangePublisher
from graph.client import GraphClient, Transaction
from graph.repositories import maintenance
from graph.repositories import tag as tag_repository
from graph.repositories import tag_list as repository
from graph.repositories.maintenance import Maintained, RecordKind
from graph.repositories.segment_list import ListedRow
from graph.repositories.tag import DRAFT, OFFLINE, PAUSED, TagRecord, TagRepository
from graph.repositories.tag_list import GivenRow
from rules.needs import tag_name
from rules.tags.definition import TagKind
from workers.lists.pages import PAGE_VALUES, Pages, had
from workers.live.context import LiveContext


@dataclass(frozen=True, slots=True)
class Target:
    """An identifier that is to give a value.

    Args:
        owner: who has to have it; None for whoever has it.
    """

    uid: str
    namespace: str
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of a page.

    Args:
        owners: identifier → who has it; those that were not changed are missing.
        changed: customers of whom something was written or taken.
    """

    owners: Mapping[str, str] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()


class TagValues:
    """One a process."""

    def __init__(self, graph: GraphClient, publisher: ChangePublisher, live: LiveContext):
        self._graph = graph
        self._pages = Pages(graph, publisher, live)

    async def find(self, key: str) -> TagRecord:
        """The tag, if values can be imported into it.

        Raises:
            NotFound: no such tag.
            BadInput: it is of another kind, or rests.
        """
        return _checked((await TagRepository(self._graph).get_many([key])).get(key))

    async def begin(self, key: str, author: str) -> int:
        """The round of an import that begins: newer than all before. It stands in the tag's maintenance record.

        Raises:
            NotFound, BadInput: as `find`.
        """

        async def work(tx: Transaction) -> int:
            tag = _checked(await tag_repository.find(tx, key))
            round = await repository.begin(tx, key)
            await maintenance.note(
                tx,
                tag.id,
                RecordKind.EDITED,
                version=tag.version,
                status=tag.status,
                now_ms=clock.now_ms(),
                author=author,
                changes=("values",),
            )
            return round

        return await self._graph.write("begin_tag_import", work)

    async def look(self, key: str, targets: Collection[Target], *, remove: bool) -> Placed:
        """What `put`, or `take`, would do."""
        owners = await repository.find_owners(self._graph, [one.uid for one in targets])
        owners = _expected(targets, owners)
        if not remove:
            return Placed(owners, frozenset(owners.values()))
        beside = await repository.find_beside(self._graph, key, list(owners))
        return Placed(owners, frozenset(owners[one.asked] for one in beside if one.asked in owners))

    async def put(self, key: str, round: int, targets: Collection[Target], rows: Mapping[str, GivenRow]) -> Placed:
        """Let identifiers that somebody has give values.

        Args:
            rows: by identifier.

        Raises:
            BadInput: the tag was paused or deleted meanwhile.
        """

        async def write(tx: Transaction, locked: dict[str, str | None]) -> set[str]:
            owners = _expected(targets, had(locked))
            given = [rows[uid] for uid in sorted(owners)]
            if given and not await repository.put(tx, key, given, round, clock.now_ms()):
                raise BadInput("The tag was paused or deleted meanwhile.", field="key")
            return set(owners)

        owners = had(await self._pages.change(tag_name(key), _rows(targets), write))
        return Placed(owners, frozenset(owners.values()))

    async def take(self, key: str, targets: Collection[Target]) -> Placed:
        """Take the values of whoever has these identifiers, on whichever of theirs they hang."""
        beside = await repository.find_beside(self._graph, key, [one.uid for one in targets])
        asked_of: dict[str, set[str]] = {}
        for one in beside:
            asked_of.setdefault(one.uid, set()).add(one.asked)
        owners: dict[str, str] = {}

        async def write(tx: Transaction, locked: dict[str, str | None]) -> set[str]:
            owners.clear()
            owners.update(_expected(targets, had(locked)))
            # One that has gone to somebody else since it was found stays.
            mine = [
                uid
                for uid, askers in asked_of.items()
                if (owner := locked.get(uid)) is not None and any(owners.get(asked) == owner for asked in askers)
            ]
            return await repository.take(tx, key, sorted(mine))

        rows = {row["uid"]: row for row in _rows(targets)}
        rows |= {one.uid: ListedRow(uid=one.uid, namespace=one.namespace) for one in beside}
        changed = had(await self._pages.change(tag_name(key), list(rows.values()), write))
        return Placed(owners, frozenset(changed.values()))

    async def end(self, key: str, started_ms: int) -> None:
        """Add an import that has come to its end to the maintenance record."""

        async def work(tx: Transaction) -> None:
            await maintenance.end_run(tx, Maintained.TAG, key, None, clock.now_ms(), started_ms)

        await self._graph.write("end_import", work)

    async def take_older(self, key: str, round: int) -> int:
        """Take the values of all earlier imports; how many they were."""
        count = 0
        while rows := await repository.scan_older(self._graph, key, round, PAGE_VALUES):
            count += len(await self._take_page(key, rows, round))
        return count

    async def _take_page(self, key: str, rows: Sequence[ListedRow], before: int) -> dict[str, str | None]:
        async def write(tx: Transaction, locked: dict[str, str | None]) -> set[str]:
            return await repository.take(tx, key, sorted(locked), before)

        return await self._pages.change(tag_name(key), rows, write)


def _checked(tag: TagRecord | None) -> TagRecord:
    if tag is None:
        raise NotFound("There is no tag of this key.", hint="Create one of kind IMPORTED first.")
    if tag.kind != TagKind.IMPORTED:
        raise BadInput(f"The tag is of kind {tag.kind}.", hint="Create another one of kind IMPORTED.", field="key")
    if tag.status in (DRAFT, PAUSED, OFFLINE):
        raise BadInput(f"The tag is {tag.status}.", hint="resumeTag lets it go on.", field="key")
    return tag


def _expected(targets: Collection[Target], owners: Mapping[str, str]) -> dict[str, str]:
    """Those that the right customer has."""
    return {one.uid: owners[one.uid] for one in targets if one.uid in owners and one.owner in (None, owners[one.uid])}


def _rows(targets: Collection[Target]) -> list[ListedRow]:
    return [ListedRow(uid=one.uid, namespace=one.namespace) for one in targets]
