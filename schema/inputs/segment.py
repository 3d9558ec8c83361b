"""How clients make and change segments."""

from __future__ import annotations

import strawberry

from resolvers.segments.changes import Edit
from resolvers.segments.saved_results import Result, Saving, TagSelection
from schema.enums import ImportMode
from schema.inputs.rule import RuleInput, rule_document
from schema.scalars import JSON, DateTime


@strawberry.input
class CreateSegmentInput:
    key: str = strawberry.field(description="Lower-case letters, digits, `_` and `-`; it never changes.")
    name: str
    rule: RuleInput
    folder: str | None = strawberry.field(default=None, description="A path such as `growth/2026`.")
    description: str | None = None
    reason: str | None = strawberry.field(default=None, description="Why; kept with the version.")
    private: bool = strawberry.field(default=False, description="For you alone, until `shareSegment`.")


@strawberry.input(description="What is left out stays as it is.")
class UpdateSegmentInput:
    name: str | None = None
    rule: RuleInput | None = None
    folder: str | None = strawberry.field(default=None, description="A path such as `growth/2026`; empty for none.")
    description: str | None = None
    reason: str | None = strawberry.field(default=None, description="Why; kept with the version of a changed rule.")


@strawberry.input(description="Values of one kind of identifier, normalised like incoming data.")
class ImportSegmentInput:
    key: str = strawberry.field(description="Of the segment; it is made if there is none.")
    identifier: str = strawberry.field(description="The namespace: `email`, `phone`, `user_id`, …")
    values: list[str] = strawberry.field(description="At most 10,000.")
    name: str | None = strawberry.field(default=None, description="Of a segment that is made; otherwise its key.")
    mode: ImportMode = ImportMode.ADD
    dry_run: bool = False


def edit_of(input: CreateSegmentInput | UpdateSegmentInput) -> Edit:
    """What is to be changed."""
    document = None if input.rule is None else rule_document(input.rule)
    return Edit(input.name, input.folder, input.description, document, input.reason)


@strawberry.input(description="Values of a tag: those named, a range of them, or any.")
class SaveTagValueInput:
    tag: str = strawberry.field(description="Its key.")
    key: str = strawberry.field(
        description="Of the segment: lower-case letters, digits, `_` and `-`; it never changes."
    )
    name: str
    values: list[JSON] | None = strawberry.field(
        default=None,
        description="Of a tag of lists: elements, of which one is enough. Without a range either: any value.",
    )
    from_: JSON | None = strawberry.field(
        name="from", default=None, description="A number or a time, included; of tags of these types."
    )
    to: JSON | None = strawberry.field(default=None, description="Likewise, excluded.")
    folder: str | None = strawberry.field(default=None, description="A path such as `growth/2026`.")
    description: str | None = None
    reason: str | None = strawberry.field(default=None, description="Why; kept with the version.")


@strawberry.input(description="Exactly one of `where`, `segment` and `customers`; at most 20,000 customers.")
class SaveResultInput:
    key: str = strawberry.field(
        description="Of the segment: lower-case letters, digits, `_` and `-`; it never changes."
    )
    name: str
    where: RuleInput | None = strawberry.field(default=None, description="Those for whom it holds now.")
    segment: str | None = strawberry.field(default=None, description="Those who are in it now, or were.")
    as_of: DateTime | None = strawberry.field(
        default=None, description="The instant at which they were in the segment."
    )
    customers: list[strawberry.ID] | None = strawberry.field(default=None, description="These.")
    folder: str | None = strawberry.field(default=None, description="A path such as `growth/2026`.")
    description: str | None = None
    reason: str | None = strawberry.field(default=None, description="Why; kept with the version.")
    replace: bool = strawberry.field(
        default=False, description="A segment of this key that is a list already becomes the result."
    )
    dry_run: bool = False


def selection_of(input: SaveTagValueInput) -> TagSelection:
    """The values that an input means."""
    return TagSelection(input.tag, input.values, input.from_, input.to)


def saving_of(input: SaveResultInput) -> Saving:
    """The segment that an input asks for."""
    edit = Edit(input.name, input.folder, input.description, None, input.reason)
    return Saving(input.key, edit, input.replace, input.dry_run)


def result_of(input: SaveResultInput) -> Result:
    """Whom an input means."""
    document = None if input.where is None else rule_document(input.where)
    return Result(document, input.segment, input.as_of, input.customers)
