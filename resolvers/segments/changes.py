"""Changes of segments: their checks and steps."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from access.sharing import Viewer
from base.clock import now_ms
from base.errors import BadInput
from base.ids import SEGMENT_PREFIX
from graph.client import Transaction
from graph.repositories import segment as repository
from graph.repositories.maintenance import RecordKind
from graph.repositories.registry import get_named
from graph.repositories.segment import DELETING, FAILED, OFFLINE, Heading, SegmentRecord, heading_of
from resolvers.context import RequestContext
from resolvers.definitions import Definitions, key_problems, name_problems, note, read_definitions
from resolvers.refusal import Refusal, Refused
from resolvers.segments.segments import unknown
from resolvers.sharing import changeable
from rules.checker import Problem, check, find_cycle
from rules.names import names_in
from rules.parser import parse_rule
from rules.printer import print_rule
from rules.tree import ListLeaf, Rule, leaves_of

MAX_DESCRIPTION_CHARS = 2_000
MAX_REASON_CHARS = 1_000
BUILD_TASK = "build_segment"
DELETE_TASK = "delete_segment"
_ID_BYTES = 12
# Up to five levels; no part is empty, begins or ends with a blank, or holds a control character.
_FOLDER = re.compile(r"(?:[^/\s\x00-\x1f](?:[^/\x00-\x1f]{0,58}[^/\s\x00-\x1f])?(?:/(?=.)|$)){1,5}")


@dataclass(frozen=True, slots=True)
class Deleted:
    """A segment that is gone for every reader."""

    key: str


@dataclass(frozen=True, slots=True)
class Edit:
    """What to change of a segment; None stays as it is.

    Args:
        document: the rule.
        reason: why, kept with the version that a changed rule makes.
    """

    name: str | None = None
    folder: str | None = None
    description: str | None = None
    document: Mapping[str, object] | None = None
    reason: str | None = None

    def applied_to(self, heading: Heading) -> Heading:
        """The heading as it will be."""
        return Heading(
            name=heading.name if self.name is None else self.name.strip(),
            folder=heading.folder if self.folder is None else self.folder,
            description=heading.description if self.description is None else self.description.strip(),
        )


async def create(context: RequestContext, key: str, edit: Edit, *, private: bool = False) -> SegmentRecord | Refusal:
    """Check and store a new segment, which has a name and a rule, then have it built.

    Args:
        private: nobody but its maker is to see it.
    """
    problems = [*key_problems(key, "segment"), *edit_problems(edit)]
    rule = _parsed(edit, problems)
    if problems or rule is None:
        return Refusal(tuple(problems))
    segment_id = SEGMENT_PREFIX + secrets.token_hex(_ID_BYTES)

    async def work(tx: Transaction) -> SegmentRecord:
        await repository.lock_catalogue(tx)
        await check_references(tx, key, rule, context.viewer)
        made = await repository.create(
            tx,
            id=segment_id,
            key=key,
            heading=edit.applied_to(Heading("")),
            rule=_encoded(rule),
            author=context.principal.id,
            reason=edit.reason,
            now_ms=now_ms(),
            private=private,
        )
        if made.id != segment_id:
            leaving = made.status == DELETING
            raise Refused(
                Problem(
                    "input.key",
                    "A segment of this key is being deleted." if leaving else "There is a segment of this key.",
                    "Try again in a minute." if leaving else "Choose another key, or use updateSegment.",
                )
            )
        await note(tx, context.principal.id, RecordKind.CREATED, made, reason=edit.reason)
        return made

    try:
        made = await context.services.graph.write("create_segment", work)
    except Refused as refused:
        return Refusal(refused.problems)
    await build(context, made)
    return made


async def update(context: RequestContext, key: str, edit: Edit) -> SegmentRecord | Refusal:
    """Change what the edit names; a changed rule is a new version, which is then built.

    Raises:
        NotFound: no such segment.
    """
    problems = edit_problems(edit)
    rule = _parsed(edit, problems)
    if problems:
        return Refusal(tuple(problems))

    async def work(tx: Transaction) -> tuple[SegmentRecord, bool]:
        await repository.lock_catalogue(tx)
        old = changeable(context, await repository.find(tx, key), unknown)
        heading = edit.applied_to(heading_of(old))
        # An unchanged rule is no new version; so running this again after a lost answer changes nothing more. But one
        # that could not be built is tried again.
        if rule is None or (old.status != FAILED and _encoded(rule_of(old)) == _encoded(rule)):
            described = await repository.describe(tx, key=key, heading=heading, now_ms=now_ms())
            if changes := _changes(old, described):
                await note(tx, context.principal.id, RecordKind.EDITED, described, reason=edit.reason, changes=changes)
            return described, False
        if old.status == OFFLINE:
            raise Refused(Problem("input.rule", "This segment is archived.", "Unarchive it first."))
        await check_references(tx, key, rule, context.viewer)
        made = await rebuild(tx, context.principal.id, old, heading, rule, edit.reason)
        changes = _changes(old, made)
        await note(
            tx, context.principal.id, RecordKind.EDITED, made, reason=edit.reason, changes=changes, before=old.status
        )
        return made, True

    try:
        changed, is_new = await context.services.graph.write("update_segment", work)
    except Refused as refused:
        return Refusal(refused.problems)
    if is_new or changed.status == "BUILDING":
        await build(context, changed)
    return changed


async def delete(context: RequestContext, key: str) -> Deleted | Refusal:
    """Hide a segment at once and have its memberships removed; refused while rules name it.

    Raises:
        NotFound: no such segment.
    """

    async def work(tx: Transaction) -> None:
        await repository.lock_catalogue(tx)
        changeable(context, await repository.find(tx, key), unknown)
        defined = await read_definitions(tx, context.viewer)
        refuse_used(defined, defined.users_of(key), "Change or delete those first.")
        await repository.hide(tx, key=key, now_ms=now_ms())

    try:
        await context.services.graph.write("delete_segment", work)
    except Refused as refused:
        return Refusal(refused.problems)
    await context.services.jobs.enqueue(DELETE_TASK, key)
    return Deleted(key)


async def rebuild(
    tx: Transaction, author: str, old: SegmentRecord, heading: Heading, rule: Rule, reason: str | None
) -> SegmentRecord:
    """Store a rule that was checked as the segment's next version, to be built; under the catalogue's lock."""
    return await repository.update_rule(
        tx,
        key=old.key,
        version=old.version + 1,
        heading=heading,
        rule=_encoded(rule),
        author=author,
        reason=reason,
        now_ms=now_ms(),
    )


def _changes(old: SegmentRecord, new: SegmentRecord) -> list[str]:
    """What differs, by the names of inputs."""
    before = {**msgspec.structs.asdict(heading_of(old)), "rule": _encoded(rule_of(old))}
    after = {**msgspec.structs.asdict(heading_of(new)), "rule": _encoded(rule_of(new))}
    return [name for name in before if before[name] != after[name]]


def refuse_used(defined: Definitions, users: Sequence[str], hint: str) -> None:
    """Raises:
    Refused: there are users.
    """
    if users:
        raise Refused(Problem("key", f"In use by {defined.shown(users)}.", hint))


def _parsed(edit: Edit, problems: list[Problem]) -> Rule | None:
    if edit.document is None:
        return None
    try:
        return parse_rule(edit.document, "input.rule")
    except BadInput as fault:
        problems.append(Problem(fault.field or "input.rule", fault.message, fault.hint))
        return None


def edit_problems(edit: Edit) -> list[Problem]:
    """What is wrong with the texts of an edit, the rule aside."""
    problems = name_problems(edit.name)
    if edit.folder and not _FOLDER.fullmatch(edit.folder):
        hint = "Up to five names of at most 60 characters with / between them, for example growth/2026."
        problems.append(Problem("input.folder", "This is no folder.", hint))
    if edit.description is not None and len(edit.description) > MAX_DESCRIPTION_CHARS:
        message = f"A description has at most {MAX_DESCRIPTION_CHARS:,} characters."
        problems.append(Problem("input.description", message, None))
    if edit.reason is not None and len(edit.reason) > MAX_REASON_CHARS:
        problems.append(Problem("input.reason", f"A reason has at most {MAX_REASON_CHARS:,} characters.", None))
    return problems


async def check_references(tx: Transaction, key: str, rule: Rule, viewer: Viewer) -> None:
    """Raises:
    Refused: the rule breaks a limit, names what does not exist for whoever asks, is archived or is off, or comes back
        to the segment.
    """
    if any(isinstance(leaf, ListLeaf) and leaf.key != key for leaf in leaves_of(rule)):
        hint = "Import the list into this segment too, or name the other segment in a rule."
        raise Refused(Problem("input.rule", "An imported list is one segment's alone.", hint))
    defined = await read_definitions(tx, viewer)
    problems = check(rule, defined.known(key, await get_named(tx, names_in(rule))), "input.rule")
    if problems:
        raise Refused(*problems)
    cycle = find_cycle(key, rule, defined.rules)
    if cycle is not None:
        raise Refused(Problem("input.rule", f"The rule comes back to itself: {defined.way(cycle)}.", None))


def rule_of(stored: SegmentRecord) -> Rule:
    """The rule as it is stored."""
    return parse_rule(msgspec.json.decode(stored.rule))


def _encoded(rule: Rule) -> str:
    return msgspec.json.encode(print_rule(rule)).decode()


async def build(context: RequestContext, segment: SegmentRecord) -> None:
    """Queue the build of a segment's version."""
    await context.services.jobs.enqueue(BUILD_TASK, segment.key, segment.version)
