"""A micro-batch made ready: calls with their ids, blind indexes and evidence. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import NamedTuple

import msgspec

from base.ids import call_id
from base.keys import Keyring
from graph.identity.evidence import evidence_key
from graph.identity.policy import DEFAULT, IdentityPolicy
from graph.repositories.apply import EvidenceRow, IdentifierRow
from graph.search_tokens import last_four
from ingest.calls import DEFAULT_REGION, Call, Rejected, decode_calls
from ingest.documents import EMPTY
from ingest.strictness import LENIENT

# Ciphertexts of identifiers seen lately, so that a busy visitor's is computed once.
CIPHER_CACHE = 50_000


@dataclass(frozen=True, slots=True)
class Seen:
    """An identifier of a call under its blind index."""

    uid: str
    namespace: str
    verified: bool
    value: str


@dataclass(frozen=True, slots=True)
class PreparedCall:
    """A call with what the graph knows it by.

    Args:
        id: takes effect once under this id.
        seen: its identifiers, strongest first, no repeats.
        evidence: key of the set when it holds two or more identifiers, else None.
        policy: version of the policy of identity under which it was decoded.
        context, extra: JSON of the call's context and of the keys that nobody knows; None when there is nothing.
        blocked: sealed JSON of the values that identify nobody; None when there are none.
    """

    id: str
    call: Call
    seen: tuple[Seen, ...]
    evidence: str | None
    policy: int
    context: str | None
    extra: str | None
    blocked: bytes | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A call with its place in the graph.

    Args:
        uid: the identifier that it hangs on.
        customer: who had that identifier then; None when nobody can: it is blocked.
    """

    prepared: PreparedCall
    uid: str
    customer: str | None


class Decoded(NamedTuple):
    """The calls of a kept request that can be applied, each once, and those that cannot."""

    calls: list[PreparedCall]
    rejected: list[Rejected]


