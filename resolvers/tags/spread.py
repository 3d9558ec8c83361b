"""How the values of a tag are spread, from the columnar store; from the graph where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec
from strawberry import Parent

from base.errors import BadInput, Unavailable
from graph.repositories.tag import TagRecord
from resolvers import counts
from resolvers.context import Info, RequestContext
from rules.tags.definition import Layer, Statistical
from rules.tags.parser import parse_definition
from rules.tags.spread import MAX_BUCKETS, bounds_of
from rules.type_problems import ValueType
from workers.projection.client import Spread

MAX_VALUES_SHOWN = 100
# How long the store may take, since the graph can answer too.
WAIT_S = 4.0


@dataclass(frozen=True, slots=True)
class ValueCount:
    """A value of a tag as encoded JSON, and how many customers have it."""

    value: msgspec.Raw
    count: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many customers have a number from ≤ x < to, the last one with its end; or that lies in a layer."""

    from_: float | None
    to: float | None
    layer: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Distribution:
    """How the values of a tag are spread; `as_of_ms` None for the graph as it is."""

    values: Sequence[ValueCount]
    customers: int
    least: float | None
    greatest: float | None
    average: float | None
    buckets: Sequence[Bucket]
    as_of_ms: int | None


async def values(root: Parent[TagRecord], info: Info, first: int = MAX_VALUES_SHOWN) -> Sequence[ValueCount]:
    """The most frequent values.

    Raises:
        BadInput: more than `MAX_VALUES_SHOWN`.
    """
    _check("first", first, 1, MAX_VALUES_SHOWN)
    return _counts(info.context, root.key, (await _spread(info.context, root, first, 0)).values)


async def distribution(root: Parent[TagRecord], info: Info, values: int = 20, buckets: int = 10) -> Distribution:
    """The most frequent values, and how numbers lie.

    Raises:
        BadInput: more values or buckets than are shown.
    """
    _check("values", values, 1, MAX_VALUES_SHOWN)
    _check("buckets", buckets, 1, MAX_BUCKETS)
    layers = _layers(root)
    # A layer that few customers lie in is shown too.
    wanted = MAX_VALUES_SHOWN if layers else values
    found = await _spread(info.context, root, wanted, buckets if root.value_type == ValueType.NUMBER else 0)
    context, exact = info.context, counts.is_exact(info.context)
    # The least and the greatest are each one person's, and so are the ends of buckets and what moves an average.
    return Distribution(
        values=_counts(context, root.key, found.values[:values]),
        customers=counts.shown(context, found.customers, "tag", root.key),
        least=found.least if exact else None,
        greatest=found.greatest if exact else None,
        average=found.average if exact else None,
        buckets=_of_layers(context, root.key, layers, found)
        if layers
        else _of_numbers(found, buckets)
        if exact
        else [],
        as_of_ms=found.as_of_ms,
    )


async def _spread(context: RequestContext, tag: TagRecord, value_count: int, bucket_count: int) -> Spread:
    services = context.services
    is_list = tag.value_type == ValueType.LIST
    with suppress(Unavailable, TimeoutError):
        async with services.spreads, asyncio.timeout(WAIT_S):
            return await services.columns.spread_tag(
                tag.key, is_list=is_list, value_count=value_count, bucket_count=bucket_count
            )
    counted = [
        (msgspec.json.decode(value), customers)
        for value, customers in await services.tags.count_values(tag.key, value_count)
    ]
    if tag.value_type != ValueType.NUMBER:
        return Spread(
            counted, (await services.tags.count_customers([tag.key])).get(tag.key, 0), None, None, None, (), None
        )
    customers, least, greatest, average = await services.tags.measure_numbers(tag.key)
    parts: Sequence[int] = ()
    if least is not None and greatest is not None and bucket_count:
        parts = await services.tags.count_buckets(tag.key, bounds_of(least, greatest, bucket_count))
    return Spread(counted, customers, least, greatest, average, parts, None)


def _of_numbers(found: Spread, count: int) -> list[Bucket]:
    if found.least is None or found.greatest is None or not found.buckets:
        return []
    edges = [found.least, *bounds_of(found.least, found.greatest, count), found.greatest]
    return [Bucket(edges[place], edges[place + 1], None, customers) for place, customers in enumerate(found.buckets)]


def _of_layers(context: RequestContext, key: str, layers: Sequence[Layer], found: Spread) -> list[Bucket]:
    held = dict(found.values)
    return [
        Bucket(layer.from_, layer.to, layer.value, _shown(context, key, layer.value, held.get(layer.value, 0)))
        for layer in layers
    ]


def _layers(tag: TagRecord) -> tuple[Layer, ...]:
    definition = parse_definition(msgspec.json.decode(tag.definition))
    return definition.layers if isinstance(definition, Statistical) else ()


def _counts(context: RequestContext, key: str, counted: Sequence[tuple[object, int]]) -> list[ValueCount]:
    """Values with their counts; without those of too few customers, whose value itself would tell of them."""
    found = [
        ValueCount(msgspec.Raw(msgspec.json.encode(value)), _shown(context, key, value, customers))
        for value, customers in counted
    ]
    # The order of what is shown must not tell more than its counts.
    return found if counts.is_exact(context) else sorted((one for one in found if one.count), key=_place)


def _place(one: ValueCount) -> tuple[int, bytes]:
    return -one.count, bytes(one.value)


def _shown(context: RequestContext, key: str, value: object, customers: int) -> int:
    return counts.shown(context, customers, "value", key, msgspec.json.encode(value).decode())


def _check(field: str, given: int, least: int, most: int) -> None:
    if not least <= given <= most:
        raise BadInput(f"{least} to {most} {'buckets' if field == 'buckets' else 'values'}.", field=field)
