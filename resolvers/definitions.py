"""Segments and tags as they are when one is saved: what a rule may name, and who uses whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from graph.client import Transaction
from graph.repositories import segment as segment_repository
from graph.repositories import tag as tag_repository
from graph.repositories.segment import DELETING
from graph.repositories.tag import OFFLINE
from rules.checker import KnownNames
from rules.needs import named_by, tag_name
from rules.parser import parse_rule
from rules.tags.definition import rule_of, value_type
from rules.tags.parser import parse_definition
from rules.tree import Rule, TagLeaf, leaves_of
from rules.type_problems import ValueType

# An answer names no more users than a person reads.
MAX_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Definitions:
    """Everything that is defined.

    Args:
        rules: of segments by key, and what tags read, by their name as in `rules.needs.named_by`.
        tags: types of tags, by key.
        offline: keys of tags that are not offered for new use.
    """

    rules: Mapping[str, Rule]
    tags: Mapping[str, ValueType]
    offline: frozenset[str]

    def known(self, name: str) -> KnownNames:
        """What the rule of a segment, or what a tag reads, may name; an offline tag only where it is named already.

        Args:
            name: of the segment or tag, which is there or is to be.
        """
        old = self.rules.get(name)
        used = {leaf.key for leaf in leaves_of(old) if isinstance(leaf, TagLeaf)} if old is not None else set()
        segments = {each for each in (*self.rules, name) if ":" not in each}
        tags = {key: of_type for key, of_type in self.tags.items() if key not in self.offline or key in used}
        return KnownNames(segments=segments, tags=tags)

    def users_of(self, name: str) -> list[str]:
        """Names of those whose rules name this segment or tag, ascending."""
        return sorted(other for other, rule in self.rules.items() if other != name and name in named_by(rule))


async def read_definitions(tx: Transaction) -> Definitions:
    """Everything that is defined, as a transaction sees it that holds the catalogue's lock."""
    rules = {
        each.key: parse_rule(msgspec.json.decode(each.rule))
        for each in await segment_repository.list_rules(tx)
        if each.status != DELETING
    }
    tags: dict[str, ValueType] = {}
    offline: set[str] = set()
    for record in await tag_repository.list_all(tx):
        if record.status == DELETING:
            continue
        definition = parse_definition(msgspec.json.decode(record.definition))
        rules[tag_name(record.key)] = rule_of(definition)
        tags[record.key] = value_type(definition)
        if record.status == OFFLINE:
            offline.add(record.key)
    return Definitions(rules, tags, frozenset(offline))


def shown(users: Sequence[str]) -> str:
    """Users as an error names them: tags as `tag:key`, segments by key."""
    return ", ".join(users[:MAX_SHOWN]) + (" …" if len(users) > MAX_SHOWN else "")
