"""The root of all changes."""

from __future__ import annotations

from typing import cast

import strawberry

from resolvers import segments
from schema import declare
from schema.context import Info
from schema.inputs.rule import rule_document
from schema.inputs.segment import CreateSegmentInput, UpdateSegmentInput
from schema.types.segment import DeleteResult, SegmentResult


@strawberry.type
class Mutation:
    @declare.mutation("A new segment; its members are found in the background, then kept live.")
    async def create_segment(self, info: Info, input: CreateSegmentInput) -> SegmentResult:
        made = await segments.create(info.context, input.key, input.name, rule_document(input.rule))
        return cast("SegmentResult", made)

    @declare.mutation("Another name or rule; a changed rule is a new version, which is built.")
    async def update_segment(self, info: Info, key: str, input: UpdateSegmentInput) -> SegmentResult:
        document = None if input.rule is None else rule_document(input.rule)
        return cast("SegmentResult", await segments.update(info.context, key, input.name, document))

    @declare.mutation("Gone at once for every reader; refused while other segments use it.")
    async def delete_segment(self, info: Info, key: str) -> DeleteResult:
        return cast("DeleteResult", await segments.delete(info.context, key))
