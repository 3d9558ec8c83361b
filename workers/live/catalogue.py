"""The rules that are evaluated live, indexed by what can change their answer. Pure but for `load`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from graph.client import Transaction
from graph.repositories import live as repository
from graph.repositories.live import StoredRule, StoredTag
from rules.compiled import Node, compiled
from rules.facts import Facts
from rules.filters import FactTurns
from rules.needs import Needs, earliest, named_by, needs, order_by_dependency, tag_name
from rules.parser import parse_rule
from rules.tags.compiled import CompiledTag, ValueOf, compile_tag
from rules.tags.definition import Imported, TagKind, counts_days, is_over_everybody, orders_events
from rules.tags.parser import parse_definition
from rules.tree import Rule

# Attributes that are identifiers; facts get them by decryption.
READABLE_IDENTIFIERS = ("email", "phone")

_ASKED = "asked"

# Before every event.
SINCE_EVER_MS = -(2**62)


# Compared by identity: one object a rule and catalogue, on a hot path.
@dataclass(frozen=True, slots=True, eq=False)
class LiveTag:
    """What a tag has beside a rule.

    Args:
        value: computes it.
        keep_old: a value stays when there is none any more.
        on_events: computed whenever something touches it; otherwise by builds alone.
        building: a build is under way, or is to be.
        counts_days: the value changes at every midnight.
        has_stages: a life cycle, of which changes are moves.
        settled: a build of this version came to its end.
    """

    key: str
    value: ValueOf
    keep_old: bool
    counts_days: bool
    on_events: bool
    building: bool
    has_stages: bool
    settled: bool


@dataclass(frozen=True, slots=True, eq=False)
class LiveRule:
    """A segment's rule, or what a tag reads, ready to run.

    Args:
        key: of a segment, or the tag's name as in `rules.needs.named_by`.
        reads: those of these keys and names that it reads.
        order: its place in the order of dependencies.
        turns: when its answer may change while facts stay as they are.
        tag: None for a segment.
    """

    key: str
    version: int
    rule: Rule
    node: Node
    needs: Needs
    reads: frozenset[str]
    zone: ZoneInfo
    order: int
    turns: tuple[FactTurns, ...]
    tag: LiveTag | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All live rules at one version of the catalogue.

    Args:
        version: value of the counter that every rule change counts up.
        rules: segments by key; tags that are computed by their name, as in `rules.needs.named_by`.
        whenever: those of them that are evaluated whenever something touches them: all but tags of builds alone.
        dependents: key or name → who reads it.
        at_creation: rules that hold for a customer of whom nothing is known: to evaluate for each new one.
        with_properties: event name → properties that rules read.
        with_ids: names of events of which the order at one instant matters.
        has_tags: whether there are any, labels included.
        labels: keys of tags that people put on customers.
        stages: keys of tags that are life cycles, whoever computes them.
        compared: keys of tags that are being computed over everybody, with their versions.
        lists: keys of the rules that read imported lists, and `imported`.
        imported: names of tags whose values are imported and hang on identifiers.
    """

    version: int
    zone: ZoneInfo
    rules: Mapping[str, LiveRule]
    whenever: frozenset[str]
    by_event: Mapping[str, tuple[str, ...]]
    by_attribute: Mapping[str, tuple[str, ...]]
    dependents: Mapping[str, tuple[str, ...]]
    at_creation: tuple[str, ...]
    with_properties: Mapping[str, frozenset[str]]
    with_ids: frozenset[str]
    reads_identifiers: bool
    has_tags: bool
    labels: frozenset[str]
    stages: frozenset[str]
    compared: Mapping[str, int]
    lists: frozenset[str]
    imported: frozenset[str]
    _since: dict[int, Mapping[str, int]] = field(default_factory=dict, repr=False, compare=False)

    def since(self, from_ms: int, keys: Collection[str] | None = None) -> Mapping[str, int]:
        """Event name → the time (ms) that an event must be newer than to count for any rule at `from_ms` or later.

        Args:
            keys: of the rules that are asked; None for all that may be touched.
        """
        if keys is not None:
            return self._oldest(from_ms, keys)
        found = self._since.get(from_ms)
        if found is None:
            # Callers ask for few instants (`facts.reach`), the newest again and again.
            self._since.clear()
            found = self._since[from_ms] = self._oldest(from_ms, self.whenever)
        return found

    def _oldest(self, from_ms: int, keys: Iterable[str]) -> Mapping[str, int]:
        oldest: dict[str, int] = {}
        for rule in self.in_order(keys):
            for name, at_ms in earliest(rule.rule, from_ms, rule.zone).items():
                after_ms = SINCE_EVER_MS if at_ms is None else at_ms - 1
                oldest[name] = min(after_ms, oldest.get(name, after_ms))
        return oldest

    def touched_by(self, events: Iterable[str], attributes: Iterable[str], created: bool) -> set[str]:
        """Keys of the rules whose answer may change, related rules included."""
        keys: set[str] = set(self.at_creation) if created else set()
        for name in events:
            keys.update(self.by_event.get(name, ()))
        for name in attributes:
            keys.update(self.by_attribute.get(name, ()))
        return self.with_related(keys)

    def with_related(self, keys: Collection[str]) -> set[str]:
        """The keys, all rules that read one of these, and all that one of these reads, through any others.

        What a rule reads is brought up to date with it: time may have changed it since the last sweep. Tags that
        builds alone compute stay as they are, unless they are among the keys.
        """
        found = set(keys)
        waiting = list(keys)
        while waiting:
            key = waiting.pop()
            rule = self.rules.get(key)
            for related in (*self.dependents.get(key, ()), *(rule.reads if rule else ())):
                if related not in found and related in self.whenever:
                    found.add(related)
                    waiting.append(related)
        return found

    def in_order(self, keys: Iterable[str]) -> list[LiveRule]:
        """Rules so that each comes after those that it reads; unknown keys are left out."""
        rules = self.rules
        return sorted((rules[key] for key in keys if key in rules), key=lambda rule: rule.order)

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


