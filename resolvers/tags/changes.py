"""The steps of a change of a tag: made, changed, resting and at work again, deleted."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from access.sharing import ALL_SEEING
from base.clock import now_ms
from base.ids import TAG_PREFIX
from graph.client import Transaction
from graph.repositories import tag as repository
from graph.repositories import tag_version
from graph.repositories.maintenance import RecordKind
from graph.repositories.segment import lock_catalogue
from graph.repositories.sharing import Visibility
from graph.repositories.tag import BUILDING, DELETING, DRAFT, LIVE, OFFLINE, PAUSED, TagRecord
from resolvers.context import RequestContext
from resolvers.definitions import RESTING, key_problems, note, read_definitions
from resolvers.refusal import Refusal, Refused
from resolvers.sharing import changeable
from resolvers.tags.checks import (
    MAX_REASON_CHARS,
    Edit,
    check_change,
    check_names,
    edit_problems,
    kind_problems,
    long_reason,
    mode,
    parsed,
    read_statement,
    stored_reads,
)
from resolvers.tags.tags import Deleted, unknown_tag
from rules.checker import Problem
from rules.needs import tag_name
from rules.tags.definition import (
    Definition,
    Imported,
    Manual,
    TagKind,
    kind_of,
    value_type,
)
from rules.tags.parser import parse_definition
from rules.tags.printer import print_definition
from workers.projection.client import StatementReads

BUILD_TASK = "build_tag"
DELETE_TASK = "delete_tag"
_ID_BYTES = 12


async def create(
    context: RequestContext, key: str, edit: Edit, *, draft: bool, private: bool = False
) -> TagRecord | Refusal:
    """Check and store a new tag, then have it built unless it is a draft.

    Args:
        private: nobody but its maker is to see it.
    """
    problems = [*key_problems(key, "tag"), *edit_problems(edit)]
    definition = parsed(edit.definition or {}, problems)
    if definition is not None:
        problems += kind_problems(definition, mode(definition, edit.mode), bool(edit.keep_old))
    if problems or definition is None:
        return Refusal(tuple(problems))
    problems, reads = await read_statement(context, definition, edit.zone)
    if problems:
        return Refusal(tuple(problems))
    status = DRAFT if draft else LIVE if isinstance(definition, Manual | Imported) else BUILDING
    tag_id = TAG_PREFIX + secrets.token_hex(_ID_BYTES)

    async def work(tx: Transaction) -> TagRecord:
        await lock_catalogue(tx)
        defined = await read_definitions(tx, context.viewer)
        await check_names(tx, defined, key, definition)
        properties = {
            "name": (edit.name or "").strip(),
            "category": edit.category or None,
            "kind": kind_of(definition).value,
            "value_type": value_type(definition).value,
            "mode": mode(definition, edit.mode),
            "zone": edit.zone or None,
            "keep_old": bool(edit.keep_old),
            "definition": _encoded(definition),
            "status": status,
            "reads": stored_reads(reads, defined),
            "owner": context.principal.id,
            "visibility": Visibility.PRIVATE.value if private else None,
        }
        made = await repository.create(tx, id=tag_id, key=key, properties=properties, now_ms=now_ms())
        if made.id != tag_id:
            leaving = made.status == DELETING
            raise Refused(
                Problem(
                    "input.key",
                    "A tag of this key is being deleted." if leaving else "There is a tag of this key.",
                    "Try again in a minute." if leaving else "Choose another key, or use updateTag.",
                )
            )
        await tag_version.keep(tx, key=key, author=context.principal.id, reason=edit.reason, now_ms=now_ms())
        await note(tx, context.principal.id, RecordKind.CREATED, made, reason=edit.reason)
        return made

    return await _change(context, "create_tag", work)


async def update(context: RequestContext, key: str, edit: Edit) -> TagRecord | Refusal:
    """Change a tag; whatever may change values is a new version, which is then built, unless the tag rests.

    Raises:
        NotFound: no such tag.
    """
    problems = edit_problems(edit)
    given = None if edit.definition is None else parsed(edit.definition, problems)
    reads: StatementReads | None = None
    if given is not None and not problems:
        problems, reads = await read_statement(context, given, edit.zone)
    if problems:
        return Refusal(tuple(problems))

    async def work(tx: Transaction) -> TagRecord:
        await lock_catalogue(tx)
        old = await _found(tx, context, key)
        definition = given or parse_definition(msgspec.json.decode(old.definition))
        # What a definition names that stays as it is was somebody's to name when it was saved.
        defined = await read_definitions(tx, ALL_SEEING if given is None else context.viewer)
        await check_change(tx, defined, old, definition)
        changed = {
            "mode": mode(definition, edit.mode or old.mode),
            "zone": old.zone if edit.zone is None else edit.zone or None,
            "keep_old": old.keep_old if edit.keep_old is None else edit.keep_old,
            "definition": _encoded(definition),
        }
        if found := kind_problems(definition, str(changed["mode"]), bool(changed["keep_old"])):
            raise Refused(*found)
        before = (old.mode, old.zone, old.keep_old, _encoded(parse_definition(msgspec.json.decode(old.definition))))
        is_other = tuple(changed.values()) != before
        properties = changed | {
            "name": old.name if edit.name is None else edit.name.strip(),
            "category": old.category if edit.category is None else edit.category or None,
            "value_type": value_type(definition).value,
            "version": old.version + is_other,
            "reads": list(old.reads) if given is None else stored_reads(reads, defined),
        }
        made = await repository.update(tx, key=key, properties=properties, now_ms=now_ms())
        if is_other:
            await tag_version.keep(tx, key=key, author=context.principal.id, reason=edit.reason, now_ms=now_ms())
        if is_other and made.status not in RESTING and made.kind != TagKind.MANUAL:
            made = await repository.set_status(tx, key=key, status=BUILDING, now_ms=now_ms())
        if changes := _changes(old, made):
            await note(
                tx,
                context.principal.id,
                RecordKind.EDITED,
                made,
                reason=edit.reason,
                changes=changes,
                before=old.status,
            )
        return made

    return await _change(context, "update_tag", work)


async def pause(context: RequestContext, key: str) -> TagRecord | Refusal:
    """Values stay as they are until the tag is resumed.

    Raises:
        NotFound: no such tag.
    """
    return await _move(context, key, lambda old: PAUSED, refused_in=(DRAFT, OFFLINE))


async def take_offline(context: RequestContext, key: str) -> TagRecord | Refusal:
    """Values stay as they are, and new rules cannot name the tag.

    Raises:
        NotFound: no such tag.
    """
    return await _move(context, key, lambda old: OFFLINE)


async def resume(context: RequestContext, key: str, reason: str | None = None) -> TagRecord | Refusal:
    """A tag that rests is built and kept up to date again; the same definition as a new version.

    TRICKY: a new version, since a build that was under way when the tag was paused would go on where it was, and miss
    what happened meanwhile to those whom it had passed.

    Raises:
        NotFound: no such tag.
    """

    if reason is not None and len(reason) > MAX_REASON_CHARS:
        return Refusal((long_reason("reason"),))

    async def work(tx: Transaction) -> TagRecord:
        await lock_catalogue(tx)
        old = await _found(tx, context, key)
        if old.status not in RESTING:
            raise Refused(Problem("key", f"The tag is {old.status}.", "It is at work already."))
        at_ms = now_ms()
        await repository.update(tx, key=key, properties={"version": old.version + 1}, now_ms=at_ms)
        await tag_version.keep(tx, key=key, author=context.principal.id, reason=reason, now_ms=at_ms)
        made = await repository.set_status(tx, key=key, status=_working(old), now_ms=at_ms)
        await note(tx, context.principal.id, RecordKind.STATUS, made, reason=reason, before=old.status)
        return made

    return await _change(context, "resume_tag", work)


async def build(context: RequestContext, key: str) -> TagRecord | Refusal:
    """Compute a tag for everybody now.

    Raises:
        NotFound: no such tag.
    """
    return await _move(context, key, _working, refused_in=RESTING)


async def delete(context: RequestContext, key: str) -> Deleted | Refusal:
    """Hide a tag at once and have its values removed; refused while rules name it.

    Raises:
        NotFound: no such tag.
    """

    async def work(tx: Transaction) -> None:
        await lock_catalogue(tx)
        await _found(tx, context, key)
        defined = await read_definitions(tx, context.viewer)
        if users := defined.users_of(tag_name(key)):
            raise Refused(Problem("key", f"In use by {defined.shown(users)}.", "Change or delete those first."))
        await repository.set_status(tx, key=key, status=DELETING, now_ms=now_ms())

    try:
        await context.services.graph.write("delete_tag", work)
    except Refused as refused:
        return Refusal(refused.problems)
    await context.services.jobs.enqueue(DELETE_TASK, key)
    return Deleted(key)


def _working(old: TagRecord) -> str:
    return LIVE if old.kind == TagKind.MANUAL else BUILDING


async def _move(
    context: RequestContext,
    key: str,
    status_of: Callable[[TagRecord], str],
    refused_in: tuple[str, ...] = (),
) -> TagRecord | Refusal:
    async def work(tx: Transaction) -> TagRecord:
        await lock_catalogue(tx)
        old = await _found(tx, context, key)
        if old.status in refused_in:
            raise Refused(Problem("key", f"The tag is {old.status}.", "resumeTag has it built and kept up to date."))
        made = await repository.set_status(tx, key=key, status=status_of(old), now_ms=now_ms())
        if made.status != old.status:
            await note(tx, context.principal.id, RecordKind.STATUS, made, before=old.status)
        return made

    return await _change(context, "move_tag", work)


async def _change(
    context: RequestContext, name: str, work: Callable[[Transaction], Awaitable[TagRecord]]
) -> TagRecord | Refusal:
    try:
        made = await context.services.graph.write(name, work)
    except Refused as refused:
        return Refusal(refused.problems)
    if made.status == BUILDING:
        await context.services.jobs.enqueue(BUILD_TASK, made.key, made.version)
    return made


def _changes(old: TagRecord, new: TagRecord) -> list[str]:
    """What differs, by the names of inputs."""
    before, after = _parts(old), _parts(new)
    return [name for name in before if before[name] != after[name]]


def _parts(tag: TagRecord) -> Mapping[str, object]:
    return {
        "name": tag.name,
        "category": tag.category,
        "definition": _encoded(parse_definition(msgspec.json.decode(tag.definition))),
        "mode": tag.mode,
        "zone": tag.zone,
        "keepOld": tag.keep_old,
    }


async def _found(tx: Transaction, context: RequestContext, key: str) -> TagRecord:
    return changeable(context, await repository.find(tx, key), unknown_tag)


def _encoded(definition: Definition) -> str:
    return msgspec.json.encode(print_definition(definition)).decode()
