"""Profiles and explanations: how they are asked for, and how they look on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from demo.service import Service

_PROFILE = """query ($namespace: String!, $value: String!) {
  customer(identifier: {namespace: $namespace, value: $value}) {
    id
    identifiers { namespace value }
    attributes { name value }
    segments { segment { key } since }
    events(first: 4) { edges { node { name at properties } } }
  }
}"""
_EXPLAIN = """query ($customer: ID!, $segment: String!) {
  explain(customer: $customer, segment: $segment) { ...node children { ...node children { ...node } } }
}
fragment node on Explanation { kind condition answer value eventIds }"""
MARKS = {True: "✓", False: "✗"}
SHOWN_EVENT_IDS = 2


class Profile(msgspec.Struct, frozen=True):
    """A customer as GraphQL gives it."""

    id: str
    identifiers: list[dict[str, str]]
    attributes: list[dict[str, Any]]
    segments: list[dict[str, Any]]
    events: dict[str, Any]


class Explanation(msgspec.Struct, frozen=True, rename="camel"):
    """One node of a rule and what it says about a customer."""

    kind: str
    condition: dict[str, Any] | None
    answer: bool
    value: Any
    event_ids: list[str]
    children: list[Explanation] = []


async def find_profile(service: Service, namespace: str, value: str) -> Profile | None:
    """The customer who has this identifier; None when nobody has."""
    return await service.ask(_PROFILE, Profile | None, namespace=namespace, value=value)  # type: ignore[arg-type]


async def find_id(service: Service, customer: str) -> str | None:
    """The id that answers for an id: its own, or that of the customer it was merged into."""
    found = await service.ask("query ($id: ID!) { customer(id: $id) { id } }", dict[str, str] | None, id=customer)  # type: ignore[arg-type]
    return found["id"] if found else None


async def explain(service: Service, customer: str, segment: str) -> Explanation:
    """Why a customer is in a segment now, or why not."""
    return await service.ask(_EXPLAIN, Explanation, customer=customer, segment=segment)


def short(customer: str) -> str:
    """An id that fits on a line: its prefix and its last six characters."""
    prefix, _, rest = customer.partition("_")
    return f"{prefix}_…{rest[-6:]}"


def profile_lines(profile: Profile) -> list[str]:
    """A profile, one fact a line."""
    lines = [f"customer     {short(profile.id)}"]
    lines += _titled("identifiers", (f"{one['namespace']} {one['value']}" for one in profile.identifiers))
    lines += _titled("attributes", (f"{one['name']} = {one['value']}" for one in profile.attributes))
    lines += _titled("segments", (f"{one['segment']['key']}, since {one['since']}" for one in profile.segments))
    nodes = (edge["node"] for edge in profile.events["edges"])
    return lines + _titled("last events", (f"{one['at']}  {one['name']}{_amount(one['properties'])}" for one in nodes))


def explanation_lines(explanation: Explanation, indent: str = "") -> Iterator[str]:
    """An explanation as an indented tree, one condition a line."""
    line = f"{indent}{MARKS[explanation.answer]} {_condition(explanation)}"
    if explanation.event_ids:
        shown = ", ".join(short(one) for one in explanation.event_ids[:SHOWN_EVENT_IDS])
        others = len(explanation.event_ids) - SHOWN_EVENT_IDS
        line += f"  because of {shown}" + (f" and {others} more" if others > 0 else "")
    yield line
    for child in explanation.children:
        yield from explanation_lines(child, indent + "  ")


def _titled(title: str, values: Iterator[str]) -> list[str]:
    lines = list(values) or ["none"]
    return [f"{title if number == 0 else '':<12} {line}" for number, line in enumerate(lines)]


def _amount(properties: Mapping[str, Any]) -> str:
    return f"  {properties['total']:.2f} {properties.get('currency', '')}".rstrip() if "total" in properties else ""


def _condition(explanation: Explanation) -> str:
    condition = explanation.condition
    if condition is None:
        return explanation.kind
    leaf = condition[explanation.kind]
    if explanation.kind == "segment":
        return f"in segment {leaf}"
    values = ", ".join(str(value) for value in leaf.get("values", []))
    if explanation.kind == "attribute":
        return f"{leaf['name']} {leaf['op']} {values}".rstrip() + f" (is {explanation.value})"
    measure = leaf.get("measure", {})
    of = " ".join(str(part) for part in (measure.get("kind", "COUNT"), measure.get("property")) if part)
    comparison = f"{leaf.get('op', 'GTE')} {values or 1}"
    return f"{of} of {leaf['name']}{_window(leaf.get('window'))} {comparison} (is {explanation.value})"


def _window(window: Mapping[str, Any] | None) -> str:
    if not window:
        return ""
    ((kind, value),) = window.items()
    if kind == "between":
        return f" from {str(value['from'])[:10]} to {str(value['to'])[:10]}"
    return f" in the {kind} {value}"


def indented(lines: Sequence[str]) -> str:
    """Lines of one block under a numbered heading."""
    return "\n".join(f"   {line}" for line in lines)
