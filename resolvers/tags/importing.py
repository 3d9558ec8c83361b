"""Values that are imported into tags, as requests bring them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from strawberry import Parent

from base.errors import BadInput
from graph.repositories.tag import TagRecord
from ingest.imports.tag_values import tag_value
from resolvers.context import Info, RequestContext
from resolvers.refusal import Refusal
from resolvers.sharing import changeable
from resolvers.tags.tags import unknown_tag
from rules.checker import Problem
from rules.type_problems import ValueType
from workers.lists.addressing import Addressing, ByAttribute, ByIdentifier, check_address
from workers.lists.lists import ImportMode
from workers.lists.tagging import FaultyTagRow, TagImport, TagReport

MAX_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """Whom a row means, and the value."""

    id: str
    value: object


@dataclass(frozen=True, slots=True)
class Wanted:
    """An import as a request asks for it; either `identifier` or `attribute` is given."""

    key: str
    identifier: str | None
    attribute: str | None
    rows: Sequence[Row]
    mode: ImportMode
    dry_run: bool


@dataclass(frozen=True, slots=True)
class TagImported:
    """What an import did, or would do."""

    key: str
    dry_run: bool
    found: int
    unknown: int
    ambiguous: int
    duplicates: int
    conflicts: int
    malformed: int
    bad_values: int
    faulty: Sequence[FaultyTagRow]


async def run(context: RequestContext, wanted: Wanted) -> TagImported | Refusal:
    """Change the values of an imported tag.

    Raises:
        NotFound: no such tag.
    """
    try:
        report = await _run(context, wanted)
    except BadInput as fault:
        return Refusal((Problem(f"input.{fault.field or 'key'}", fault.message, fault.hint),))
    return TagImported(
        wanted.key,
        wanted.dry_run,
        report.found,
        report.unknown,
        report.ambiguous,
        report.duplicates,
        report.conflicts,
        report.malformed,
        report.bad_values,
        report.faulty,
    )


async def _run(context: RequestContext, wanted: Wanted) -> TagReport:
    values = context.services.tag_values
    if len(wanted.rows) > MAX_ROWS:
        hint = "Give more of them in further requests with ADD, or use `kith tag import`."
        raise BadInput(f"At most {MAX_ROWS:,} rows.", hint=hint, field="rows")
    addressing = await _addressing(context, wanted)
    changeable(context, await context.loaders.tags.load(wanted.key), unknown_tag)
    tag = await values.find(wanted.key)
    of_type, zone = ValueType(tag.value_type), ZoneInfo(tag.zone) if tag.zone else context.services.zone
    done = TagImport(
        values,
        addressing,
        lambda value: tag_value(value, of_type, zone),
        key=wanted.key,
        mode=wanted.mode,
        round=None if wanted.dry_run else await values.begin(wanted.key, context.principal.id),
    )
    for number, row in enumerate(wanted.rows, start=1):
        await done.add(number, row.id, row.value)
    return await done.finish()


async def _addressing(context: RequestContext, wanted: Wanted) -> Addressing:
    services = context.services
    namespace, attribute = check_address(wanted.identifier, wanted.attribute)
    if namespace is not None:
        return ByIdentifier(services.keyring, namespace, lambda value: services.spelling.spell(namespace, value))
    policy = (await services.policies.get_current()).policy
    return ByAttribute(services.graph, services.columns, policy, attribute or "")


async def tag_of(root: Parent[TagImported], info: Info) -> TagRecord | None:
    """The tag as it is now."""
    return await info.context.loaders.tags.load(root.key)
