"""The registry of names: pages of definitions, and what people say of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from strawberry import Parent

from base.errors import BadInput, NotFound
from graph.client import Transaction
from graph.repositories import registry as repository
from graph.repositories.registry import Asked, EventDefinition, OnConflict, PiiClass, ValueDefinition
from resolvers.context import Info, RequestContext
from resolvers.pages import Page, check_first
from resolvers.refusal import Refusal
from resolvers.rule_users import RuleUser, key_of
from rules.names import Names
from rules.problems import Problem, text_fault

ATTRIBUTES = "attribute-definitions"
EVENTS = "event-definitions"
PROPERTIES = "property-definitions"
MAX_SEARCH_CHARS = 200
# How many characters a text may have, by the name of its field.
TEXTS = {"name_zh": 200, "name_en": 200, "description": 2_000, "unit": 50}
_SHOWN = {"name_zh": "nameZh", "name_en": "nameEn", "pii": "piiClass", "set_type": "type", "on_conflict": "onConflict"}

D = TypeVar("D", ValueDefinition, EventDefinition)

# What was given to change, by the names of `ValueDefinition`; the rest stays.
Edit = Mapping[str, object]


async def attributes_page(
    context: RequestContext, search: str | None, first: int | None, after: str | None, include_off: bool
) -> Page[ValueDefinition]:
    """Attributes by name."""
    asked = _asked(context, ATTRIBUTES, search, first, after, include_off)
    found = await context.services.registry.list_attributes(asked)
    return _page(context, ATTRIBUTES, found, asked)


async def events_page(
    context: RequestContext, search: str | None, first: int | None, after: str | None, include_off: bool
) -> Page[EventDefinition]:
    """Events by name."""
    asked = _asked(context, EVENTS, search, first, after, include_off)
    found = await context.services.registry.list_events(asked)
    return _page(context, EVENTS, found, asked)


async def properties_page(
    context: RequestContext, event: str, search: str | None, first: int | None, after: str | None, include_off: bool
) -> Page[ValueDefinition]:
    """An event's properties by name."""
    asked = _asked(context, PROPERTIES, search, first, after, include_off)
    found = await context.loaders.properties(asked).load(event)
    return _page(context, PROPERTIES, found, asked)


async def used_by(root: Parent[ValueDefinition | EventDefinition], info: Info) -> Sequence[RuleUser]:
    """What has a rule that names it."""
    return await info.context.loaders.rule_users.load(key_of(root))


async def update_value(context: RequestContext, event: str | None, name: str, edit: Edit) -> ValueDefinition | Refusal:
    """What people say of an attribute (`event` is None) or property.

    Raises:
        NotFound: nothing came under that name.
    """
    named = Names(attributes=frozenset({name})) if event is None else Names(properties=frozenset({(event, name)}))
    problems = _problems(edit)
    if problems:
        return Refusal(tuple(problems))

    async def work(tx: Transaction) -> ValueDefinition | Refusal:
        await repository.lock(tx)
        known = await repository.get_named(tx, named)
        old = known.attributes.get(name) if event is None else known.properties.get((event, name))
        if old is None:
            raise _unknown("attribute" if event is None else "property")
        fields = _cleaned(edit)
        wanted = OnConflict(str(fields.get("on_conflict", old.on_conflict)))
        if wanted is not OnConflict.KEEP and fields.get("set_type", old.set_type) is None:
            if "set_type" in fields:
                hint = "Give a type, or say KEEP in onConflict."
                return Refusal((Problem("input.type", f"{wanted} needs a type.", hint),))
            # What is enforced must not be a guess that another worker might have made otherwise.
            fields["set_type"] = old.type
        if "on_conflict" in fields:
            fields["on_conflict"] = None if wanted is OnConflict.KEEP else wanted
        if fields.get("pii", PiiClass.NONE) != PiiClass.NONE:
            fields["example"] = None
        return await repository.update_value(tx, event, name, fields)

    return await context.services.graph.write("update_definition", work)


async def update_event(context: RequestContext, name: str, edit: Edit) -> EventDefinition | Refusal:
    """What people say of an event.

    Raises:
        NotFound: nothing came under that name.
    """
    problems = _problems(edit)
    if problems:
        return Refusal(tuple(problems))

    async def work(tx: Transaction) -> EventDefinition:
        await repository.lock(tx)
        if name not in (await repository.get_named(tx, Names(events=frozenset({name})))).events:
            raise _unknown("event")
        return await repository.update_event(tx, name, _cleaned(edit))

    return await context.services.graph.write("update_definition", work)


def _asked(
    context: RequestContext, scope: str, search: str | None, first: int | None, after: str | None, include_off: bool
) -> Asked:
    """What to read for a page, one item more than it shows.

    Raises:
        BadInput: the page size, the cursor or the search cannot be used.
    """
    if search is not None and len(search) > MAX_SEARCH_CHARS:
        raise BadInput(f"A search has at most {MAX_SEARCH_CHARS} characters.", field="search")
    behind = "" if after is None else str(context.services.cursors.decode(scope, after, (str,))[0])
    return Asked(check_first(first) + 1, behind, (search or "").lower(), include_off)


def _page(context: RequestContext, scope: str, found: Sequence[D], asked: Asked) -> Page[D]:
    first = asked.count - 1
    return Page(
        found[:first],
        cursors=context.services.cursors,
        scope=scope,
        place_of=lambda one: (one.name,),
        has_next_page=len(found) > first,
        resumed=bool(asked.after),
    )


def _problems(edit: Edit) -> list[Problem]:
    problems: list[Problem] = []
    for field, value in edit.items():
        where = f"input.{_SHOWN.get(field, field)}"
        if isinstance(value, str) and (most := TEXTS.get(field)) is not None:
            if len(value) > most:
                problems.append(Problem(where, f"This has at most {most:,} characters.", None))
            elif (fault := text_fault(value)) is not None:
                problems.append(Problem(where, fault, None))
        elif value is None and field in ("pii", "active", "on_conflict"):
            problems.append(Problem(where, "This cannot be empty.", "Leave it out to keep what it is."))
    return problems


def _cleaned(edit: Edit) -> dict[str, object]:
    """The edit with texts trimmed; an empty one is none."""
    return {
        field: value.strip() or None if isinstance(value, str) and field in TEXTS else value
        for field, value in edit.items()
    }


def _unknown(kind: str) -> NotFound:
    return NotFound(
        f"No {kind} of this name has come.", hint="`attributeDefinitions` and `eventDefinitions` list what has."
    )
