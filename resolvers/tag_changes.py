"""The checks and steps of a change of a tag's definition."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import available_timezones

import msgspec

from base.clock import now_ms
from base.errors import BadInput, ErrorCode, KithError
from base.ids import TAG_PREFIX
from graph.client import Transaction
from graph.repositories import maintenance, tag_version
from graph.repositories import tag as repository
from graph.repositories.maintenance import RecordKind
from graph.repositories.registry import get_named
from graph.repositories.segment import lock_catalogue
from graph.repositories.tag import BUILDING, DELETING, DRAFT, LIVE, OFFLINE, PAUSED, TagRecord
from resolvers.context import RequestContext
from resolvers.definitions import RESTING, Definitions, key_problems, name_problems, read_definitions, shown
from resolvers.refusal import Refusal, Refused
from resolvers.tags import ADMIN, Deleted, unknown_tag
from rules.checker import Problem, find_cycle
from rules.names import names_in
from rules.needs import tag_name
from rules.tags.definition import (
    Definition,
    Imported,
    Manual,
    Sql,
    TagKind,
    is_over_everybody,
    kind_of,
    rule_of,
    value_type,
)
from rules.tags.parser import parse_definition
from rules.tags.printer import print_definition
from rules.tags.problems import check_definition
from rules.tree import ListLeaf, leaves_of

BUILD_TASK = "build_tag"
DELETE_TASK = "delete_tag"
MAX_REASON_CHARS = 1_000
# Labels are nobody's to compute; imported values follow their identifiers, which costs next to nothing.
FIXED_MODES: Mapping[str, str] = {TagKind.MANUAL: "MANUAL", TagKind.IMPORTED: "LIVE"}
MAX_CATEGORY_LEVELS = 5
MAX_CATEGORY_CHARS = 50
_ID_BYTES = 12


@dataclass(frozen=True, slots=True)
class Edit:
    """What of a tag is to be, or to become; None stays as it is, or is the default.

    Args:
        mode: LIVE, DAILY, WEEKLY or MANUAL.
        category: levels parted by slashes; "" for none.
        zone: a name like `Asia/Shanghai`; "" for the deployment's.
        definition: a document.
        reason: why, kept with the version that a change makes.
    """

    name: str | None = None
    category: str | None = None
    mode: str | None = None
    zone: str | None = None
    keep_old: bool | None = None
    definition: Mapping[str, object] | None = None
    reason: str | None = None


async def create(context: RequestContext, key: str, edit: Edit, *, draft: bool) -> TagRecord | Refusal:
    """Check and store a new tag, then have it built unless it is a draft."""
    problems = [*key_problems(key, "tag"), *_edit_problems(edit)]
    definition = _parsed(edit.definition or {}, problems)
    if definition is not None:
        problems += _kind_problems(definition, _mode(definition, edit.mode), bool(edit.keep_old))
    if problems or definition is None:
        return Refusal(tuple(problems))
    if problems := await _sql_problems(context, definition, edit.zone):
        return Refusal(tuple(problems))
    status = DRAFT if draft else LIVE if isinstance(definition, Manual | Imported) else BUILDING
    tag_id = TAG_PREFIX + secrets.token_hex(_ID_BYTES)

    async def work(tx: Transaction) -> TagRecord:
        await lock_catalogue(tx)
        await _check_names(tx, await read_definitions(tx), key, definition)
        properties = {
            "name": (edit.name or "").strip(),
            "category": edit.category or None,
            "kind": kind_of(definition).value,
            "value_type": value_type(definition).value,
            "mode": _mode(definition, edit.mode),
            "zone": edit.zone or None,
            "keep_old": bool(edit.keep_old),
            "definition": _encoded(definition),
            "status": status,
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
        await tag_version.keep(tx, key=key, author=ADMIN, reason=edit.reason, now_ms=now_ms())
        await _note(tx, RecordKind.CREATED, made, reason=edit.reason)
        return made

    return await _change(context, "create_tag", work)


async def update(context: RequestContext, key: str, edit: Edit) -> TagRecord | Refusal:
    """Change a tag; whatever may change values is a new version, which is then built, unless the tag rests.

    Raises:
        NotFound: no such tag.
    """
    problems = _edit_problems(edit)
    given = None if edit.definition is None else _parsed(edit.definition, problems)
    if given is not None and not problems:
        problems += await _sql_problems(context, given, edit.zone)
    if problems:
        return Refusal(tuple(problems))

    async def work(tx: Transaction) -> TagRecord:
        await lock_catalogue(tx)
        old = await _found(tx, key)
        definition = given or parse_definition(msgspec.json.decode(old.definition))
        defined = await read_definitions(tx)
        await _check_change(tx, defined, old, definition)
        changed = {
            "mode": _mode(definition, edit.mode or old.mode),
            "zone": old.zone if edit.zone is None else edit.zone or None,
            "keep_old": old.keep_old if edit.keep_old is None else edit.keep_old,
            "definition": _encoded(definition),
        }
        if found := _kind_problems(definition, str(changed["mode"]), bool(changed["keep_old"])):
            raise Refused(*found)
        before = (old.mode, old.zone, old.keep_old, _encoded(parse_definition(msgspec.json.decode(old.definition))))
        is_other = tuple(changed.values()) != before
        properties = changed | {
            "name": old.name if edit.name is None else edit.name.strip(),
            "category": old.category if edit.category is None else edit.category or None,
            "value_type": value_type(definition).value,
            "version": old.version + is_other,
        }
        made = await repository.update(tx, key=key, properties=properties, now_ms=now_ms())
        if is_other:
            await tag_version.keep(tx, key=key, author=ADMIN, reason=edit.reason, now_ms=now_ms())
        if is_other and made.status not in RESTING and made.kind != TagKind.MANUAL:
            made = await repository.set_status(tx, key=key, status=BUILDING, now_ms=now_ms())
        if changes := _changes(old, made):
            await _note(tx, RecordKind.EDITED, made, reason=edit.reason, changes=changes, before=old.status)
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
        return Refusal((_long_reason("reason"),))

    async def work(tx: Transaction) -> TagRecord:
        await lock_catalogue(tx)
        old = await _found(tx, key)
        if old.status not in RESTING:
            raise Refused(Problem("key", f"The tag is {old.status}.", "It is at work already."))
        at_ms = now_ms()
        await repository.update(tx, key=key, properties={"version": old.version + 1}, now_ms=at_ms)
        await tag_version.keep(tx, key=key, author=ADMIN, reason=reason, now_ms=at_ms)
        made = await repository.set_status(tx, key=key, status=_working(old), now_ms=at_ms)
        await _note(tx, RecordKind.STATUS, made, reason=reason, before=old.status)
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
        await _found(tx, key)
        if users := (await read_definitions(tx)).users_of(tag_name(key)):
            raise Refused(Problem("key", f"In use by {shown(users)}.", "Change or delete those first."))
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
        old = await _found(tx, key)
        if old.status in refused_in:
            raise Refused(Problem("key", f"The tag is {old.status}.", "resumeTag has it built and kept up to date."))
        made = await repository.set_status(tx, key=key, status=status_of(old), now_ms=now_ms())
        if made.status != old.status:
            await _note(tx, RecordKind.STATUS, made, before=old.status)
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


async def _note(
    tx: Transaction,
    kind: RecordKind,
    tag: TagRecord,
    *,
    reason: str | None = None,
    changes: Sequence[str] = (),
    before: str | None = None,
) -> None:
    await maintenance.note(
        tx,
        tag.id,
        kind,
        version=tag.version,
        status=tag.status,
        now_ms=now_ms(),
        author=ADMIN,
        reason=reason,
        changes=changes,
        status_before=before if before != tag.status else None,
    )


async def _found(tx: Transaction, key: str) -> TagRecord:
    found = await repository.find(tx, key)
    if found is None:
        raise unknown_tag()
    return found


async def _check_change(tx: Transaction, defined: Definitions, old: TagRecord, definition: Definition) -> None:
    if kind_of(definition) != old.kind:
        raise Refused(Problem("input.definition", f"The tag is of kind {old.kind}.", "Create another tag."))
    if isinstance(definition, Imported) and value_type(definition) != old.value_type:
        raise Refused(Problem("input.definition", f"Imported values are {old.value_type}.", "Create another tag."))
    users = defined.users_of(tag_name(old.key))
    if value_type(definition) != old.value_type and users:
        message = f"Values would be {value_type(definition)} instead of {old.value_type}; in use by {shown(users)}."
        raise Refused(Problem("input.definition", message, "Create another tag, or change those first."))
    await _check_names(tx, defined, old.key, definition)


async def _check_names(tx: Transaction, defined: Definitions, key: str, definition: Definition) -> None:
    name, rule = tag_name(key), rule_of(definition)
    if any(isinstance(leaf, ListLeaf) for leaf in leaves_of(rule)):
        message, hint = "An imported list is one segment's alone.", "Name the segment."
        raise Refused(Problem("input.definition", message, hint))
    known = defined.known(name, await get_named(tx, names_in(rule)))
    problems = check_definition(definition, known, "input.definition")
    if problems:
        raise Refused(*problems)
    cycle = find_cycle(name, rule, defined.rules)
    if cycle is not None:
        raise Refused(Problem("input.definition", "The tag comes back to itself: " + " → ".join(cycle) + ".", None))


def _parsed(document: Mapping[str, object], problems: list[Problem]) -> Definition | None:
    try:
        return parse_definition(document, "input.definition")
    except BadInput as fault:
        problems.append(Problem(fault.field or "input.definition", fault.message, fault.hint))
        return None


def _kind_problems(definition: Definition, mode: str, keep_old: bool) -> list[Problem]:
    """What its kind does not allow."""
    problems: list[Problem] = []
    if isinstance(definition, Imported) and keep_old:
        hint = "Import with ADD keeps what is not imported again."
        problems.append(Problem("input.keepOld", "Imported values stay as they are anyway.", hint))
    if is_over_everybody(definition) and mode == "LIVE":
        message = "It is computed for everybody at once, so it cannot be kept live."
        problems.append(Problem("input.mode", message, "Choose DAILY, WEEKLY or MANUAL."))
    return problems


async def _sql_problems(context: RequestContext, definition: Definition, zone: str | None) -> list[Problem]:
    """What the columnar store has against a statement.

    Raises:
        Unavailable: it cannot be asked now.
    """
    if not isinstance(definition, Sql):
        return []
    try:
        await context.services.columns.check_sql(definition.text, definition.type.value, zone or None)
    except KithError as fault:
        if fault.code is not ErrorCode.BAD_USER_INPUT:
            raise
        return [Problem(f"input.definition.sql.{fault.field or 'text'}", fault.message, fault.hint)]
    return []


def _edit_problems(edit: Edit) -> list[Problem]:
    problems = name_problems(edit.name)
    if edit.category:
        levels = edit.category.split("/")
        fit = all(0 < len(level.strip()) <= MAX_CATEGORY_CHARS for level in levels)
        if not fit or len(levels) > MAX_CATEGORY_LEVELS:
            message = f"A category has 1 to {MAX_CATEGORY_LEVELS} levels of 1 to {MAX_CATEGORY_CHARS} characters."
            problems.append(Problem("input.category", message, "Write for example shop/orders."))
    if edit.zone and edit.zone not in available_timezones():
        problems.append(Problem("input.zone", "There is no such time zone.", "Write for example Asia/Shanghai."))
    if edit.reason is not None and len(edit.reason) > MAX_REASON_CHARS:
        problems.append(_long_reason("input.reason"))
    return problems


def _long_reason(field: str) -> Problem:
    return Problem(field, f"A reason has at most {MAX_REASON_CHARS:,} characters.", None)


def _mode(definition: Definition, asked: str | None) -> str:
    """When it is computed, if somebody asked for that or not."""
    return FIXED_MODES.get(kind_of(definition)) or asked or ("DAILY" if is_over_everybody(definition) else "LIVE")


def _encoded(definition: Definition) -> str:
    return msgspec.json.encode(print_definition(definition)).decode()
