"""What an import into a segment does."""

from __future__ import annotations

from typing import Annotated

import strawberry

from access.permissions import Permission
from resolvers.segments import importing as segment_import
from resolvers.segments.importing import Imported
from schema import declare
from schema.types.refusal import ValidationError
from schema.types.segment import Segment
from workers.lists.importing import RowFault

strawberry.enum(
    RowFault,
    name="ImportFault",
    description="`MALFORMED`: cannot identify anybody. `UNKNOWN`: nobody has it; to `REMOVE`: it was not on the list.",
)


@strawberry.type(description="A value that was not taken.")
@declare.needs(Permission.SEGMENTS_READ)
class ImportFaultyRow:
    row: int = strawberry.field(description="Its place among the values, from 1.")
    fault: RowFault


@strawberry.type(description="What became of the values of an import; each is counted once.")
@declare.needs(Permission.SEGMENTS_READ)
class SegmentImport:
    segment: Segment | None = declare.resolved(
        segment_import.segment_of, "Null after a dry run for a segment that is not there."
    )
    dry_run: bool
    found: int = strawberry.field(description="On the list now; to `REMOVE`: off it now.")
    unknown: int = strawberry.field(description="Nobody has them; to `REMOVE`: they were not on the list.")
    duplicates: int = strawberry.field(description="Given before.")
    malformed: int = strawberry.field(description="They cannot identify anybody.")
    faulty: list[ImportFaultyRow] = strawberry.field(description="Malformed and unknown ones, the first 100.")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, Imported)


SegmentImportResult = Annotated[SegmentImport | ValidationError, strawberry.union("SegmentImportResult")]
