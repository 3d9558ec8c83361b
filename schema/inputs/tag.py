"""How clients make and change tags. Shape only: rules/tags/ says what it means and refuses what makes no sense."""

from __future__ import annotations

import strawberry

from resolvers.tags.checks import Edit
from resolvers.tags.importing import Row, Wanted
from rules.tags.definition import Take, Which
from rules.type_problems import ValueType
from schema.enums import ImportMode
from schema.inputs.rule import MeasureInput, PropertyCondition, RuleInput, WindowInput, plain
from schema.scalars import JSON
from schema.types.tag_enums import TagMode

strawberry.enum(Which, name="TagEvent", description="Which event; of several at one instant, by their ids.")
strawberry.enum(Take, name="TagTake", description="Its time, the calendar days since then, or a property of one type.")


@strawberry.input(description="The events that count.")
class TagEvents:
    name: str
    where: list[PropertyCondition] | None = strawberry.field(default=strawberry.UNSET, description="All must hold.")
    window: WindowInput | None = strawberry.UNSET


@strawberry.input(description="The events that count, and what is measured of them.")
class MeasuredEvents(TagEvents):
    measure: MeasureInput | None = strawberry.UNSET


@strawberry.input
class TagValueInput:
    value: JSON = strawberry.field(description="A text, a number or a boolean; all of one type.")
    rule: RuleInput


@strawberry.input(description="The value of the first rule that holds.")
class ConditionTag:
    values: list[TagValueInput] = strawberry.field(description="1 to 24.")


@strawberry.input
class StageInput:
    stage: str
    rule: RuleInput


@strawberry.input(description="The first stage whose rule holds.")
class LifecycleTag:
    stages: list[StageInput] = strawberry.field(description="1 to 24.")


@strawberry.input(description="A name for the numbers from (included) to (excluded).")
class LayerInput:
    value: str
    from_: float | None = strawberry.field(name="from", default=strawberry.UNSET)
    to: float | None = strawberry.UNSET


@strawberry.input(description="A name for the customers down to a percentage of all, the largest numbers first.")
class ShareInput:
    value: str
    top_percent: float


@strawberry.input(description="A measure of events, or the name of the layer or share that it lies in.")
class StatisticalTag:
    event: MeasuredEvents
    layers: list[LayerInput] | None = strawberry.field(
        default=strawberry.UNSET, description="Ascending, without overlaps; at most 24."
    )
    shares: list[ShareInput] | None = strawberry.field(
        default=strawberry.UNSET, description="Of ascending percentages, at most 24; such a tag is never LIVE."
    )


@strawberry.input(description="The values of a property that the most events have, best first.")
class PreferenceTag:
    event: TagEvents
    property: str
    top: int = strawberry.field(default=1, description="How many, at most 20.")
    sum: str | None = strawberry.field(
        default=strawberry.UNSET, description="A property whose numbers are added up, instead of counting events."
    )


@strawberry.input(description="Something of the first or the last event.")
class FirstLastTag:
    event: TagEvents
    which: Which
    take: Take
    property: str | None = strawberry.UNSET
    type: ValueType | None = strawberry.UNSET


@strawberry.input(description="Values that `importTagValues` and `kith tag import` bring.")
class ImportedTag:
    type: ValueType = strawberry.field(description="`STRING`, `NUMBER`, `BOOLEAN`, `TIME` or `LIST`.")


@strawberry.input(description="`SELECT customer_id, value …` over the views of the columnar store.")
class SqlTag:
    text: str = strawberry.field(description="One statement of at most 10,000 characters.")
    type: ValueType = strawberry.field(description="`STRING`, `NUMBER`, `BOOLEAN`, `TIME` or `LIST`.")


@strawberry.input(one_of=True, description="Where high begins, included.")
class RfmCut:
    mean: bool | None = strawberry.field(default=strawberry.UNSET, description="At the mean of all.")
    value: float | None = strawberry.field(default=strawberry.UNSET, description="At this number.")
    top: int | None = strawberry.field(default=strawberry.UNSET, description="At the last of so many customers.")
    top_percent: float | None = strawberry.field(
        default=strawberry.UNSET, description="At the last of so many percent of the customers."
    )


