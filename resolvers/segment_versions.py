"""Versions of a segment: what its rule was, what changed, and the way back."""

from __future__ import annotations

import msgspec

from base.errors import BadInput, NotFound
from graph.repositories.segment import SegmentRecord
from graph.repositories.segment_version import VersionRecord
from resolvers import segments
from resolvers.context import RequestContext
from resolvers.pages import Page, check_first
from resolvers.refusal import Refusal
from resolvers.segments import Edit
from rules.difference import Difference, difference

VERSIONS = "segment-versions"
# Arguments of this mutation for those of updateSegment.
_RESTORED = {"input.rule": "version", "input.reason": "reason"}


async def versions_page(
    context: RequestContext, segment: SegmentRecord, *, first: int | None, after: str | None
) -> Page[VersionRecord]:
    """A segment's versions, newest first."""
    first = check_first(first)
    before = segment.version + 1
    if after is not None:
        before = int(context.services.cursors.decode(VERSIONS, after, (int,))[0])
    found = await context.services.segment_versions.list_page(segment.id, before, first + 1)
    return Page(
        found[:first],
        cursors=context.services.cursors,
        scope=VERSIONS,
        place_of=lambda version: (version.version,),
        has_next_page=len(found) > first,
        resumed=after is not None,
    )


async def version_difference(context: RequestContext, segment: SegmentRecord, from_: int, to: int) -> list[Difference]:
    """What turns the rule of one version into that of another.

    Raises:
        BadInput: no such version.
    """
    found = await context.services.segment_versions.get_many(segment.id, [from_, to])
    for field, version in (("from", from_), ("to", to)):
        if version not in found:
            raise BadInput("There is no such version.", hint="`versions` lists them.", field=field)
    return difference(msgspec.json.decode(found[from_].rule), msgspec.json.decode(found[to].rule), "rule")


async def restore(context: RequestContext, key: str, version: int, reason: str | None) -> SegmentRecord | Refusal:
    """Give a segment the rule that it had, as a new version.

    Raises:
        NotFound: no such segment or version.
    """
    segment = await segments.find(context, key)
    if segment is None:
        raise segments.unknown()
    found = (await context.services.segment_versions.get_many(segment.id, [version])).get(version)
    if found is None:
        raise NotFound("There is no version of this number.", hint="`Segment.versions` lists them.")
    restored = await segments.update(context, key, Edit(document=msgspec.json.decode(found.rule), reason=reason))
    return restored.renamed(_RESTORED) if isinstance(restored, Refusal) else restored
