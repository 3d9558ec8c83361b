"""Policies as stored text, and what a new one makes different from an old one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import msgspec

from graph.identity.blocked import BlockedValues
from graph.identity.policy import IdentityPolicy, NamespacePolicy


class PolicyDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored of a policy; its version stands beside it."""

    namespaces: dict[str, NamespacePolicy]
    unverified: NamespacePolicy
    unknown: NamespacePolicy
    blocked: dict[str, BlockedValues]
    source_order: dict[str, tuple[str, ...]]


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(PolicyDocument)


def encode_policy(policy: IdentityPolicy) -> str:
    """JSON; equal policies give equal text, whatever their versions."""
    document = PolicyDocument(
        namespaces=dict(policy.namespaces),
        unverified=policy.unverified,
        unknown=policy.unknown,
        blocked=dict(policy.blocked),
        source_order=dict(policy.source_order),
    )
    return _encoder.encode(document).decode()


def decode_policy(version: int, body: str) -> IdentityPolicy:
    """The policy behind its stored text."""
    found = _decoder.decode(body)
    return IdentityPolicy(version, found.namespaces, found.unverified, found.unknown, found.blocked, found.source_order)


class PolicyStep(StrEnum):
    """What a new policy touches in the graph, in the order in which it is brought up to date.

    ATTRIBUTES: what customers' attributes are; those whose identity changes get theirs again with it.
    BLOCKS: identifiers with values that the lists name, or name no more.
    ORDER: on which of its identifiers a call hangs.
    IDENTITIES: who is who.
    """

    ATTRIBUTES = "ATTRIBUTES"
    BLOCKS = "BLOCKS"
    ORDER = "ORDER"
    IDENTITIES = "IDENTITIES"


@dataclass(frozen=True, slots=True)
class _Shape:
    """What resolution reads of a policy: everything but lists, spelling and trust."""

    namespaces: Mapping[str, NamespacePolicy]
    others: tuple[NamespacePolicy, NamespacePolicy]


def steps_between(policies: Iterable[IdentityPolicy]) -> tuple[PolicyStep, ...]:
    """What has to be brought up to date for the last of some policies in their order, of which the first is done.

    What one in between began is not undone by a later one that takes its change back, so each change counts.
    """
    needed: set[PolicyStep] = set()
    for old, new in pairwise(policies):
        if old.blocked != new.blocked:
            needed.add(PolicyStep.BLOCKS)
        if _shape(old) != _shape(new):
            needed.add(PolicyStep.IDENTITIES)
            if _ranks(old) != _ranks(new):
                needed.add(PolicyStep.ORDER)
        if old.source_order != new.source_order:
            needed.add(PolicyStep.ATTRIBUTES)
    return tuple(step for step in PolicyStep if step in needed)


def shares_otherwise(policies: Iterable[IdentityPolicy]) -> bool:
    """Whether an identifier that is shared under one of these policies may be shared no more under the next."""

    def what_counts(policy: IdentityPolicy) -> list[tuple[str, int | None, bool]]:
        others = (("?", policy.unknown), ("!", policy.unverified))
        return sorted((name, one.shared_above, one.limit == 1) for name, one in (*policy.namespaces.items(), *others))

    return any(what_counts(old) != what_counts(new) for old, new in pairwise(policies))


def respelled(old: IdentityPolicy, new: IdentityPolicy) -> list[str]:
    """Names of namespaces, `name:*` for families, whose values would be spelled in another way."""
    names = old.namespaces.keys() | new.namespaces.keys()
    return sorted(name for name in names if old.of(name).normalisation is not new.of(name).normalisation)


def _shape(policy: IdentityPolicy) -> _Shape:
    return _Shape(dict(policy.namespaces), (policy.unverified, policy.unknown))


def _ranks(policy: IdentityPolicy) -> dict[str, int]:
    ranks = {name: one.rank for name, one in policy.namespaces.items()}
    return ranks | {"?": policy.unknown.rank, "!": policy.unverified.rank}
