"""What a selection shows of a customer, read ahead: what to load in one statement, and how to write it at once.

TRICKY: the writers here and the resolvers of schema/types/customer.py answer the same fields; a test runs both on the
same selections and compares.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from operator import attrgetter
from typing import TypeAlias, cast

import msgspec
from graphql import FieldNode, FragmentDefinitionNode, GraphQLError, GraphQLField, GraphQLObjectType, get_named_type
from graphql.execution.values import VariableValues, get_argument_values

from base.errors import KithError
from graph.repositories.customer import ProfileNeed
from graph.repositories.event import AFTER_ALL_MS, EventsAsked
from resolvers.context import RequestContext
from resolvers.customers import customers
from resolvers.customers.profiles import Profile
from schema.execution.plain import Write, type_names, write_field, write_list, write_object
from schema.execution.selection import select

# What of a definition cannot change without the catalogue's counter, see DefinitionCatalogue.
STABLE_SEGMENT_FIELDS = frozenset({"id", "key", "name", "rule", "version", "createdAt"})
STABLE_TAG_FIELDS = frozenset(
    {
        "id",
        "key",
        "name",
        "category",
        "kind",
        "valueType",
        "mode",
        "zone",
        "keepOld",
        "version",
        "definition",
        "createdAt",
    }
)

_encode = msgspec.json.Encoder().encode
_shape_numbers = count(1)

Fragments: TypeAlias = Mapping[str, FragmentDefinitionNode]
Part: TypeAlias = tuple[str, Callable[[Profile], object]]


@dataclass(frozen=True, slots=True)
class _Field:
    """One selected field of a customer; `write` is None when it needs GraphQL's own execution."""

    key: str
    name: str
    node: FieldNode
    definition: GraphQLField | None
    write: Write | None


class BoundShape:
    """A selection with one operation's arguments: what to read (`need`), and the rendering of what was read.

    Attributes:
        parts: None when the selection needs GraphQL's own execution.
        pages: the pages of events that it shows.
    """

    __slots__ = ("key", "need", "pages", "parts")

    def __init__(self, key: Hashable, need: ProfileNeed, pages: Sequence[EventsAsked], parts: Sequence[Part] | None):
        self.key = key
        self.need = need
        self.pages = pages
        self.parts = parts

    def write(self, profile: Profile) -> dict[str, object]:
        """The object to be encoded."""
        assert self.parts is not None
        return {key: write(profile) for key, write in self.parts}

    def render(self, profile: Profile) -> bytes:
        """The encoded object."""
        return _encode(self.write(profile))


class ProfileShape:
    """A selection of Customer in one document, whatever its variables."""

    def __init__(self, nodes: Sequence[FieldNode], customer: GraphQLObjectType, fragments: Fragments):
        selection = select(nodes, type_names(customer), fragments)
        self._number = next(_shape_numbers)
        self._fields = [_field(key, same, customer, fragments) for key, same in selection.fields.items()]
        self._plain = not selection.conditional and all(field.write is not None for field in self._fields)
        names = {field.name for field in self._fields}
        self._needs_segments = "segments" in names
        self._needs_tags = "tags" in names
        # The e-mail and phone among the attributes are identifiers.
        self._needs_identifiers = bool(names & {"identifiers", "attributes"})

    def bind(self, context: RequestContext, variables: VariableValues | None) -> BoundShape:
        """The selection with the arguments of one operation."""
        plain = self._plain
        arguments: list[Hashable] = [self._number]
        pages: list[EventsAsked] = []
        parts: list[Part] = []
        for field in self._fields:
            try:
                part, argument = _bound(context, field, variables)
            except (KithError, GraphQLError):
                # GraphQL's own execution meets the same fault and reports it at its place.
                plain = False
                continue
            if isinstance(argument, EventsAsked):
                pages.append(argument)
            arguments.append(argument)
            parts.append((field.key, part))
        first = next((page for page in pages if page.after_ms == AFTER_ALL_MS), None)
        need = ProfileNeed(
            identifiers=self._needs_identifiers,
            segments=self._needs_segments,
            tags=self._needs_tags,
            events=first,
            more_events=tuple(dict.fromkeys(page for page in pages if page != first)),
        )
        return BoundShape(tuple(arguments), need, pages, parts if plain else None)


def _field(key: str, nodes: Sequence[FieldNode], customer: GraphQLObjectType, fragments: Fragments) -> _Field:
    name = nodes[0].name.value
    if name == "__typename":
        return _Field(key, name, nodes[0], None, lambda _profile: customer.name)
    definition = customer.fields[name]
    below = get_named_type(definition.type)
    write: Write | None
    if not isinstance(below, GraphQLObjectType):
        write = write_field(definition, nodes, fragments)
    elif name == "segments":
        write = _write_defined(below, "segment", STABLE_SEGMENT_FIELDS, nodes, fragments)
    elif name == "tags":
        write = _write_defined(below, "tag", STABLE_TAG_FIELDS, nodes, fragments)
    elif name == "events":
        write = write_object(below, nodes, fragments)
    elif name in ("identifiers", "attributes"):
        item = write_object(below, nodes, fragments)
        write = None if item is None else write_list(item)
    else:
        # It has a resolver of its own, which reads when it is asked.
        write = None
    return _Field(key, name, nodes[0], definition, write)


def _write_defined(
    item_type: GraphQLObjectType, of: str, stable: frozenset[str], nodes: Sequence[FieldNode], fragments: Fragments
) -> Write | None:
    """Memberships or values of tags: `of` names the field with the definition, of which stable fields are written."""
    definition = cast("GraphQLObjectType", get_named_type(item_type.fields[of].type))
    read = attrgetter(of)

    def of_definition(same: Sequence[FieldNode]) -> Write | None:
        write = write_object(definition, same, fragments, only=stable)
        return None if write is None else lambda record: write(read(record))

    item = write_object(item_type, nodes, fragments, special={of: of_definition})
    return None if item is None else write_list(item)


def _bound(
    context: RequestContext, field: _Field, variables: VariableValues | None
) -> tuple[Callable[[Profile], object], Hashable]:
    """The field's writer with its arguments, and what tells it from the same field with others."""
    write = field.write or _unwritten
    arguments = (
        get_argument_values(field.definition, field.node, variables)
        if field.definition is not None and field.definition.args
        else {}
    )
    match field.name:
        case "identifiers":
            return lambda profile: write(customers.identifiers(profile)), None
        case "attributes":
            names = arguments.get("names")
            return (
                lambda profile: write(customers.attributes(profile, names)),
                None if names is None else tuple(names),
            )
        case "segments":
            return lambda profile: write(customers.segments(profile)), None
        case "tags":
            return lambda profile: write(customers.tags(profile)), None
        case "events":
            asked = customers.asked_events(
                context,
                arguments.get("names"),
                arguments.get("from"),
                arguments.get("to"),
                arguments["first"],
                arguments.get("after"),
            )
            resumed = arguments.get("after") is not None
            return (
                lambda profile: write(customers.events_page(context, profile.events[asked], asked, resumed=resumed)),
                asked,
            )
        case _:
            return write, None


def _unwritten(_record: object) -> object:
    raise AssertionError("a selection that is not plain was written")