class Preparer:
    """Decodes calls, computes blind indexes and ciphertexts; remembers what it computed lately.

    Args:
        region: two letters, for phones without a country code.
        strictness: what becomes of values of another type than their name's; whoever knows a newer one sets it.
    """

    def __init__(self, keyring: Keyring, region: str = DEFAULT_REGION):
        self.strictness = LENIENT
        self._keyring = keyring
        self._region = region
        self._uid = lru_cache(CIPHER_CACHE)(keyring.uid)
        self._cipher = lru_cache(CIPHER_CACHE)(keyring.seal_display)
        self._last_four = lru_cache(CIPHER_CACHE)(partial(last_four, keyring))
        self._tombstone = lru_cache(CIPHER_CACHE)(keyring.tombstone)

    def decode(
        self, body: bytes, kind: str, received_at_ms: int, source: str, fallback_id: str, policy: IdentityPolicy
    ) -> Decoded:
        """Everything in a kept request, under a policy; see `decode_calls`."""
        decoded = decode_calls(body, kind, received_at_ms, source, fallback_id, region=self._region, policy=policy)
        calls: list[Call] = []
        rejected = decoded.rejected
        for call in decoded.calls:
            found = self.strictness.applied_to(call)
            if isinstance(found, Call):
                calls.append(found)
            else:
                rejected.append(found)
        return Decoded(self.prepare(calls, policy), rejected)

    def again(self, prepared: PreparedCall, policy: IdentityPolicy) -> Decoded:
        """A call that was decoded under another policy, which may have spelled, ordered or blocked otherwise."""
        call = prepared.call
        return self.decode(call.standalone(), call.kind, call.received_at_ms, call.source, call.message_id, policy)

    def prepare(self, calls: Iterable[Call], policy: IdentityPolicy = DEFAULT) -> list[PreparedCall]:
        """Decoded calls by id; a call that is there twice is kept once, the first time."""
        prepared: dict[str, PreparedCall] = {}
        for call in calls:
            key = call_id(call.source, call.message_id)
            if key in prepared:
                continue
            seen = self._seen(call, policy)
            prepared[key] = PreparedCall(
                key,
                call,
                seen,
                _evidence(call, seen),
                policy.version,
                _kept(call.context),
                _kept(call.extra),
                self._blocked(call, key),
            )
        return list(prepared.values())

    def _blocked(self, call: Call, key: str) -> bytes | None:
        if not call.blocked:
            return None
        # Sealed, since a phone number with a typing error identifies nobody and is personal all the same.
        values = [{"namespace": one.namespace, "value": one.value} for one in call.blocked]
        return self._keyring.seal_display(msgspec.json.encode(values).decode(), key)

    def _seen(self, call: Call, policy: IdentityPolicy) -> tuple[Seen, ...]:
        if len(call.identifiers) == 1:
            only = call.identifiers[0]
            return (Seen(self._uid(only.namespace, only.value), only.namespace, only.verified, only.value),)
        by_uid: dict[str, Seen] = {}
        for identifier in call.identifiers:
            uid = self._uid(identifier.namespace, identifier.value)
            known = by_uid.get(uid)
            if known is None or (identifier.verified and not known.verified):
                by_uid[uid] = Seen(uid, identifier.namespace, identifier.verified, identifier.value)
        return tuple(
            sorted(by_uid.values(), key=lambda seen: (policy.of(seen.namespace, seen.verified).rank, seen.uid))
        )

    def graves(self, calls: Iterable[PreparedCall]) -> list[str]:
        """Under what calls and their identifiers are remembered where they were erased, each once."""
        keys = {self._tombstone(seen.uid) for prepared in calls for seen in prepared.seen}
        return [*keys, *(self._keyring.tombstone(prepared.id) for prepared in calls)]

    def was_erased(self, prepared: PreparedCall, erased: Mapping[str, int]) -> bool:
        """Whether this very call was erased.

        Args:
            erased: tombstone → when (ms).
        """
        return self._keyring.tombstone(prepared.id) in erased

    def erased_of(self, prepared: PreparedCall, erased: Mapping[str, int]) -> set[str]:
        """Uids of a call that were erased after it: those of an older call name somebody who is to be forgotten."""
        at_ms = min(prepared.call.at_ms, prepared.call.received_at_ms)
        return {seen.uid for seen in prepared.seen if erased.get(self._tombstone(seen.uid), at_ms - 1) >= at_ms}

    def identifier_rows(self, calls: Iterable[PreparedCall]) -> list[IdentifierRow]:
        """One row an identifier, sorted by uid, with the first and last event time in these calls."""
        rows: dict[str, IdentifierRow] = {}
        for prepared in calls:
            at = prepared.call.at_ms
            for seen in prepared.seen:
                row = rows.get(seen.uid)
                if row is None:
                    rows[seen.uid] = IdentifierRow(
                        uid=seen.uid,
                        namespace=seen.namespace,
                        first_at=at,
                        last_at=at,
                        cipher=self._cipher(seen.value, seen.uid),
                        last_four=self._last_four(seen.namespace, seen.value),
                    )
                elif at < row["first_at"]:
                    row["first_at"] = at
                elif at > row["last_at"]:
                    row["last_at"] = at
        return [rows[uid] for uid in sorted(rows)]


def without(prepared: PreparedCall, uids: Collection[str]) -> PreparedCall:
    """A call that names some identifiers no more; at least one is left."""
    seen = tuple(one for one in prepared.seen if one.uid not in uids)
    return replace(prepared, seen=seen, evidence=_evidence(prepared.call, seen))


def _evidence(call: Call, seen: Sequence[Seen]) -> str | None:
    return evidence_key(call.source, ((one.uid, one.verified) for one in seen)) if len(seen) > 1 else None


def evidence_rows(calls: Iterable[PreparedCall]) -> list[EvidenceRow]:
    """One row an evidence set, sorted by key."""
    rows: dict[str, EvidenceRow] = {}
    for prepared in calls:
        if prepared.evidence is None:
            continue
        at = prepared.call.at_ms
        row = rows.get(prepared.evidence)
        if row is None:
            rows[prepared.evidence] = EvidenceRow(
                key=prepared.evidence,
                source=prepared.call.source,
                first_at=at,
                last_at=at,
                count=1,
                members=[(seen.uid, seen.verified) for seen in prepared.seen],
            )
        else:
            row["count"] += 1
            row["first_at"] = min(row["first_at"], at)
            row["last_at"] = max(row["last_at"], at)
    return [rows[key] for key in sorted(rows)]


def _kept(document: bytes) -> str | None:
    return document.decode() if document != EMPTY else None
