"""Versions of a tag: what decided its values, what changed, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from base.errors import NotFound
from graph.repositories.tag import TagRecord
from graph.repositories.tag_version import TagVersionRecord
from resolvers.context import RequestContext
from resolvers.pages import Page
from resolvers.refusal import Refusal
from resolvers.tags import changes as tag_changes
from resolvers.tags import tags
from resolvers.tags.checks import Edit
from resolvers.versions import both, page_of
from rules.difference import Difference, DifferenceKind, difference

VERSIONS = "tag-versions"
# Arguments of this mutation for those of updateTag.
_RESTORED = {"input.definition": "version", "input.zone": "version", "input.reason": "reason"}


async def versions_page(
    context: RequestContext, tag: TagRecord, *, first: int | None, after: str | None
) -> Page[TagVersionRecord]:
    """A tag's versions, newest first."""
    repository = context.services.tag_versions

    async def list_page(before: int, count: int) -> Sequence[TagVersionRecord]:
        return await repository.list_page(tag.id, before, count)

    return await page_of(context, VERSIONS, tag.version, list_page, first=first, after=after)


async def version_difference(context: RequestContext, tag: TagRecord, from_: int, to: int) -> list[Difference]:
    """What turns one version into another: of the definition, then of mode, zone and keepOld.

    Raises:
        BadInput: no such version.
    """
    found = await context.services.tag_versions.get_many(tag.id, [from_, to])
    old, new = both(found, from_, to)
    places = difference(msgspec.json.decode(old.definition), msgspec.json.decode(new.definition), "definition")
    before, after = _rest(old), _rest(new)
    return places + [
        Difference(name, DifferenceKind.CHANGED, before[name], after[name])
        for name in before
        if before[name] != after[name]
    ]


def _rest(version: TagVersionRecord) -> Mapping[str, object]:
    return {"mode": version.mode, "zone": version.zone, "keepOld": version.keep_old}


async def restore(context: RequestContext, key: str, version: int, reason: str | None) -> TagRecord | Refusal:
    """Give a tag the definition, mode, zone and keepOld that it had, as a new version.

    Raises:
        NotFound: no such tag or version.
    """
    tag = await tags.find(context, key)
    if tag is None:
        raise tags.unknown_tag()
    found = (await context.services.tag_versions.get_many(tag.id, [version])).get(version)
    if found is None:
        raise NotFound("There is no version of this number.", hint="`Tag.versions` lists them.")
    edit = Edit(
        mode=found.mode,
        zone=found.zone or "",
        keep_old=found.keep_old,
        definition=msgspec.json.decode(found.definition),
        reason=reason,
    )
    restored = await tag_changes.update(context, key, edit)
    return restored.renamed(_RESTORED) if isinstance(restored, Refusal) else restored
