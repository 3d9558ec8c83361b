"""Changes of segments."""

from __future__ import annotations

from typing import Annotated, cast

import strawberry

from access.permissions import Permission
from resolvers import sharing
from resolvers.segments import archive as segment_archive
from resolvers.segments import changes, saved_results, segments
from resolvers.segments import importing as segment_import
from resolvers.segments import versions as segment_versions
from resolvers.segments.changes import Edit as SegmentEdit
from schema import declare
from schema.context import Info
from schema.enums import Visibility
from schema.inputs.segment import (
    CreateSegmentInput,
    ImportSegmentInput,
    SaveResultInput,
    SaveTagValueInput,
    UpdateSegmentInput,
    result_of,
    saving_of,
    selection_of,
)
from schema.inputs.segment import edit_of as segment_edit_of
from schema.inputs.sharing import GrantInput, wanted_sharing
from schema.types.segment import DeleteResult, SegmentResult
from schema.types.segment_import import SegmentImportResult


@strawberry.type
class SegmentMutations:
    @declare.mutation(
        Permission.SEGMENTS_CHANGE,
        "A new segment; its members are found in the background, then kept live.",
        scoped=True,
    )
    async def create_segment(self, info: Info, input: CreateSegmentInput) -> SegmentResult:
        made = await changes.create(info.context, input.key, segment_edit_of(input), private=input.private)
        return cast("SegmentResult", made)

    @declare.mutation(
        Permission.SEGMENTS_CHANGE,
        "Another name, folder, description or rule; a changed rule is a new version, which is built.",
        scoped=True,
    )
    async def update_segment(self, info: Info, key: str, input: UpdateSegmentInput) -> SegmentResult:
        return cast("SegmentResult", await changes.update(info.context, key, segment_edit_of(input)))

    @declare.mutation(
        Permission.SEGMENTS_CHANGE, "Another segment with the rule, folder and description of this one.", scoped=True
    )
    async def copy_segment(self, info: Info, key: str, new_key: str, name: str) -> SegmentResult:
        return cast("SegmentResult", await segment_archive.copy(info.context, key, new_key, name))

    @declare.mutation(
        Permission.SEGMENTS_CHANGE, "The rule of an earlier version again, as a new version.", scoped=True
    )
    async def restore_segment_version(
        self, info: Info, key: str, version: int, reason: str | None = None
    ) -> SegmentResult:
        return cast("SegmentResult", await segment_versions.restore(info.context, key, version, reason))

    @declare.mutation(
        Permission.SEGMENTS_CHANGE,
        "Members stay as they are and nobody hears of it; refused while segments that are kept live use it.",
        scoped=True,
    )
    async def archive_segment(self, info: Info, key: str) -> SegmentResult:
        return cast("SegmentResult", await segment_archive.archive(info.context, key))

    @declare.mutation(
        Permission.SEGMENTS_CHANGE,
        "Built in full and kept live again, as a new version; what differs is published.",
        scoped=True,
    )
    async def unarchive_segment(self, info: Info, key: str, reason: str | None = None) -> SegmentResult:
        return cast("SegmentResult", await segment_archive.unarchive(info.context, key, reason))

    @declare.mutation(
        Permission.SEGMENTS_CHANGE,
        "Who has one of these identifiers is in the segment. Unknown ones are reported, and nobody is made of them.",
    )
    async def import_segment(self, info: Info, input: ImportSegmentInput) -> SegmentImportResult:
        done = await segment_import.run(
            info.context,
            key=input.key,
            name=input.name,
            identifier=input.identifier,
            values=input.values,
            mode=input.mode,
            dry_run=input.dry_run,
        )
        return cast("SegmentImportResult", done)

    @declare.mutation(
        Permission.SEGMENTS_CHANGE,
        "A new segment of those who have one of these values of a tag, kept live.",
        scoped=True,
    )
    async def save_tag_value_as_segment(self, info: Info, input: SaveTagValueInput) -> SegmentResult:
        edit = SegmentEdit(input.name, input.folder, input.description, None, input.reason)
        made = await saved_results.save_tag_value(info.context, input.key, edit, selection_of(input))
        return cast("SegmentResult", made)

    @declare.mutation(
        Permission.SEGMENTS_CHANGE,
        "Whoever is found now, or was in a segment at an instant, as a list: they stay in it, whatever becomes "
        "of the rule. `found` are on it; `unknown` are nobody any more or have no identifier.",
    )
    async def save_result_as_segment(self, info: Info, input: SaveResultInput) -> SegmentImportResult:
        done = await saved_results.save_result(info.context, saving_of(input), result_of(input))
        return cast("SegmentImportResult", done)

    @declare.mutation(
        Permission.SEGMENTS_CHANGE, "Gone at once for every reader; refused while other segments use it.", scoped=True
    )
    async def delete_segment(self, info: Info, key: str) -> DeleteResult:
        return cast("DeleteResult", await changes.delete(info.context, key))

    @declare.mutation(
        Permission.SEGMENTS_CHANGE,
        "Who may see or change a segment from now on; its owner's to say, and administrators'. `with` is for SHARED.",
        scoped=True,
    )
    async def share_segment(
        self,
        info: Info,
        key: str,
        visibility: Visibility,
        with_: Annotated[list[GrantInput] | None, strawberry.argument(name="with")] = None,
        owner: strawberry.ID | None = None,
    ) -> SegmentResult:
        wanted = wanted_sharing(visibility, with_, owner)
        return cast("SegmentResult", await sharing.share_segment(info.context, key, wanted, segments.unknown))
