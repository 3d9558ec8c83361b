"""What stands against a tag as somebody wants it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import available_timezones

import msgspec

from access.permissions import Permission
from base.errors import BadInput, ErrorCode, KithError
from graph.client import Transaction
from graph.repositories.registry import get_named
from graph.repositories.tag import TagRecord
from resolvers.context import RequestContext
from resolvers.definitions import Definitions, name_problems
from resolvers.refusal import Refused
from rules.checker import Problem, find_cycle
from rules.names import names_in
from rules.needs import tag_name
from rules.tags.definition import (
    Definition,
    Imported,
    Sql,
    TagKind,
    is_over_everybody,
    kind_of,
    rule_of,
    value_type,
)
from rules.tags.parser import parse_definition
from rules.tags.problems import check_definition
from rules.tree import ListLeaf, leaves_of
from workers.projection.client import StatementReads

MAX_REASON_CHARS = 1_000
# Labels are nobody's to compute; imported values follow their identifiers, which costs next to nothing.
FIXED_MODES: Mapping[str, str] = {TagKind.MANUAL: "MANUAL", TagKind.IMPORTED: "LIVE"}
MAX_CATEGORY_LEVELS = 5
MAX_CATEGORY_CHARS = 50


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


async def check_change(tx: Transaction, defined: Definitions, old: TagRecord, definition: Definition) -> None:
    """Raises:
    Refused: the tag cannot become that while it is what it is, and used as it is.
    """
    if kind_of(definition) != old.kind:
        raise Refused(Problem("input.definition", f"The tag is of kind {old.kind}.", "Create another tag."))
    if isinstance(definition, Imported) and value_type(definition) != old.value_type:
        raise Refused(Problem("input.definition", f"Imported values are {old.value_type}.", "Create another tag."))
    users = defined.users_of(tag_name(old.key))
    if value_type(definition) != old.value_type and users:
        message = (
            f"Values would be {value_type(definition)} instead of {old.value_type}; in use by {defined.shown(users)}."
        )
        raise Refused(Problem("input.definition", message, "Create another tag, or change those first."))
    await check_names(tx, defined, old.key, definition)


async def check_names(tx: Transaction, defined: Definitions, key: str, definition: Definition) -> None:
    """Raises:
    Refused: it names what is not there or cannot be used, or comes back to itself.
    """
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
        raise Refused(Problem("input.definition", f"The tag comes back to itself: {defined.way(cycle)}.", None))


def parsed(document: Mapping[str, object], problems: list[Problem]) -> Definition | None:
    """The definition of a document; without one, what is wrong is added to the problems."""
    try:
        return parse_definition(document, "input.definition")
    except BadInput as fault:
        problems.append(Problem(fault.field or "input.definition", fault.message, fault.hint))
        return None


def kind_problems(definition: Definition, mode: str, keep_old: bool) -> list[Problem]:
    """What its kind does not allow."""
    problems: list[Problem] = []
    if isinstance(definition, Imported) and keep_old:
        hint = "Import with ADD keeps what is not imported again."
        problems.append(Problem("input.keepOld", "Imported values stay as they are anyway.", hint))
    if is_over_everybody(definition) and mode == "LIVE":
        message = "It is computed for everybody at once, so it cannot be kept live."
        problems.append(Problem("input.mode", message, "Choose DAILY, WEEKLY or MANUAL."))
    return problems


async def read_statement(
    context: RequestContext, definition: Definition, zone: str | None
) -> tuple[list[Problem], StatementReads | None]:
    """What the columnar store has against a statement, and what it reads; of other kinds nothing.

    Raises:
        Unavailable: it cannot be asked now.
    """
    if not isinstance(definition, Sql):
        return [], None
    context.principal.require(Permission.TAGS_SQL, "input.definition.sql")
    if context.principal.scope is not None:
        raise KithError(
            ErrorCode.FORBIDDEN,
            "A statement reads customers outside of your scope.",
            hint="Ask somebody whose role has no scope.",
        )
    try:
        return [], await context.services.columns.check_sql(definition.text, definition.type.value, zone or None)
    except KithError as fault:
        if fault.code is not ErrorCode.BAD_USER_INPUT:
            raise
        return [Problem(f"input.definition.sql.{fault.field or 'text'}", fault.message, fault.hint)], None


def stored_reads(reads: StatementReads | None, defined: Definitions) -> list[str]:
    """What a tag keeps of what its statement reads: names, and the segments and tags that whoever saves it sees."""
    if reads is None:
        return []
    keys = [("segment", key) for key in reads.segments if key in defined.rules and key not in defined.hidden]
    keys += [("tag", key) for key in reads.tags if key in defined.tags and tag_name(key) not in defined.hidden]
    return [msgspec.json.encode(each).decode() for each in (*reads.names, *keys)]


def edit_problems(edit: Edit) -> list[Problem]:
    """What is wrong beside the definition."""
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
        problems.append(long_reason("input.reason"))
    return problems


def long_reason(field: str) -> Problem:
    """A reason that is too long."""
    return Problem(field, f"A reason has at most {MAX_REASON_CHARS:,} characters.", None)


def mode(definition: Definition, asked: str | None) -> str:
    """When it is computed, if somebody asked for that or not."""
    return FIXED_MODES.get(kind_of(definition)) or asked or ("DAILY" if is_over_everybody(definition) else "LIVE")
