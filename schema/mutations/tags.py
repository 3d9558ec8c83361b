"""Changes of tags, of who has them, and of favourites."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from access.permissions import Permission
from resolvers import favourites, sharing
from resolvers.tags import changes as tag_changes
from resolvers.tags import importing as tag_import
from resolvers.tags import tags
from resolvers.tags import versions as tag_versions
from schema import declare
from schema.context import Info
from schema.enums import Visibility
from schema.inputs.sharing import GrantInput, wanted_sharing
from schema.inputs.tag import CreateTagInput, ImportTagValuesInput, UpdateTagInput, wanted_of
from schema.inputs.tag import edit_of as tag_edit_of
from schema.types.favourite import FavouriteResult
from schema.types.registry import (
    RuleUserKind,
)
from schema.types.tag import DeleteTagResult, LabelResult, TagResult
from schema.types.tag_import import TagImportResult


@strawberry.type
class TagMutations:
    @declare.mutation(
        Permission.TAGS_CHANGE,
        "A new tag; its values are computed in the background, then as its mode says.",
        scoped=True,
    )
    async def create_tag(self, info: Info, input: CreateTagInput) -> TagResult:
        made = await tag_changes.create(
            info.context, input.key, tag_edit_of(input), draft=bool(input.draft), private=input.private
        )
        return cast("TagResult", made)

    @declare.mutation(
        Permission.TAGS_CHANGE,
        "Another tag of the same kind; what may change values is a new version, which is built.",
        scoped=True,
    )
    async def update_tag(self, info: Info, key: str, input: UpdateTagInput) -> TagResult:
        return cast("TagResult", await tag_changes.update(info.context, key, tag_edit_of(input)))

    @declare.mutation(Permission.TAGS_CHANGE, "Values stay as they are until `resumeTag`.", scoped=True)
    async def pause_tag(self, info: Info, key: str) -> TagResult:
        return cast("TagResult", await tag_changes.pause(info.context, key))

    @declare.mutation(
        Permission.TAGS_CHANGE, "A draft, paused or offline tag is built and computed as its mode says.", scoped=True
    )
    async def resume_tag(self, info: Info, key: str, reason: str | None = None) -> TagResult:
        return cast("TagResult", await tag_changes.resume(info.context, key, reason))

    @declare.mutation(
        Permission.TAGS_CHANGE,
        "The definition, mode, zone and keepOld of an earlier version again, as a new version.",
        scoped=True,
    )
    async def restore_tag_version(self, info: Info, key: str, version: int, reason: str | None = None) -> TagResult:
        return cast("TagResult", await tag_versions.restore(info.context, key, version, reason))

    @declare.mutation(
        Permission.TAGS_CHANGE,
        "Values stay as they are, and rules that do not name the tag yet cannot do so.",
        scoped=True,
    )
    async def offline_tag(self, info: Info, key: str) -> TagResult:
        return cast("TagResult", await tag_changes.take_offline(info.context, key))

    @declare.mutation(Permission.TAGS_CHANGE, "Compute a tag for everybody now.", scoped=True)
    async def build_tag(self, info: Info, key: str) -> TagResult:
        return cast("TagResult", await tag_changes.build(info.context, key))

    @declare.mutation(
        Permission.TAGS_CHANGE,
        "Gone at once for every reader; refused while segments or other tags use it.",
        scoped=True,
    )
    async def delete_tag(self, info: Info, key: str) -> DeleteTagResult:
        return cast("DeleteTagResult", await tag_changes.delete(info.context, key))

    @declare.mutation(
        Permission.TAGS_CHANGE,
        "Who may see or change a tag from now on; its owner's to say, and administrators'. `with` is for SHARED.",
        scoped=True,
    )
    async def share_tag(
        self,
        info: Info,
        key: str,
        visibility: Visibility,
        with_: Annotated[list[GrantInput] | None, strawberry.argument(name="with")] = None,
        owner: strawberry.ID | None = None,
    ) -> TagResult:
        wanted = wanted_sharing(visibility, with_, owner)
        return cast("TagResult", await sharing.share_tag(info.context, key, wanted, tags.unknown_tag))

    @declare.mutation(
        Permission.TAGS_CHANGE,
        "Give values of a tag of kind IMPORTED to whoever has these identifiers, or these values of an attribute. "
        "Unknown ones are reported, and nobody is made of them.",
    )
    async def import_tag_values(self, info: Info, input: ImportTagValuesInput) -> TagImportResult:
        return cast("TagImportResult", await tag_import.run(info.context, wanted_of(input)))

    @declare.mutation(
        Permission.LABELS_CHANGE,
        "Put labels of a tag of kind MANUAL on customers; who has one keeps it as it is.",
        scoped=True,
    )
    async def tag_customers(self, info: Info, key: str, ids: list[strawberry.ID], labels: list[str]) -> LabelResult:
        return cast("LabelResult", await tags.put_labels(info.context, key, ids, labels))

    @declare.mutation(
        Permission.LABELS_CHANGE, "Take labels off customers; all labels of the tag when none is named.", scoped=True
    )
    async def untag_customers(
        self, info: Info, key: str, ids: list[strawberry.ID], labels: list[str] | None = None
    ) -> LabelResult:
        return cast("LabelResult", await tags.take_labels(info.context, key, ids, labels))

    @declare.mutation(
        Permission.SEGMENTS_READ, "Put a segment or tag among your favourites, 1,000 at most.", scoped=True
    )
    async def favourite(self, info: Info, kind: RuleUserKind, key: str) -> FavouriteResult:
        is_tag = kind is RuleUserKind.TAG
        return cast("FavouriteResult", await favourites.put(info.context, key, is_tag=is_tag))

    @declare.mutation(Permission.SEGMENTS_READ, "Take a segment or tag off your favourites.", scoped=True)
    async def unfavourite(self, info: Info, kind: RuleUserKind, key: str) -> FavouriteResult:
        is_tag = kind is RuleUserKind.TAG
        return cast("FavouriteResult", await favourites.take(info.context, key, is_tag=is_tag))