@strawberry.input
class RfmCuts:
    recency: RfmCut = strawberry.field(description="Of days since the last event, of which few are high.")
    frequency: RfmCut = strawberry.field(description="Of the number of events.")
    monetary: RfmCut


@strawberry.input(description="Recency, frequency and money of events, compared with everybody's; never LIVE.")
class RfmTag:
    event: MeasuredEvents = strawberry.field(description="Its measure is the money, a SUM or an AVG.")
    cuts: RfmCuts | None = strawberry.field(default=strawberry.UNSET, description="For one of eight names.")
    scores: bool | None = strawberry.field(
        default=strawberry.UNSET, description="true instead of cuts: a digit from 1 to 5 each, by fifths."
    )


@strawberry.input(one_of=True, description="What value a customer has: exactly one of its fields.")
class TagDefinitionInput:
    condition: ConditionTag | None = strawberry.UNSET
    statistical: StatisticalTag | None = strawberry.UNSET
    preference: PreferenceTag | None = strawberry.UNSET
    first_last: FirstLastTag | None = strawberry.UNSET
    lifecycle: LifecycleTag | None = strawberry.UNSET
    rfm: RfmTag | None = strawberry.UNSET
    manual: bool | None = strawberry.field(default=strawberry.UNSET, description="Labels, put on by people.")
    imported: ImportedTag | None = strawberry.UNSET
    sql: SqlTag | None = strawberry.UNSET


@strawberry.input
class CreateTagInput:
    key: str = strawberry.field(description="Lower-case letters, digits, `_` and `-`; it never changes.")
    name: str
    definition: TagDefinitionInput
    category: str | None = strawberry.field(default=None, description="Levels parted by slashes.")
    mode: TagMode | None = strawberry.field(
        default=None, description="LIVE, or DAILY for what is computed of everybody at once."
    )
    zone: str | None = strawberry.field(default=None, description="The time zone of its days; the deployment's.")
    keep_old: bool | None = False
    draft: bool | None = strawberry.field(default=False, description="Saved only; `resumeTag` begins to compute it.")
    reason: str | None = strawberry.field(default=None, description="Why; kept with the version.")
    private: bool = strawberry.field(default=False, description="For you alone, until `shareTag`.")


@strawberry.input(description='What is left out stays as it is; "" takes a category or a zone away.')
class UpdateTagInput:
    name: str | None = None
    definition: TagDefinitionInput | None = None
    category: str | None = None
    mode: TagMode | None = None
    zone: str | None = None
    keep_old: bool | None = None
    reason: str | None = strawberry.field(default=None, description="Why; kept with the version, if it is a new one.")


@strawberry.input
class TagValueRow:
    id: str = strawberry.field(description="A value of the identifier, or of the attribute.")
    value: JSON | None = strawberry.field(
        default=None, description="Of the tag's type, or a text that spells one; nothing to `REMOVE`."
    )


@strawberry.input(description="Values for whoever has an identifier, or a value of an attribute.")
class ImportTagValuesInput:
    key: str = strawberry.field(description="Of a tag of kind `IMPORTED`.")
    rows: list[TagValueRow] = strawberry.field(description="At most 10,000.")
    identifier: str | None = strawberry.field(
        default=None, description="The namespace that the ids of rows are of: `email`, `phone`, `user_id`, …"
    )
    attribute: str | None = strawberry.field(default=None, description="Or the attribute that they are values of.")
    mode: ImportMode = ImportMode.ADD
    dry_run: bool = False


def wanted_of(given: ImportTagValuesInput) -> Wanted:
    """The import that an input asks for."""
    rows = [Row(row.id, row.value) for row in given.rows]
    return Wanted(given.key, given.identifier, given.attribute, rows, given.mode, given.dry_run)


def edit_of(given: CreateTagInput | UpdateTagInput) -> Edit:
    """The change that an input asks for."""
    definition = None if given.definition is None else plain(given.definition)
    assert definition is None or isinstance(definition, dict)
    return Edit(
        name=given.name,
        category=given.category,
        mode=None if given.mode is None else given.mode.value,
        zone=given.zone,
        keep_old=given.keep_old,
        definition=definition,
        reason=given.reason,
    )
