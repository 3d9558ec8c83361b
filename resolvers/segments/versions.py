"""Versions of a segment: what its rule was, what changed, and the way back."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from base.errors import NotFound
from graph.repositories.segment import SegmentRecord
from graph.repositories.segment_version import VersionRecord
from resolvers.context import RequestContext
from resolvers.pages import Page
from resolvers.refusal import Refusal
from resolvers.segments import changes, segments
from resolvers.segments.changes import Edit
from resolvers.versions import both, page_of
from rules.difference import Difference, difference

VERSIONS = "segment-versions"
# Arguments of this mutation for those of updateSegment.
_RESTORED = {"input.rule": "version", "input.reason": "reason"}


async def versions_page(
    context: RequestContext, segment: SegmentRecord, *, first: int | None, after: str | None
) -> Page[VersionRecord]:
    """A segment's versions, newest first."""
    repository = context.services.segment_versions

    async def list_page(before: int, count: int) -> Sequence[VersionRecord]:
        return await repository.list_page(segment.id, before, count)

    return await page_of(context, VERSIONS, segment.version, list_page, first=first, after=after)


async def version_difference(context: RequestContext, segment: SegmentRecord, from_: int, to: int) -> list[Difference]:
    """What turns the rule of one version into that of another.

    Raises:
        BadInput: no such version.
    """
    found = await context.services.segment_versions.get_many(segment.id, [from_, to])
    old, new = both(found, from_, to)
    return difference(msgspec.json.decode(old.rule), msgspec.json.decode(new.rule), "rule")


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
    restored = await changes.update(context, key, Edit(document=msgspec.json.decode(found.rule), reason=reason))
    return restored.renamed(_RESTORED) if isinstance(restored, Refusal) else restored