def build(
    version: int, stored: Sequence[StoredRule], zone: ZoneInfo, now_ms: int, tags: Sequence[StoredTag] = ()
) -> Catalogue:
    """Index stored rules and tags. Pure.

    Raises:
        BadInput: a stored rule that the parser refuses, which saving prevents.
    """
    parsed = {rule.key: parse_rule(json.loads(rule.rule)) for rule in stored}
    defined = {tag.key: parse_definition(json.loads(tag.definition)) for tag in tags if tag.is_computed}
    computed = {
        tag_name(tag.key): (tag, compile_tag(defined[tag.key], tag.key))
        for tag in tags
        if tag.is_computed and not is_over_everybody(defined[tag.key])
    }
    parsed |= {name: made.rule for name, (_, made) in computed.items()}
    order = {key: place for place, key in enumerate(order_by_dependency(parsed))}
    rules = {rule.key: _live(rule.key, rule.version, parsed[rule.key], zone, order[rule.key]) for rule in stored}
    for name, (tag, made) in computed.items():
        rules[name] = _live(
            name, tag.version, made.rule, ZoneInfo(tag.zone) if tag.zone else zone, order[name], tag, made
        )
    return _indexed(
        version,
        zone,
        rules,
        now_ms,
        with_ids=frozenset(
            name for _, made in computed.values() if orders_events(made.definition) for name in needs(made.rule).events
        ),
        labels=frozenset(tag.key for tag in tags if tag.kind == TagKind.MANUAL),
        stages=frozenset(tag.key for tag in tags if tag.kind == TagKind.LIFECYCLE),
        compared={tag.key: tag.version for tag in tags if tag.building and is_over_everybody(defined[tag.key])},
        imported=frozenset(name for name, (_, made) in computed.items() if isinstance(made.definition, Imported)),
        has_tags=bool(tags),
    )


