"""How clients make and change segments."""

from __future__ import annotations

import strawberry

from resolvers.segments import Edit
from schema.inputs.rule import RuleInput, rule_document
from workers.lists.lists import ImportMode


@strawberry.input
class CreateSegmentInput:
    key: str = strawberry.field(description="Lower-case letters, digits, `_` and `-`; it never changes.")
    name: str
    rule: RuleInput
    folder: str | None = strawberry.field(default=None, description="A path such as `growth/2026`.")
    description: str | None = None
    reason: str | None = strawberry.field(default=None, description="Why; kept with the version.")


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
