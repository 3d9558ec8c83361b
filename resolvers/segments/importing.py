"""Lists of identifiers that are imported into segments, as requests bring them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from strawberry import Parent

from base.errors import BadInput
from graph.repositories.segment import SegmentRecord
from ingest.namespaces import parse_namespace
from resolvers.context import Info, RequestContext
from resolvers.refusal import Refusal
from resolvers.sharing import changeable
from rules.checker import Problem
from workers.lists.importing import FaultyRow, ListImport, Report
from workers.lists.lists import ImportMode, check_importable

MAX_VALUES = 10_000


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do."""

    key: str
    dry_run: bool
    found: int
    unknown: int
    duplicates: int
    malformed: int
    faulty: Sequence[FaultyRow]


async def run(
    context: RequestContext,
    *,
    key: str,
    name: str | None,
    identifier: str,
    values: Sequence[str],
    mode: ImportMode,
    dry_run: bool,
) -> Imported | Refusal:
    """Change a segment's list by these values; the segment is made if there is none of the key."""
    try:
        report = await _run(context, key, name, identifier, values, mode, dry_run)
    except BadInput as fault:
        return Refusal((Problem(f"input.{fault.field or 'key'}", fault.message, fault.hint),))
    return Imported(key, dry_run, report.found, report.unknown, report.duplicates, report.malformed, report.faulty)


def check_changeable(context: RequestContext, segment: SegmentRecord) -> None:
    """Let a list that is there be changed by who may.

    Raises:
        BadInput: the key is that of a segment that the asker may not know of, but for this.
        KithError: FORBIDDEN, they may see it only.
    """
    hint = "Choose another key."
    changeable(context, segment, lambda: BadInput("There is a segment of this key.", hint=hint, field="key"))


async def _run(
    context: RequestContext,
    key: str,
    name: str | None,
    identifier: str,
    values: Sequence[str],
    mode: ImportMode,
    dry_run: bool,
) -> Report:
    services = context.services
    namespace = parse_namespace(identifier)
    if namespace is None:
        hint = "For example user_id, email, phone, wx_openid:<app>."
        raise BadInput("This is no identifier namespace.", hint=hint, field="identifier")
    if len(values) > MAX_VALUES:
        hint = "Give more of them in further requests with ADD, or use `kith segment import`."
        raise BadInput(f"At most {MAX_VALUES:,} values.", hint=hint, field="values")
    if dry_run:
        segment = (await services.segments.get_many([key])).get(key)
        if segment is not None:
            check_changeable(context, segment)
            check_importable(segment)
    done = ListImport(
        services.lists,
        services.keyring,
        lambda value: services.spelling.spell(namespace, value),
        key=key,
        namespace=namespace,
        mode=mode,
        round=None
        if dry_run
        else await services.lists.begin(
            key, name, context.principal.id, mode, check=lambda old: check_changeable(context, old)
        ),
    )
    for row, value in enumerate(values, start=1):
        await done.add(row, value)
    return await done.finish()


async def segment_of(root: Parent[Imported], info: Info) -> SegmentRecord | None:
    """The segment as it is now; None after a dry run of one that is not there."""
    return await info.context.loaders.segments.load(root.key)
