"""Segments: reads, and the checks and steps of a change."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from strawberry import Parent

from base.clock import now_ms
from base.errors import BadInput, NotFound
from base.ids import SEGMENT_PREFIX
from graph.client import Transaction
from graph.repositories import segment as repository
from graph.repositories.customer import ProfileNeed
from graph.repositories.segment import DELETING, SegmentRecord
from resolvers import customers
from resolvers.context import Info, RequestContext
from resolvers.definitions import read_definitions, shown
from resolvers.pages import Page, check_first
from resolvers.profiles import Profile
from resolvers.refusal import Refusal
from rules.checker import Problem, check, find_cycle
from rules.parser import parse_rule
from rules.printer import print_rule
from rules.tree import Rule

SEGMENTS = "segments"
MAX_NAME_CHARS = 200
MAX_SEARCH_CHARS = 200
BUILD_TASK = "build_segment"
DELETE_TASK = "delete_segment"
_ID_BYTES = 12
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Deleted:
    """A segment that is gone for every reader."""

    key: str


class _Refused(Exception):
    """Ends a transaction that found the input wrong; nothing of it stays."""

    def __init__(self, *problems: Problem):
        super().__init__()
        self.problems = problems


def status(root: Parent[SegmentRecord]) -> str:
    """One of BuildStatus; a segment that is being removed shows as OFFLINE."""
    return "OFFLINE" if root.status == DELETING else root.status


async def count(root: Parent[SegmentRecord], info: Info) -> int:
    """Members now."""
    return await info.context.loaders.member_counts.load(root.key)


async def members_page(
    context: RequestContext, segment: SegmentRecord, need: ProfileNeed, *, first: int | None, after: str | None
) -> Page[Profile]:
    """Members by customer id."""
    first = check_first(first)
    behind = customers.after_id(context, after)
    ids = await context.services.segments.list_members(segment.key, behind, first + 1)
    return await customers.page_of(context, ids, need, first=first, resumed=after is not None)


async def find(context: RequestContext, key: str) -> SegmentRecord | None:
    """The segment of that key."""
    return await context.loaders.segments.load(key)


async def list_page(
    context: RequestContext, *, search: str | None, first: int | None, after: str | None
) -> Page[SegmentRecord]:
    """Segments by key, all or those whose key or name holds the text."""
    first = check_first(first)
    if search is not None and len(search) > MAX_SEARCH_CHARS:
        raise BadInput(f"A search has at most {MAX_SEARCH_CHARS} characters.", field="search")
    cursors = context.services.cursors
    behind = "" if after is None else str(cursors.decode(SEGMENTS, after, (str,))[0])
    found = await context.services.segments.list_page(behind, search or "", first + 1)
    return Page(
        found[:first],
        cursors=cursors,
        scope=SEGMENTS,
        place_of=lambda segment: (segment.key,),
        has_next_page=len(found) > first,
        resumed=after is not None,
    )


async def create(
    context: RequestContext, key: str, name: str, document: Mapping[str, object]
) -> SegmentRecord | Refusal:
    """Check and store a new segment, then have it built."""
    problems: list[Problem] = []
    if not _KEY.fullmatch(key):
        hint = "1 to 64 lower-case letters, digits, _ and -, beginning with a letter or digit."
        problems.append(Problem("input.key", "This is no segment key.", hint))
    problems += _name_problems(name)
    rule = _parsed(document, problems)
    if problems or rule is None:
        return Refusal(tuple(problems))
    segment_id = SEGMENT_PREFIX + secrets.token_hex(_ID_BYTES)

    async def work(tx: Transaction) -> SegmentRecord:
        await repository.lock_catalogue(tx)
        await _check_references(tx, key, rule)
        made = await repository.create(
            tx, id=segment_id, key=key, name=name.strip(), rule=_encoded(rule), now_ms=now_ms()
        )
        if made.id != segment_id:
            leaving = made.status == DELETING
            raise _Refused(
                Problem(
                    "input.key",
                    "A segment of this key is being deleted." if leaving else "There is a segment of this key.",
                    "Try again in a minute." if leaving else "Choose another key, or use updateSegment.",
                )
            )
        return made

    try:
        made = await context.services.graph.write("create_segment", work)
    except _Refused as refused:
        return Refusal(refused.problems)
    await _build(context, made)
    return made


async def update(
    context: RequestContext, key: str, name: str | None, document: Mapping[str, object] | None
) -> SegmentRecord | Refusal:
    """Change the name, the rule, or both; a changed rule is a new version, which is then built.

    Raises:
        NotFound: no such segment.
    """
    problems = [] if name is None else _name_problems(name)
    rule = None if document is None else _parsed(document, problems)
    if problems:
        return Refusal(tuple(problems))

    async def work(tx: Transaction) -> tuple[SegmentRecord, bool]:
        await repository.lock_catalogue(tx)
        old = await repository.find(tx, key)
        if old is None:
            raise _unknown()
        new_name = old.name if name is None else name.strip()
        # An unchanged rule is no new version; so running this again after a lost answer changes nothing more.
        if rule is None or msgspec.json.decode(old.rule) == print_rule(rule):
            return await repository.update_name(tx, key=key, name=new_name, now_ms=now_ms()), False
        await _check_references(tx, key, rule)
        changed = await repository.update_rule(
            tx, key=key, version=old.version + 1, name=new_name, rule=_encoded(rule), now_ms=now_ms()
        )
        return changed, True

    try:
        changed, build = await context.services.graph.write("update_segment", work)
    except _Refused as refused:
        return Refusal(refused.problems)
    if build or changed.status == "BUILDING":
        await _build(context, changed)
    return changed


async def delete(context: RequestContext, key: str) -> Deleted | Refusal:
    """Hide a segment at once and have its memberships removed; refused while rules name it.

    Raises:
        NotFound: no such segment.
    """

    async def work(tx: Transaction) -> None:
        await repository.lock_catalogue(tx)
        if await repository.find(tx, key) is None:
            raise _unknown()
        if users := (await read_definitions(tx)).users_of(key):
            raise _Refused(Problem("key", f"In use by {shown(users)}.", "Change or delete those first."))
        await repository.hide(tx, key=key, now_ms=now_ms())

    try:
        await context.services.graph.write("delete_segment", work)
    except _Refused as refused:
        return Refusal(refused.problems)
    await context.services.jobs.enqueue(DELETE_TASK, key)
    return Deleted(key)


def _parsed(document: Mapping[str, object], problems: list[Problem]) -> Rule | None:
    try:
        return parse_rule(document, "input.rule")
    except BadInput as fault:
        problems.append(Problem(fault.field or "input.rule", fault.message, fault.hint))
        return None


def _name_problems(name: str) -> list[Problem]:
    if not 0 < len(name.strip()) <= MAX_NAME_CHARS:
        return [Problem("input.name", f"A name has 1 to {MAX_NAME_CHARS} characters.", None)]
    return []


async def _check_references(tx: Transaction, key: str, rule: Rule) -> None:
    defined = await read_definitions(tx)
    problems = check(rule, defined.known(key), "input.rule")
    if problems:
        raise _Refused(*problems)
    cycle = find_cycle(key, rule, defined.rules)
    if cycle is not None:
        raise _Refused(Problem("input.rule", "The rule comes back to itself: " + " → ".join(cycle) + ".", None))


def _encoded(rule: Rule) -> str:
    return msgspec.json.encode(print_rule(rule)).decode()


async def _build(context: RequestContext, segment: SegmentRecord) -> None:
    await context.services.jobs.enqueue(BUILD_TASK, segment.key, segment.version)


def _unknown() -> NotFound:
    return NotFound("There is no segment of this key.", hint="`segments` lists them.")
