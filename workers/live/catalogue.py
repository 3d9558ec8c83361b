"""The rules that are evaluated live, indexed by what can change their answer. Pure but for `load`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from graph.client import Transaction
from graph.repositories import live as repository
from graph.repositories.live import StoredRule
from rules.compiled import Node, compiled
from rules.facts import Facts
from rules.needs import Needs, earliest, needs, order_by_dependency
from rules.parser import parse_rule
from rules.tree import Rule

# Attributes that are identifiers; facts get them by decryption.
READABLE_IDENTIFIERS = ("email", "phone")

# Before every event.
SINCE_EVER_MS = -(2**62)


# Compared by identity: one object a rule and catalogue, on a hot path.
@dataclass(frozen=True, slots=True, eq=False)
class LiveRule:
    """A segment's rule, ready to run. `order` is its place in the order of dependencies."""

    key: str
    version: int
    rule: Rule
    node: Node
    needs: Needs
    order: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All live rules at one version of the catalogue.

    Args:
        version: value of the counter that every rule change counts up.
        at_creation: rules that hold for a customer of whom nothing is known: to evaluate for each new one.
        with_properties: event name → properties that rules read.
        lists: keys of the rules that read imported lists.
    """

    version: int
    zone: ZoneInfo
    rules: Mapping[str, LiveRule]
    by_event: Mapping[str, tuple[str, ...]]
    by_attribute: Mapping[str, tuple[str, ...]]
    by_tag: Mapping[str, tuple[str, ...]]
    dependents: Mapping[str, tuple[str, ...]]
    at_creation: tuple[str, ...]
    with_properties: Mapping[str, frozenset[str]]
    reads_identifiers: bool
    lists: frozenset[str] = frozenset()
    _since: dict[int, Mapping[str, int]] = field(default_factory=dict, repr=False, compare=False)

    def since(self, from_ms: int) -> Mapping[str, int]:
        """Event name → the time (ms) that an event must be newer than to count for any rule at `from_ms` or later."""
        found = self._since.get(from_ms)
        if found is None:
            oldest: dict[str, int] = {}
            for rule in self.rules.values():
                for name, at_ms in earliest(rule.rule, from_ms, self.zone).items():
                    after_ms = SINCE_EVER_MS if at_ms is None else at_ms - 1
                    oldest[name] = min(after_ms, oldest.get(name, after_ms))
            # Callers ask for few instants (`facts.reach`), the newest again and again.
            self._since.clear()
            found = self._since[from_ms] = oldest
        return found

    def touched_by(
        self, events: Iterable[str], attributes: Iterable[str], created: bool, tags: Iterable[str] = ()
    ) -> set[str]:
        """Keys of the rules whose answer may change, related rules included."""
        keys: set[str] = set(self.at_creation) if created else set()
        for name in events:
            keys.update(self.by_event.get(name, ()))
        for name in attributes:
            keys.update(self.by_attribute.get(name, ()))
        for tag in tags:
            keys.update(self.by_tag.get(tag, ()))
        return self.with_related(keys)

    def with_related(self, keys: Collection[str]) -> set[str]:
        """The keys, all rules that read one of these segments, and all that one of these reads, through any others.

        A segment that a rule reads is brought up to date with it: time may have changed it since the last sweep.
        """
        found = set(keys)
        waiting = list(keys)
        while waiting:
            key = waiting.pop()
            rule = self.rules.get(key)
            for related in (*self.dependents.get(key, ()), *(rule.needs.segments if rule else ())):
                if related not in found:
                    found.add(related)
                    waiting.append(related)
        return found

    def in_order(self, keys: Collection[str]) -> list[LiveRule]:
        """Rules so that each comes after those whose segments it reads; unknown keys are left out."""
        rules = self.rules
        return sorted((rules[key] for key in keys if key in rules), key=lambda rule: rule.order)

    def events_of(self, keys: Iterable[str]) -> set[str]:
        """Names of the events that these rules read; unknown keys are left out."""
        rules = self.rules
        return {name for key in keys if key in rules for name in rules[key].needs.events}

    def needs_event(self, name: str) -> bool:
        """Whether any rule reads events of that name."""
        return name in self.by_event


@dataclass(slots=True)
class _Index:
    entries: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, key: str) -> None:
        self.entries.setdefault(name, []).append(key)

    def frozen(self) -> dict[str, tuple[str, ...]]:
        return {name: tuple(keys) for name, keys in self.entries.items()}


def build(version: int, stored: Sequence[StoredRule], zone: ZoneInfo, now_ms: int) -> Catalogue:
    """Index stored rules. Pure.

    Raises:
        BadInput: a stored rule that the parser refuses, which saving prevents.
    """
    parsed = {rule.key: parse_rule(json.loads(rule.rule)) for rule in stored}
    order = {key: place for place, key in enumerate(order_by_dependency(parsed))}
    rules = {
        rule.key: LiveRule(
            key=rule.key,
            version=rule.version,
            rule=parsed[rule.key],
            node=compiled(parsed[rule.key]),
            needs=needs(parsed[rule.key]),
            order=order[rule.key],
        )
        for rule in stored
    }
    by_event, by_attribute, by_tag, dependents = _Index(), _Index(), _Index(), _Index()
    properties: dict[str, set[str]] = {}
    for key, rule in rules.items():
        for name, read in rule.needs.events.items():
            by_event.add(name, key)
            properties.setdefault(name, set()).update(read)
        for name in rule.needs.attributes:
            by_attribute.add(name, key)
        for tag in rule.needs.tags:
            by_tag.add(tag, key)
        for segment in rule.needs.segments:
            dependents.add(segment, key)
    nothing = Facts()
    return Catalogue(
        version=version,
        zone=zone,
        rules=rules,
        by_event=by_event.frozen(),
        by_attribute=by_attribute.frozen(),
        by_tag=by_tag.frozen(),
        dependents=dependents.frozen(),
        at_creation=tuple(key for key, rule in rules.items() if rule.node.holds(nothing, now_ms, zone)),
        with_properties={name: frozenset(read) for name, read in properties.items() if read},
        reads_identifiers=any(name in by_attribute.entries for name in READABLE_IDENTIFIERS),
        lists=frozenset(key for key, rule in rules.items() if rule.needs.lists),
    )


async def load(tx: Transaction, version: int, zone: ZoneInfo, now_ms: int) -> Catalogue:
    """Read all rules inside a transaction that saw this catalogue version."""
    return build(version, await repository.get_catalogue(tx), zone, now_ms)
