"""Segments and tags as they are when one is saved: what a rule may name, and who uses whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from access.sharing import Viewer
from base.clock import now_ms
from graph.client import Transaction
from graph.repositories import maintenance
from graph.repositories import segment as segment_repository
from graph.repositories import tag as tag_repository
from graph.repositories.maintenance import RecordKind
from graph.repositories.registry import Named
from graph.repositories.segment import DELETING, SegmentRecord
from graph.repositories.tag import DRAFT, OFFLINE, PAUSED, TagRecord
from resolvers.registry.known_names import known_names
from rules.checker import KnownNames, Problem
from rules.keys import KEY, KEY_HINT, TITLE_FAULT, is_title
from rules.needs import named_by, tag_name
from rules.parser import parse_rule
from rules.tags.definition import rule_of, value_type
from rules.tags.parser import parse_definition
from rules.tree import Rule, TagLeaf, leaves_of
from rules.type_problems import ValueType

# An answer names no more users than a person reads.
MAX_SHOWN = 20
# Nobody computes a tag, or keeps a segment up to date, in one of these.
RESTING = (DRAFT, PAUSED, OFFLINE)
# Stands for what whoever asks may not know of.
HIDDEN = "something that you may not see"


@dataclass(frozen=True, slots=True)
class Definitions:
    """Everything that is defined.

    Args:
        rules: of segments by key, and what tags read, by their name as in `rules.needs.named_by`.
        tags: types of tags, by key.
        resting: keys and names of those that stay as they are.
        offline: keys and names of those that are not offered for new use.
        read: names of what the statements of tags by SQL read, by name of the tag.
        hidden: keys and names of those that whoever asks may not know of.
    """

    rules: Mapping[str, Rule]
    tags: Mapping[str, ValueType]
    resting: frozenset[str]
    offline: frozenset[str]
    hidden: frozenset[str]
    read: Mapping[str, frozenset[str]]

    def known(self, name: str, registered: Named) -> KnownNames:
        """What the rule of a segment, or what a tag reads, may name; an offline tag only where it is named already.

        Args:
            name: of the segment or tag, which is there or is to be.
            registered: what the registry says of the attributes, events and properties that the rule names.
        """
        old = self.rules.get(name)
        used = {leaf.key for leaf in leaves_of(old) if isinstance(leaf, TagLeaf)} if old is not None else set()
        segments = {each for each in (*self.rules, name) if ":" not in each} - self.hidden
        tags = {
            key: kind
            for key, kind in self.tags.items()
            if tag_name(key) not in self.hidden and (tag_name(key) not in self.offline or key in used)
        }
        return known_names(registered, segments, self.offline - self.hidden - {name}, tags)

    def users_of(self, name: str) -> list[str]:
        """Names of those whose rules name this segment or tag, ascending."""
        return sorted(
            other
            for other, rule in self.rules.items()
            if other != name and (name in named_by(rule) or name in self.read.get(other, ()))
        )

    def live_users_of(self, name: str) -> list[str]:
        """Those of them that are kept up to date."""
        return [user for user in self.users_of(name) if user not in self.resting]

    def shown(self, names: Sequence[str]) -> str:
        """Names as an error says them: tags as `tag:key`, segments by key; those that are hidden without a name."""
        seen = [name for name in names if name not in self.hidden]
        return shown(seen) if len(seen) == len(names) else ", ".join([*filter(None, [shown(seen)]), HIDDEN])

    def way(self, cycle: Sequence[str]) -> str:
        """The way on which something comes back to itself."""
        return " → ".join(HIDDEN if name in self.hidden else name for name in cycle)


def shown(names: Sequence[str]) -> str:
    """Names as an error says them, the first of many."""
    return ", ".join(names[:MAX_SHOWN]) + (" …" if len(names) > MAX_SHOWN else "")


async def read_definitions(tx: Transaction, viewer: Viewer) -> Definitions:
    """Everything that is defined, as a transaction sees it that holds the catalogue's lock.

    Args:
        viewer: who asks.
    """
    rules: dict[str, Rule] = {}
    tags: dict[str, ValueType] = {}
    status: dict[str, str] = {}
    hidden: set[str] = set()
    read: dict[str, frozenset[str]] = {}
    for segment in await segment_repository.list_rules(tx):
        if segment.status != DELETING:
            rules[segment.key] = parse_rule(msgspec.json.decode(segment.rule))
            status[segment.key] = segment.status
            if not viewer.sees(segment.sharing):
                hidden.add(segment.key)
    for tag in await tag_repository.list_all(tx):
        if tag.status != DELETING:
            definition = parse_definition(msgspec.json.decode(tag.definition))
            rules[tag_name(tag.key)] = rule_of(definition)
            tags[tag.key] = value_type(definition)
            status[tag_name(tag.key)] = tag.status
            if tag.reads:
                read[tag_name(tag.key)] = frozenset(_names_of(tag.reads))
            if not viewer.sees(tag.sharing):
                hidden.add(tag_name(tag.key))
    resting = frozenset(name for name, each in status.items() if each in RESTING)
    offline = frozenset(name for name in resting if status[name] == OFFLINE)
    return Definitions(rules, tags, resting, offline, frozenset(hidden), read)


def _names_of(reads: Sequence[str]) -> Iterator[str]:
    """The segments and tags among what a statement reads, as `rules.needs.named_by` names them."""
    for kind, *rest in map(msgspec.json.decode, reads):
        if kind == "segment":
            yield rest[0]
        elif kind == "tag":
            yield tag_name(rest[0])


def key_problems(key: str, what: str) -> list[Problem]:
    """What is wrong with the key of a new segment or tag."""
    return [] if KEY.fullmatch(key) else [Problem("input.key", f"This is no {what} key.", KEY_HINT)]


def name_problems(name: str | None) -> list[Problem]:
    """What is wrong with what it is called; None leaves that as it is."""
    return [] if name is None or is_title(name) else [Problem("input.name", TITLE_FAULT, None)]


async def note(
    tx: Transaction,
    author: str,
    kind: RecordKind,
    thing: SegmentRecord | TagRecord,
    *,
    reason: str | None = None,
    changes: Sequence[str] = (),
    before: str | None = None,
) -> None:
    """Add what was done to a segment or tag to its maintenance record.

    Args:
        thing: as it is now.
        before: its status before, where that may be another one.
    """
    await maintenance.note(
        tx,
        thing.id,
        kind,
        version=thing.version,
        status=thing.status,
        now_ms=now_ms(),
        author=author,
        reason=reason,
        changes=changes,
        status_before=before if before != thing.status else None,
    )
