"""Who may see and change a segment or tag: the checks of changes, and the change of that itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from access.permissions import Permission
from access.sharing import Reach, may_change
from base.clock import now_ms
from base.errors import ErrorCode, KithError, NotFound
from graph.client import Transaction
from graph.repositories import segment as segment_repository
from graph.repositories import sharing as repository
from graph.repositories import tag as tag_repository
from graph.repositories.maintenance import RecordKind
from graph.repositories.segment import SegmentRecord
from graph.repositories.sharing import Grant, Sharing, Visibility
from graph.repositories.tag import TagRecord
from resolvers.context import RequestContext
from resolvers.definitions import note
from resolvers.refusal import Refusal
from rules.problems import Problem, text_fault

# More is a role.
MAX_GRANTS: Final = 100
MAX_NAME_CHARS: Final = 200

D = TypeVar("D", SegmentRecord, TagRecord)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How something is to be shared.

    Args:
        owner: whom it is handed over to; None leaves it whose it is.
    """

    visibility: Visibility
    grants: Sequence[Grant]
    owner: str | None


def changeable(context: RequestContext, found: D | None, unknown: Callable[[], KithError]) -> D:
    """What was found, for a change of it.

    Args:
        unknown: the fault of one that is not there, or not for the asker.

    Raises:
        KithError: as `unknown` makes it: nothing that the asker may know of.
        KithError: FORBIDDEN, they may see it only.
    """
    reach = None if found is None else context.viewer.reach(found.sharing)
    if found is None or reach is None:
        raise unknown()
    if not may_change(reach):
        raise KithError(
            ErrorCode.FORBIDDEN,
            "This is shared with you to be seen, not to be changed.",
            hint="Ask its owner to share it with the access CHANGE, or make a copy.",
        )
    return found


def reach_of(context: RequestContext, thing: SegmentRecord | TagRecord) -> Reach:
    """What the asker may do with something that they see: their permissions, and what was shared with them."""
    needed = Permission.TAGS_CHANGE if isinstance(thing, TagRecord) else Permission.SEGMENTS_CHANGE
    reach = context.viewer.reach(thing.sharing)
    return reach if reach is not None and needed in context.principal.permissions else Reach.VIEW


async def share_segment(
    context: RequestContext, key: str, wanted: Wanted, unknown: Callable[[], NotFound]
) -> SegmentRecord | Refusal:
    """Share a segment with exactly these.

    Raises:
        NotFound: no such segment.
        KithError: FORBIDDEN, it is not the asker's to share.
    """
    if problems := _problems(wanted):
        return Refusal(tuple(problems))

    async def work(tx: Transaction) -> SegmentRecord:
        await segment_repository.lock_catalogue(tx)
        old = _own(context, await segment_repository.find(tx, key), unknown)
        await repository.share_segment(tx, key=key, sharing=_shared(old, wanted), now_ms=now_ms())
        return await _noted(tx, context, old, await segment_repository.find(tx, key) or old)

    return await context.services.graph.write("share_segment", work)


async def share_tag(
    context: RequestContext, key: str, wanted: Wanted, unknown: Callable[[], NotFound]
) -> TagRecord | Refusal:
    """The same for a tag."""
    if problems := _problems(wanted):
        return Refusal(tuple(problems))

    async def work(tx: Transaction) -> TagRecord:
        await segment_repository.lock_catalogue(tx)
        old = _own(context, await tag_repository.find(tx, key), unknown)
        await repository.share_tag(tx, key=key, sharing=_shared(old, wanted), now_ms=now_ms())
        return await _noted(tx, context, old, await tag_repository.find(tx, key) or old)

    return await context.services.graph.write("share_tag", work)


def _own(context: RequestContext, found: D | None, unknown: Callable[[], NotFound]) -> D:
    reach = None if found is None else context.viewer.reach(found.sharing)
    if found is None or reach is None:
        raise unknown()
    if reach is not Reach.OWN:
        raise KithError(
            ErrorCode.FORBIDDEN,
            "This is not yours to share.",
            hint="Ask its owner, or an administrator; or make a copy.",
        )
    return found


def _shared(old: SegmentRecord | TagRecord, wanted: Wanted) -> Sharing:
    owner = old.sharing.owner if wanted.owner is None else wanted.owner
    return Sharing(owner, wanted.visibility, tuple(wanted.grants))


async def _noted(tx: Transaction, context: RequestContext, old: D, new: D) -> D:
    """Has what is another now, by the names of arguments, in the maintenance record."""
    before, after = _parts(old.sharing), _parts(new.sharing)
    if changes := [name for name in before if before[name] != after[name]]:
        await note(tx, context.principal.id, RecordKind.EDITED, new, changes=changes)
    return new


def _parts(sharing: Sharing) -> dict[str, object]:
    return {"visibility": sharing.visibility, "with": sharing.grants, "owner": sharing.owner}


def _problems(wanted: Wanted) -> list[Problem]:
    problems: list[Problem] = []
    if wanted.visibility is Visibility.SHARED and not wanted.grants:
        problems.append(Problem("with", "Nobody is named.", "Name users or roles, or choose PRIVATE."))
    if wanted.visibility is not Visibility.SHARED and wanted.grants:
        problems.append(Problem("with", f"With {wanted.visibility} nobody is named.", "Choose SHARED."))
    if len(wanted.grants) > MAX_GRANTS:
        problems.append(Problem("with", f"At most {MAX_GRANTS} users and roles.", "Make a role of them."))
    named: set[tuple[str, str]] = set()
    for place, grant in enumerate(wanted.grants[:MAX_GRANTS]):
        if fault := _name_fault(grant.name):
            problems.append(Problem(f"with.{place}", fault, None))
        elif (grant.kind, grant.name) in named:
            problems.append(Problem(f"with.{place}", "Named already.", "CHANGE lets somebody see it too."))
        named.add((grant.kind, grant.name))
    if wanted.owner is not None and (fault := _name_fault(wanted.owner)):
        problems.append(Problem("owner", fault, None))
    return problems


def _name_fault(name: str) -> str | None:
    if not 0 < len(name) <= MAX_NAME_CHARS:
        return f"An id or key has 1 to {MAX_NAME_CHARS} characters."
    return text_fault(name)