def of_question(rule: Rule, zone: ZoneInfo, now_ms: int) -> Catalogue:
    """A catalogue of one rule, which exists for one question only. Pure."""
    rules = {_ASKED: _live(_ASKED, 0, rule, zone, 0)}
    return _indexed(
        0,
        zone,
        rules,
        now_ms,
        with_ids=frozenset(),
        labels=frozenset(),
        stages=frozenset(),
        compared={},
        imported=frozenset(),
        has_tags=False,
    )


def _indexed(
    version: int,
    zone: ZoneInfo,
    rules: Mapping[str, LiveRule],
    now_ms: int,
    *,
    with_ids: frozenset[str],
    labels: frozenset[str],
    stages: frozenset[str],
    compared: Mapping[str, int],
    imported: frozenset[str],
    has_tags: bool,
) -> Catalogue:
    nothing = Facts()
    whenever = {key for key, rule in rules.items() if rule.tag is None or rule.tag.on_events}
    by_event, by_attribute, dependents = _Index(), _Index(), _Index()
    properties: dict[str, set[str]] = {}
    for key, rule in rules.items():
        for name, read in rule.needs.events.items():
            properties.setdefault(name, set()).update(read)
        if key not in whenever:
            continue
        for name in rule.needs.events:
            by_event.add(name, key)
        for name in rule.needs.attributes:
            by_attribute.add(name, key)
        for name in rule.reads:
            dependents.add(name, key)
    return Catalogue(
        version=version,
        zone=zone,
        rules=rules,
        whenever=frozenset(whenever),
        by_event=by_event.frozen(),
        by_attribute=by_attribute.frozen(),
        dependents=dependents.frozen(),
        at_creation=tuple(key for key in rules if key in whenever and _holds_of(rules[key], nothing, now_ms)),
        with_properties={name: frozenset(read) for name, read in properties.items() if read},
        with_ids=with_ids,
        reads_identifiers=any(
            name in rule.needs.attributes for rule in rules.values() for name in READABLE_IDENTIFIERS
        ),
        has_tags=has_tags or any(rule.needs.tags for rule in rules.values()),
        labels=labels,
        stages=stages,
        compared=compared,
        lists=frozenset(key for key, rule in rules.items() if rule.needs.lists) | imported,
        imported=imported,
    )


def _live(
    key: str,
    version: int,
    rule: Rule,
    zone: ZoneInfo,
    order: int,
    tag: StoredTag | None = None,
    made: CompiledTag | None = None,
) -> LiveRule:
    node = compiled(rule)
    return LiveRule(
        key=key,
        version=version,
        rule=rule,
        node=node,
        needs=needs(rule),
        reads=frozenset(named_by(rule)),
        zone=zone,
        order=order,
        turns=node.turns if made is None else made.turns,
        tag=None if tag is None or made is None else _tag(tag, made),
    )


def _tag(tag: StoredTag, made: CompiledTag) -> LiveTag:
    return LiveTag(
        key=tag.key,
        value=made.value,
        keep_old=tag.keep_old,
        counts_days=counts_days(made.definition),
        on_events=tag.on_events,
        building=tag.building,
        has_stages=tag.kind == TagKind.LIFECYCLE,
        settled=tag.settled,
    )


def _holds_of(rule: LiveRule, facts: Facts, now_ms: int) -> bool:
    """Whether a segment has these facts' customer, or a tag has a value for it."""
    if rule.tag is not None:
        return rule.tag.value(facts, now_ms, rule.zone) is not None
    return rule.node.holds(facts, now_ms, rule.zone)


async def load(tx: Transaction, version: int, zone: ZoneInfo, now_ms: int) -> Catalogue:
    """Read all rules and tags inside a transaction that saw this catalogue version."""
    rules, tags = await repository.get_catalogue(tx), await repository.get_tags(tx)
    return build(version, rules, zone, now_ms, tags)
