"""Segments that are put away and brought back, and copies of segments."""

from __future__ import annotations

import msgspec

from access.sharing import ALL_SEEING
from base.clock import now_ms
from graph.client import Transaction
from graph.repositories import segment as repository
from graph.repositories.maintenance import RecordKind
from graph.repositories.segment import OFFLINE, SegmentRecord, heading_of
from resolvers.context import RequestContext
from resolvers.definitions import note, read_definitions
from resolvers.refusal import Refusal, Refused
from resolvers.segments import changes, segments
from resolvers.segments.changes import Edit
from resolvers.sharing import changeable

# Arguments of these mutations for those of createSegment and updateSegment.
_UNARCHIVED = {"input.rule": "key", "input.reason": "reason"}
_COPIED = {"input.rule": "key", "input.key": "newKey", "input.name": "name"}


async def archive(context: RequestContext, key: str) -> SegmentRecord | Refusal:
    """Keep a segment's members as they are from now on; refused while a segment that is kept live reads it.

    Whoever evaluates by the rules of before starts over: the counter of the catalogue has moved.

    Raises:
        NotFound: no such segment.
    """

    async def work(tx: Transaction) -> SegmentRecord:
        await repository.lock_catalogue(tx)
        old = changeable(context, await repository.find(tx, key), segments.unknown)
        if old.status == OFFLINE:
            return old
        defined = await read_definitions(tx, context.viewer)
        changes.refuse_used(defined, defined.live_users_of(key), "Change or archive those first.")
        archived = await repository.archive(tx, key=key, now_ms=now_ms())
        await note(tx, context.principal.id, RecordKind.STATUS, archived, before=old.status)
        return archived

    try:
        return await context.services.graph.write("archive_segment", work)
    except Refused as refused:
        return Refusal(refused.problems)


async def unarchive(context: RequestContext, key: str, reason: str | None) -> SegmentRecord | Refusal:
    """Build an archived segment in full and keep it live again; the same rule as a new version.

    TRICKY: a new version, since a build that was under way when the segment was archived would go on where it was, and
    miss what happened meanwhile to those whom it had passed.

    Raises:
        NotFound: no such segment.
    """
    problems = changes.edit_problems(Edit(reason=reason))
    if problems:
        return Refusal(tuple(problems)).renamed(_UNARCHIVED)

    async def work(tx: Transaction) -> SegmentRecord:
        await repository.lock_catalogue(tx)
        old = changeable(context, await repository.find(tx, key), segments.unknown)
        if old.status != OFFLINE:
            return old
        rule = changes.rule_of(old)
        # What it names was somebody's to name when the rule was saved.
        await changes.check_references(tx, key, rule, ALL_SEEING)
        back = await changes.rebuild(tx, context.principal.id, old, heading_of(old), rule, reason)
        await note(tx, context.principal.id, RecordKind.STATUS, back, reason=reason, before=old.status)
        return back

    try:
        back = await context.services.graph.write("unarchive_segment", work)
    except Refused as refused:
        return Refusal(refused.problems).renamed(_UNARCHIVED)
    await changes.build(context, back)
    return back


async def copy(context: RequestContext, key: str, new_key: str, name: str) -> SegmentRecord | Refusal:
    """A new segment with the rule, folder and description of this one; its members are found anew.

    Raises:
        NotFound: no such segment.
    """
    source = await segments.find(context, key)
    if source is None:
        raise segments.unknown()
    edit = Edit(name, source.folder, source.description, msgspec.json.decode(source.rule), f"Copy of {key}.")
    # A copy tells what the original does.
    private = not source.sharing.is_open
    made = await changes.create(context, new_key, edit, private=private)
    return made.renamed(_COPIED) if isinstance(made, Refusal) else made
