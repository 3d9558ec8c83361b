"""What is wrong with a policy: where it contradicts itself, or asks for what the resolver cannot keep."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from graph.identity.blocked import whole
from graph.identity.policy import EVERY, VERIFIABLE, Conflict, IdentifierClass, IdentityPolicy, NamespacePolicy
from graph.identity.policy import Normalisation as Spelling
from rules.patterns import BadPattern, compile_pattern
from rules.problems import Problem

MAX_NAMESPACES = 200
MAX_RANK = 99
MAX_LIMIT = 1_000
MAX_SHARED_ABOVE = 1_000
MAX_WINDOW_DAYS = 3_650
MAX_BLOCKED_VALUES = 10_000
MAX_BLOCKED_PATTERNS = 200
MAX_TEXT_CHARS = 256
MAX_ORDERS = 1_000
MAX_SOURCES = 100

# The calls themselves name these; without a policy they could identify nobody.
REQUIRED = ("user_id", "anonymous_id", "device_id", "phone", "email")
_NAME = re.compile(r"[a-z][a-z0-9_.]{0,31}(:(\*|[A-Za-z0-9_.\-]{1,64}))?")
_SPELLINGS = {"phone": Spelling.PHONE, "email": Spelling.EMAIL}


def find_problems(policy: IdentityPolicy) -> list[Problem]:
    """Everything that is wrong with a policy; empty when it can be used."""
    found = [*_counts(policy)]
    for name, one in policy.namespaces.items():
        found += _namespace(f"namespaces.{name}", name, one)
    for where, one in (("unverified", policy.unverified), ("unknown", policy.unknown)):
        found += _numbers(where, one)
        if one.identifier_class not in (IdentifierClass.CONTACT, IdentifierClass.DEVICE):
            found.append(
                Problem(f"{where}.class", "Nobody vouches for these: they cannot name a person.", "Use CONTACT.")
            )
    found += _order_of_classes(policy)
    found += _blocked(policy)
    found += _sources(policy)
    return found


def _counts(policy: IdentityPolicy) -> Iterator[Problem]:
    if len(policy.namespaces) > MAX_NAMESPACES:
        yield Problem("namespaces", f"At most {MAX_NAMESPACES} namespaces.", "Use `name:*` for a family of them.")
    for name in REQUIRED:
        if name not in policy.namespaces:
            yield Problem("removeNamespaces", f"{name} cannot go: the calls of the tracking API name it.", None)


def _namespace(where: str, name: str, one: NamespacePolicy) -> Iterator[Problem]:
    if not _NAME.fullmatch(name):
        yield Problem(where, "This is no name of a namespace.", "For example `loyalty`, `crm:shop` or `crm:*`.")
    yield from _numbers(where, one)
    wanted = _SPELLINGS.get(name)
    if (wanted or one.normalisation) is not one.normalisation or (
        wanted is None and one.normalisation in _SPELLINGS.values()
    ):
        hint = "PHONE is for `phone`, EMAIL for `email`; use TRIM or LOWER_CASE for others."
        yield Problem(f"{where}.normalisation", f"{name} cannot be spelled as {one.normalisation}.", hint)
    if name in VERIFIABLE and one.identifier_class not in (IdentifierClass.PERSON, IdentifierClass.CONTACT):
        yield Problem(f"{where}.class", "A phone and an e-mail are a PERSON or a CONTACT.", None)
    if one.conflict is Conflict.REJECT and one.limit is None:
        yield Problem(f"{where}.conflict", "REJECT needs a limit: without one nothing is in conflict.", "Set limit.")
    if one.conflict is Conflict.REJECT and one.shared_above is not None:
        hint = "Leave sharedAbove empty, or let the newest win."
        yield Problem(f"{where}.sharedAbove", "Identifiers whose conflicts are rejected are never shared.", hint)


def _numbers(where: str, one: NamespacePolicy) -> Iterator[Problem]:
    for name, value, most in (
        ("rank", one.rank, MAX_RANK),
        ("limit", one.limit, MAX_LIMIT),
        ("sharedAbove", one.shared_above, MAX_SHARED_ABOVE),
        ("windowDays", one.window_days, MAX_WINDOW_DAYS),
    ):
        if value is not None and not 1 <= value <= most:
            yield Problem(f"{where}.{name}", f"A number from 1 to {most} is needed.", None)


def _order_of_classes(policy: IdentityPolicy) -> Iterator[Problem]:
    """A class that ranks before a stronger one would let a device decide who a member is."""
    ranked = [(f"namespaces.{name}", one) for name, one in policy.namespaces.items()]
    ranked += [("unverified", policy.unverified), ("unknown", policy.unknown)]
    by_class = {
        kind: [(one.rank, where) for where, one in ranked if one.identifier_class is kind] for kind in IdentifierClass
    }
    present = [(kind, ranks) for kind, ranks in by_class.items() if ranks]
    for (stronger, before), (weaker, after) in pairwise(present):
        weakest, strongest = max(before), min(after)
        if weakest[0] >= strongest[0]:
            yield Problem(
                f"{strongest[1]}.rank",
                f"Every {weaker} ranks after every {stronger}; {strongest[1]} has {strongest[0]}, "
                f"{weakest[1]} has {weakest[0]}.",
                "Ranks go PERSON, ACCOUNT, CONTACT, DEVICE; 1 is the strongest.",
            )


def _blocked(policy: IdentityPolicy) -> Iterator[Problem]:
    for name, one in policy.blocked.items():
        where = f"blocked.{name}"
        if name != EVERY and not _NAME.fullmatch(name):
            yield Problem(where, "This is no name of a namespace.", f"`{EVERY}` stands for all.")
        if len(one.values) > MAX_BLOCKED_VALUES or len(one.patterns) > MAX_BLOCKED_PATTERNS:
            most = f"At most {MAX_BLOCKED_VALUES} values and {MAX_BLOCKED_PATTERNS} patterns a namespace."
            yield Problem(where, most, "Patterns can stand for many values.")
        elif any(len(text) > MAX_TEXT_CHARS for text in (*one.values, *one.patterns)):
            yield Problem(where, f"Values and patterns have at most {MAX_TEXT_CHARS} characters.", None)
        else:
            yield from _patterns(f"{where}.patterns", one.patterns)


def _patterns(where: str, patterns: Sequence[str]) -> Iterator[Problem]:
    for number, pattern in enumerate(patterns):
        try:
            # Alone first: `a)(b` is whole only between the brackets of another.
            compile_pattern(pattern)
            matches = compile_pattern(whole(pattern))
        except BadPattern as fault:
            yield Problem(f"{where}.{number}", f"RE2 does not take this pattern: {fault}.", None)
            continue
        if all(matches(text) for text in ("m-4711", "li.lei@example.com", "+8613912345678")):
            yield Problem(f"{where}.{number}", "This pattern blocks every value.", "It has to match the whole value.")
    if patterns:
        try:
            compile_pattern(whole(*patterns))
        except BadPattern as fault:
            yield Problem(where, f"The patterns are too much together: {fault}.", "Use fewer or shorter ones.")


def _sources(policy: IdentityPolicy) -> Iterator[Problem]:
    if len(policy.source_order) > MAX_ORDERS:
        yield Problem("sourceOrder", f"At most {MAX_ORDERS} attributes with an order of their own.", None)
    for name, order in policy.source_order.items():
        where = f"sourceOrder.{name}"
        if not name or len(name) > MAX_TEXT_CHARS:
            yield Problem(where, f"An attribute's name has 1 to {MAX_TEXT_CHARS} characters.", None)
        if len(order) > MAX_SOURCES or any(not 1 <= len(source) <= MAX_TEXT_CHARS for source in order):
            yield Problem(where, f"At most {MAX_SOURCES} sources, of 1 to {MAX_TEXT_CHARS} characters.", None)
        if len(set(order)) != len(order):
            yield Problem(where, "A source stands in the order once.", None)
