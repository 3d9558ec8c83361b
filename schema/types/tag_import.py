"""What an import into a tag does."""

from __future__ import annotations

from typing import Annotated

import strawberry

from access.permissions import Permission
from resolvers.tags import importing as tag_import
from resolvers.tags.importing import TagImported
from schema import declare
from schema.types.refusal import ValidationError
from schema.types.tag import Tag
from workers.lists.tagging import TagRowFault

strawberry.enum(
    TagRowFault,
    name="TagImportFault",
    description=(
        "`MALFORMED`: can mean nobody. `UNKNOWN`: means nobody; to `REMOVE`: or somebody without a value. `AMBIGUOUS`: "
        "several customers have this value of the attribute. `BAD_VALUE`: not of the tag's type. `CONFLICT`: an "
        "earlier row gave the same customer another value, and this one counts."
    ),
)


@strawberry.type(description="A row, and what there is to say of it.")
@declare.needs(Permission.TAGS_READ)
class TagImportFaultyRow:
    row: int = strawberry.field(description="Its place among the rows, from 1.")
    fault: TagRowFault


@strawberry.type(description="What became of the rows of an import; each is counted once.")
@declare.needs(Permission.TAGS_READ)
class TagImport:
    tag: Tag | None = declare.resolved(tag_import.tag_of, "Null when it was deleted meanwhile.")
    dry_run: bool
    found: int = strawberry.field(description="Customers with the value now; to `REMOVE`: with none any more.")
    unknown: int = strawberry.field(description="They mean nobody; to `REMOVE`: or somebody without a value.")
    ambiguous: int = strawberry.field(description="Several customers have this value of the attribute.")
    duplicates: int = strawberry.field(description="The same customer and value as in an earlier row.")
    conflicts: int = strawberry.field(description="Another value for a customer of an earlier row; the later counts.")
    malformed: int = strawberry.field(description="They can mean nobody.")
    bad_values: int = strawberry.field(description="The value is not of the tag's type.")
    faulty: list[TagImportFaultyRow] = strawberry.field(description="All but duplicates, the first 100.")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        return isinstance(value, TagImported)


TagImportResult = Annotated[TagImport | ValidationError, strawberry.union("TagImportResult")]
