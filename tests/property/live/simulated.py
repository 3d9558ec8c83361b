"""One customer under live evaluation, without a graph: batches and sweeps as the workers run them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from graph.repositories.live import StoredRule, StoredTag
from rules.days import next_day_start
from rules.facts import Facts
from rules.instants import EventRange, TagRange, sweep_ranges
from rules.values import as_time_ms
from workers.live import catalogue as catalogues
from workers.live.catalogue import Catalogue
from workers.live.evaluation import AnyFlip, Flip, TagFlip, Touched, evaluate_customer
from workers.live.state import CustomerState, StoredAttribute

# (name, time in ms, id, properties)
Event = tuple[str, int, str, Mapping[str, object]]
UTC = ZoneInfo("UTC")


def catalogue_of(
    documents: Mapping[str, dict[str, Any]],
    zone: ZoneInfo,
    now_ms: int,
    tags: Mapping[str, dict[str, Any]] | None = None,
) -> Catalogue:
    """A catalogue of rules and of definitions of tags, by key."""
    stored = [StoredRule(key, 1, json.dumps(document), "LIVE") for key, document in documents.items()]
    tagging = [
        StoredTag(key, 1, json.dumps(document), "", None, keep_old=False, on_events=True, building=False)
        for key, document in (tags or {}).items()
    ]
    return catalogues.build(1, stored, zone, now_ms, tagging)


@dataclass
class Simulation:
    """The state that the graph would hold and everything that was told.

    Args:
        swept_ms: up to here the sweep is complete.
        announced_ms: up to here a sweep has said that it will look.
        evaluated_ms: the latest instant of any evaluation.
    """

    catalogue: Catalogue
    swept_ms: int
    announced_ms: int = 0
    evaluated_ms: int = 0
    created: bool = False
    starting: list[tuple[str, int]] = field(default_factory=list)
    flips: list[AnyFlip] = field(default_factory=list)
    state: CustomerState = field(default_factory=lambda: CustomerState("cus", 1, 1, 0))

    def batch(self, now_ms: int, events: Sequence[Event], attributes: Mapping[str, object] | None = None) -> set[str]:
        """What the applier does with a customer's calls; attributes were observed at the batch's own time.

        Returns:
            Keys of the rules that were evaluated.
        """
        touched, attributes = Touched(), attributes or {}
        if not self.created:
            touched.created_ms = min([now_ms, *(at for _, at, _, _ in events)])
            touched.cause = "IDENTITY"
        for name, value in attributes.items():
            self.state.set_attribute(name, StoredAttribute(value, now_ms, "test"))
            touched.attributes[name] = now_ms
        for name, at, key, properties in events:
            if self.catalogue.needs_event(name):
                touched.events.setdefault(at, []).append((name, key))
                self.state.add_event(name, at, properties, key if name in self.catalogue.with_ids else None)
            if at > now_ms:
                self.starting.append((name, at))
        names = {name for name, _, _, _ in events}
        keys = self.catalogue.touched_by(names, attributes, not self.created)
        self.created = True
        if keys:
            self._evaluate(keys, touched, self.swept_ms, now_ms)
            if self.announced_ms > now_ms:
                self._evaluate(keys, Touched(), now_ms, self.announced_ms)
        return keys

    def announce(self, until_ms: int) -> None:
        """The first step of a sweep."""
        self.announced_ms = max(self.announced_ms, until_ms)

    def finish(self) -> None:
        """The rest of the sweep: find whom it concerns, evaluate, store the watermark."""
        after_ms, until_ms = self.swept_ms, self.announced_ms
        keys = self.catalogue.with_related(self._found(after_ms, until_ms))
        if keys and self.created:
            self._evaluate(keys, Touched(), after_ms, until_ms)
        self.swept_ms = until_ms

    def sweep(self, until_ms: int) -> None:
        """A whole sweep with nothing beside it."""
        self.announce(until_ms)
        self.finish()

    def fresh(self, now_ms: int) -> set[str]:
        """The segments that the customer belongs to at an instant, by evaluating every rule anew."""
        return self.anew(now_ms)[0]

    def anew(self, now_ms: int) -> tuple[set[str], dict[str, object]]:
        """(segments, values of tags by key) at an instant, by evaluating everything anew."""
        inside: set[str] = set()
        tags: dict[str, object] = {}
        facts = Facts(self.state.values, self.state.events, inside, tags)
        for rule in self.catalogue.in_order(self.catalogue.rules):
            if rule.tag is not None:
                value = rule.tag.value(facts, now_ms, rule.zone)
                if value is not None:
                    tags[rule.tag.key] = value
            elif rule.node.holds(facts, now_ms, rule.zone):
                inside.add(rule.key)
        return inside, tags

    def _evaluate(self, keys: set[str], touched: Touched, after_ms: int, now_ms: int) -> None:
        self.evaluated_ms = max(self.evaluated_ms, now_ms)
        self.flips += evaluate_customer(self.catalogue, self.state, keys, touched, after_ms, now_ms)

    def _found(self, after_ms: int, until_ms: int) -> set[str]:
        """Rules for which the indexes of events and of attributes that are times name the customer."""
        keys: set[str] = set()
        for key, rule in self.catalogue.rules.items():
            if rule.tag is not None and rule.tag.counts_days and rule.tag.key in self.state.tag_values:
                keys.update([key] if next_day_start(after_ms, rule.zone) <= until_ms else [])
            for part in sweep_ranges(rule.rule, after_ms, until_ms, rule.zone):
                if isinstance(part, EventRange):
                    history = self.state.events.get(part.name)
                    times = history.at_ms if history else []
                else:
                    values = self.state.tag_values if isinstance(part, TagRange) else self.state.values
                    value = values.get(part.name)
                    instant = as_time_ms(value) if isinstance(value, str) else None
                    times = [] if instant is None else [instant]
                if any(part.from_ms < at <= part.to_ms for at in times):
                    keys.add(key)
        for name, at in self.starting:
            if after_ms < at <= until_ms:
                keys.update(self.catalogue.by_event.get(name, ()))
        return keys


def assert_alternating(flips: Sequence[AnyFlip]) -> None:
    """A segment's changes alternate, beginning with an entry; sequences count; instants never decrease."""
    last: dict[str, Flip] = {}
    for flip in flips:
        if isinstance(flip, TagFlip):
            continue
        before = last.get(flip.segment)
        assert flip.sequence == (1 if before is None else before.sequence + 1)
        assert flip.inside is (before is None or not before.inside)
        assert before is None or flip.at >= before.at
        last[flip.segment] = flip


def told(simulation: Simulation) -> list[tuple[int, int, str, bool]]:
    """The changes as (instant, place of the rule, segment, inside), in the order of their instants."""
    rules = simulation.catalogue.rules
    return sorted(
        (flip.at, rules[flip.segment].order, flip.segment, flip.inside)
        for flip in simulation.flips
        if isinstance(flip, Flip)
    )
