"""Results saved as segments: the customers of a value of a tag, live; and whoever was found, as a list that stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from analytics.query.order import Order
from base.clock import now_ms
from base.errors import BadInput
from base.pages import pages
from graph.identity.policy import IdentityPolicy
from graph.repositories.segment import Heading, SegmentRecord
from graph.repositories.segment_list import ListedRow
from graph.repositories.tag import TagRecord
from resolvers import rules
from resolvers.context import RequestContext
from resolvers.definitions import key_problems
from resolvers.refusal import Refusal
from resolvers.segments import changes, segments
from resolvers.segments.changes import Edit
from resolvers.segments.importing import Imported, check_changeable
from rules.checker import Problem
from rules.operators import Operator
from rules.printer import print_rule
from rules.type_problems import ValueType
from workers.lists.lists import ImportMode
from workers.lists.pages import PAGE_VALUES

# Each page of 500 is a transaction, and all are to be done within the time of a request.
MAX_SAVED: Final = 20_000
_SCAN: Final = 2_000


@dataclass(frozen=True, slots=True)
class TagSelection:
    """Some values of a tag: those named, numbers or times from ≤ value < to, or any where nothing is given."""

    tag: str
    values: Sequence[object] | None = None
    from_: object | None = None
    to: object | None = None

    @property
    def has_range(self) -> bool:
        """Whether it is one by a range."""
        return self.from_ is not None or self.to is not None


@dataclass(frozen=True, slots=True)
class Result:
    """Whose list it is: exactly one of a rule, a segment, at an instant if one is given, and ids."""

    where: Mapping[str, object] | None = None
    segment: str | None = None
    as_of_ms: int | None = None
    customers: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Saving:
    """The segment that is made of a result.

    Args:
        replace: the list of a segment that is there already is to become the result.
    """

    key: str
    edit: Edit = field(default_factory=Edit)
    replace: bool = False
    dry_run: bool = False


async def save_tag_value(
    context: RequestContext, key: str, edit: Edit, selection: TagSelection
) -> SegmentRecord | Refusal:
    """A new segment of those who have one of these values, which is kept live."""
    tag = await context.loaders.tags.load(selection.tag)
    if tag is None:
        return Refusal((Problem("input.tag", "There is no tag of this key.", "`tags` lists them."),))
    document, problems = _tag_rule(tag, selection)
    if document is None:
        return Refusal(tuple(problems))
    saved = Edit(edit.name, edit.folder, edit.description, document, edit.reason)
    # It tells what the tag does.
    made = await changes.create(context, key, saved, private=not tag.sharing.is_open)
    # Arguments of this mutation for those of createSegment.
    wrong = "input.from" if selection.has_range else "input.values"
    return made.renamed({"input.rule": wrong}) if isinstance(made, Refusal) else made


def _tag_rule(tag: TagRecord, chosen: TagSelection) -> tuple[dict[str, object] | None, list[Problem]]:
    """The rule for a choice of values, and what is wrong with the choice."""
    if chosen.values is not None and chosen.has_range:
        return None, [Problem("input.values", "Give either values or a range.", "Make two segments of them.")]
    if chosen.has_range:
        return _range_rule(tag, chosen)
    if chosen.values is None:
        return _leaf(tag, Operator.SET), []
    if not chosen.values:
        return None, [Problem("input.values", "There is no value.", "Leave it out for everybody who has one.")]
    if tag.value_type == ValueType.TIME:
        hint = "Give from and to, for example of a day."
        return None, [Problem("input.values", "A tag of times is saved by a range.", hint)]
    is_list = tag.value_type == ValueType.LIST
    return _leaf(tag, Operator.HAS_ANY if is_list else Operator.IN, *chosen.values), []


def _range_rule(tag: TagRecord, chosen: TagSelection) -> tuple[dict[str, object] | None, list[Problem]]:
    if tag.value_type == ValueType.NUMBER:
        bounds = [(Operator.GTE, chosen.from_), (Operator.LT, chosen.to)]
        parts = [_leaf(tag, op, bound) for op, bound in bounds if bound is not None]
    elif tag.value_type == ValueType.TIME:
        # There is no operator for "not before", and its complement holds without a value too.
        parts = [] if chosen.from_ is None else [{"not": _leaf(tag, Operator.BEFORE, chosen.from_)}]
        parts += [] if chosen.to is None else [_leaf(tag, Operator.BEFORE, chosen.to)]
        parts += [_leaf(tag, Operator.SET)] if chosen.to is None else []
    else:
        message = f"Values of this tag are {tag.value_type}, which have no range."
        return None, [Problem("input.from", message, "Give values.")]
    return parts[0] if len(parts) == 1 else {"all": parts}, []


def _leaf(tag: TagRecord, op: Operator, *values: object) -> dict[str, object]:
    return {"tag": {"key": tag.key, "op": op.value, "values": list(values)}}


async def save_result(context: RequestContext, saving: Saving, result: Result) -> Imported | Refusal:
    """A segment with the list of whoever is found now, or was in a segment at an instant: whoever is on it stays.

    Each customer is on the list by the strongest identifier that they have, so that membership goes with the person.
    Running it again with `replace`, as after it was cut off, makes the list what the result is then.
    """
    problems = [*key_problems(saving.key, "segment"), *changes.edit_problems(saving.edit)]
    if sum(each is not None for each in (result.where, result.segment, result.customers)) != 1:
        problems.append(Problem("input", "Give one of where, segment and customers.", None))
    elif result.as_of_ms is not None and result.segment is None:
        problems.append(Problem("input.asOf", "Only the members of a segment are known at an instant.", None))
    if problems:
        return Refusal(tuple(problems))
    try:
        ids = await _found(context, result)
        return await _put(context, saving, ids, private=await _is_closed(context, result))
    except BadInput as fault:
        return Refusal((Problem(f"input.{fault.field or 'key'}", fault.message, fault.hint),))


async def _found(context: RequestContext, result: Result) -> Sequence[str]:
    """Ids of those whom a result means, each once.

    Raises:
        BadInput: no such segment, a wrong rule, or more than may be saved.
        Unavailable: a rule, and no columnar store.
    """
    if result.customers is not None:
        _check_count(len(result.customers), "customers")
        return list(dict.fromkeys(result.customers))
    if result.where is not None:
        rule = await rules.checked_rule(context, result.where, "where")
        listed = await context.services.columns.list_customers(
            print_rule(rule), Order(), is_known=True, count=MAX_SAVED + 1
        )
        _check_count(len(listed.places), "where")
        return [place.id for place in listed.places]
    return await _members(context, result.segment or "", result.as_of_ms)


async def _members(context: RequestContext, key: str, at_ms: int | None) -> list[str]:
    segment = await context.loaders.segments.load(key)
    if segment is None:
        raise BadInput("There is no segment of this key.", hint="`segments` lists them.", field="segment")
    if at_ms is not None and at_ms > now_ms():
        raise BadInput("This instant has not come yet.", hint="Leave it out for the members of now.", field="asOf")
    found: list[str] = []
    behind: str | None = None if at_ms is not None and at_ms < segment.created_at_ms else ""
    while behind is not None:
        if at_ms is None:
            ids = await segments.member_ids(context, segment, behind, _SCAN)
            behind = ids[-1] if len(ids) == _SCAN else None
        else:
            ids, behind = await context.services.segment_history.scan_members(key, at_ms, behind, _SCAN)
        found += ids
        _check_count(len(found), "segment")
    return found


async def _is_closed(context: RequestContext, result: Result) -> bool:
    """Whether it is the members of a segment that not everybody may see."""
    segment = await context.loaders.segments.load(result.segment) if result.segment is not None else None
    return segment is not None and not segment.sharing.is_open


def _check_count(count: int, where: str) -> None:
    if count > MAX_SAVED:
        hint = "Narrow it down, or save the rule itself as a segment."
        raise BadInput(f"At most {MAX_SAVED:,} customers are saved as a list.", hint=hint, field=where)


async def _put(context: RequestContext, saving: Saving, ids: Sequence[str], *, private: bool) -> Imported:
    services = context.services
    policy = (await services.policies.get_current()).policy
    started_ms = now_ms()
    round_ = 0
    if not saving.dry_run:
        edit = saving.edit
        round_ = await services.lists.begin(
            saving.key,
            None,
            context.principal.id,
            ImportMode.REPLACE,
            heading=edit.applied_to(Heading(saving.key)),
            reason=edit.reason,
            must_be_new=not saving.replace,
            private=private,
            check=lambda old: check_changeable(context, old),
        )
    listed: set[str] = set()
    unknown = 0
    for page in pages(ids, PAGE_VALUES):
        rows = _chosen(await services.segment_lists.get_identifiers(page), policy)
        unknown += len(page) - len(rows)
        fresh = {row["uid"]: row for row in rows if row["uid"] not in listed}
        listed |= fresh.keys() if saving.dry_run else await services.lists.put(saving.key, round_, [*fresh.values()])
    if not saving.dry_run:
        await services.lists.take_older(saving.key, round_)
        await services.lists.end(saving.key, started_ms)
    return Imported(saving.key, saving.dry_run, len(listed), unknown, len(ids) - unknown - len(listed), 0, ())


def _chosen(held: Mapping[str, Sequence[tuple[str, str]]], policy: IdentityPolicy) -> list[ListedRow]:
    """The strongest identifier of each customer who has any."""
    return [
        ListedRow(uid=uid, namespace=namespace)
        for uid, namespace in (
            min(identifiers, key=lambda one: (policy.of(one[1], False).rank, one[0]))
            for identifiers in held.values()
            if identifiers
        )
    ]
