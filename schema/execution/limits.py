"""What a document may ask for, checked before validation: its rules take quadratic time on some documents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from base.errors import BadInput

# A 360° profile has about 100. Parsing takes about 10 µs a token, so this bounds what a request can cost before it is
# known to be too much; long rules and lists of values belong into variables.
MAX_TOKENS = 2_000
MAX_QUERY_CHARS = 50_000
# node → members → edges → node → events → edges → node → field is 8; introspection by tools goes to 15.
MAX_DEPTH = 16
MAX_ALIASES = 50
MAX_FIELDS = 500
# The same response key in one selection set: validation compares each pair.
MAX_REPEATS = 10
MAX_FRAGMENTS = 50
MAX_ROOT_FIELDS = 20
MAX_DIRECTIVES = 50
# Brackets of any kind inside each other; the parser recurses on them.
MAX_NESTING = 100

_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*|[{}\[\]()]|[_A-Za-z]\w*|-?\d[\d.eE+-]*|\.{3}|[!$&:=@|"]'
)


@dataclass(slots=True)
class _Counts:
    fields: int = 0
    aliases: int = 0
    directives: int = 0


def check_text(query: str) -> None:
    """Length, tokens and nesting, before the parser, which is slow, sees the text.

    Raises:
        BadInput: beyond a limit.
    """
    if len(query) > MAX_QUERY_CHARS:
        raise _too_much("long", MAX_QUERY_CHARS, "characters")
    depth = count = 0
    for token in _TOKEN.findall(query):
        count += 1
        if token in "{[(":
            depth += 1
            if depth > MAX_NESTING:
                raise _too_much("deeply nested", MAX_NESTING, "brackets inside each other")
        elif token in "}])":
            depth -= 1
    if count > MAX_TOKENS:
        raise _too_much("long", MAX_TOKENS, "words and signs")


def check_document(document: DocumentNode) -> None:
    """Counts and depth, fragments spread out. Time is linear in the document.

    Raises:
        BadInput: beyond a limit.
    """
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    if len(fragments) > MAX_FRAGMENTS:
        raise _too_much("complex", MAX_FRAGMENTS, "fragments")
    counts = _Counts()
    depths: dict[str, int] = {}
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            if len(node.selection_set.selections) > MAX_ROOT_FIELDS:
                raise _too_much("complex", MAX_ROOT_FIELDS, "fields at the top")
            if _depth(node.selection_set, fragments, depths, counts) > MAX_DEPTH:
                raise _too_much("deep", MAX_DEPTH, "levels")


def _depth(
    selection_set: SelectionSetNode | None,
    fragments: Mapping[str, FragmentDefinitionNode],
    depths: dict[str, int],
    counts: _Counts,
    keys: dict[str, int] | None = None,
) -> int:
    if selection_set is None:
        return 0
    deepest = 0
    # An inline fragment's fields stand in the same selection as those around it.
    keys = {} if keys is None else keys
    for node in selection_set.selections:
        counts.directives += len(node.directives or ())
        if counts.directives > MAX_DIRECTIVES:
            raise _too_much("complex", MAX_DIRECTIVES, "directives")
        if isinstance(node, FieldNode):
            _count(node, keys, counts)
            deepest = max(deepest, 1 + _depth(node.selection_set, fragments, depths, counts))
        elif isinstance(node, InlineFragmentNode):
            deepest = max(deepest, _depth(node.selection_set, fragments, depths, counts, keys))
        elif isinstance(node, FragmentSpreadNode):
            name = node.name.value
            keys[name] = keys.get(name, 0) + 1
            if keys[name] > MAX_REPEATS:
                raise _too_much("complex", MAX_REPEATS, "times the same fragment in one selection")
            if name not in depths:
                # Stands for a cycle too, which validation refuses afterwards.
                depths[name] = 0
                fragment = fragments.get(name)
                depths[name] = _depth(fragment.selection_set, fragments, depths, counts) if fragment else 0
            deepest = max(deepest, depths[name])
    return deepest


def _count(node: FieldNode, keys: dict[str, int], counts: _Counts) -> None:
    counts.fields += 1
    if counts.fields > MAX_FIELDS:
        raise _too_much("complex", MAX_FIELDS, "fields")
    if node.alias is not None:
        counts.aliases += 1
        if counts.aliases > MAX_ALIASES:
            raise _too_much("complex", MAX_ALIASES, "aliases")
    key = node.alias.value if node.alias else node.name.value
    keys[key] = keys.get(key, 0) + 1
    if keys[key] > MAX_REPEATS:
        raise _too_much("complex", MAX_REPEATS, "times the same field in one selection")


def _too_much(what: str, limit: int, unit: str) -> BadInput:
    return BadInput(f"The query is too {what}: at most {limit:,} {unit}.", hint="Split it into several requests.")
