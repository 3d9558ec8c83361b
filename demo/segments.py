"""The demonstration's segments: made once, waited for, and counted again straight from the file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec
from rich.console import Console
from rich.table import Table

from base.errors import BadInput, ErrorCode, KithError
from demo.cdnow import ORDER_COMPLETED, Order, by_customer
from demo.service import Service

REGULARS = "cdnow-regulars"
BIG_SPENDERS = "cdnow-big-spenders"
LAPSED = "cdnow-lapsed-regulars"
QUICK = "demo-quick-buyers"
WINDOW_S = 10
POLL_S = 0.5

_LAST_QUARTER = (date(1998, 4, 1), date(1998, 7, 1))

_CREATE = """mutation ($input: CreateSegmentInput!) {
  createSegment(input: $input) { __typename ... on ValidationError { message hint } }
}"""
_STATE = "query ($key: String!) { segment(key: $key) { status progress count lastError } }"


class SegmentState(msgspec.Struct, frozen=True, rename="camel"):
    """What a segment says of itself; `progress` (0 to 1) is that of the build under way."""

    status: str
    progress: float
    count: int
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A segment to be made.

    Args:
        holds: the same question in Python, of one customer's orders; None where the file cannot answer it.
    """

    key: str
    name: str
    rule: Mapping[str, object]
    holds: Callable[[Sequence[Order]], bool] | None = None


def _is_regular(orders: Sequence[Order]) -> bool:
    return len(orders) >= 5


def _is_lapsed(orders: Sequence[Order]) -> bool:
    return _is_regular(orders) and not any(_LAST_QUARTER[0] <= order.on < _LAST_QUARTER[1] for order in orders)


def _spent_much(orders: Sequence[Order]) -> bool:
    # In cents: a sum of 500.00 must not become 500.00000000000006.
    return sum(round(order.total * 100) for order in orders) > 50_000


PLANS = (
    Plan(REGULARS, "Bought at least 5 times", {"event": {"name": ORDER_COMPLETED, "values": [5]}}, _is_regular),
    Plan(
        BIG_SPENDERS,
        "Spent more than 500 in total",
        {
            "event": {
                "name": ORDER_COMPLETED,
                "measure": {"kind": "SUM", "property": "total"},
                "op": "GT",
                "values": [500],
            }
        },
        _spent_much,
    ),
    Plan(
        LAPSED,
        "Regulars without a late order",
        {
            "all": [
                {"segment": REGULARS},
                {
                    "event": {
                        "name": ORDER_COMPLETED,
                        "op": "EQ",
                        "values": [0],
                        "window": {
                            "between": {"from": f"{_LAST_QUARTER[0]}T00:00:00Z", "to": f"{_LAST_QUARTER[1]}T00:00:00Z"}
                        },
                    }
                },
            ]
        },
        _is_lapsed,
    ),
    Plan(
        QUICK,
        f"Bought twice within {WINDOW_S} s",
        {"event": {"name": ORDER_COMPLETED, "values": [2], "window": {"last": f"PT{WINDOW_S}S"}}},
    ),
)


async def create_segments(service: Service, console: Console) -> None:
    """Create those segments that are not there yet, and wait until all are live."""
    console.print("\n[bold]2. Segments[/bold]")
    for plan in PLANS:
        if await _find(service, plan.key) is None:
            await _create(service, plan)
    with console.status("   building"):
        for plan in PLANS:
            await _wait_until_live(service, plan.key)


async def show_segments(service: Service, orders: Sequence[Order], console: Console) -> None:
    """Print the counts beside those taken from the file itself."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("   segment", ""):
        table.add_column(heading, no_wrap=True)
    for heading in ("members", "in the file"):
        table.add_column(heading, justify="right", no_wrap=True)
    more = False
    for plan in PLANS:
        state = await _find(service, plan.key)
        count = state.count if state else 0
        expected = count_in_file(plan, orders)
        more |= expected is not None and count > expected
        table.add_row(f"   {plan.key}", plan.name, f"{count:,}", "" if expected is None else f"{expected:,}")
    console.print(table)
    if more:
        console.print("   Members above the file's count were loaded by an earlier run with other customers.")


def count_in_file(plan: Plan, orders: Iterable[Order]) -> int | None:
    """How many customers of these orders the plan holds for; None when the file does not say."""
    if plan.holds is None:
        return None
    return sum(plan.holds(theirs) for theirs in by_customer(orders).values())


async def _find(service: Service, key: str) -> SegmentState | None:
    return await service.ask(_STATE, SegmentState | None, key=key)  # type: ignore[arg-type]


async def _create(service: Service, plan: Plan) -> None:
    variables = {"key": plan.key, "name": plan.name, "rule": plan.rule}
    answer = await service.ask(_CREATE, dict[str, str | None], input=variables)
    if answer["__typename"] == "ValidationError":
        raise BadInput(f"The segment {plan.key} was refused: {answer['message']}", hint=answer["hint"])


async def _wait_until_live(service: Service, key: str) -> None:
    while (state := await _find(service, key)) is not None and state.status != "LIVE":
        if state.status == "FAILED":
            raise KithError(ErrorCode.INTERNAL, f"The build of {key} failed: {state.last_error}")
        await asyncio.sleep(POLL_S)
