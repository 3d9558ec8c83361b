"""Which identifiers a call names, normalised, without repeats, and what was set aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from graph.identity.policy import DEFAULT, IdentityPolicy
from ingest.faults import IngestCode, Refused
from ingest.limits import MAX_EXTERNAL_IDS
from ingest.namespaces import (
    ANONYMOUS_ID,
    DEVICE_ID,
    EMAIL,
    PHONE,
    USER_ID,
    advertising_namespace,
    parse_namespace,
)
from ingest.normalising import BlockReason, normalise
from ingest.wire import Document, WireCall

# Traits that are identifiers: stored as such, never as attributes.
IDENTIFIER_TRAITS = (EMAIL, PHONE)
# Stands in for a trait of another type than text; the control character makes it invalid in every namespace.
_NOT_TEXT = "\x00"


class SeenIdentifier(NamedTuple):
    """An identifier that a call names. `verified` matters for phone and e-mail alone."""

    namespace: str
    value: str
    verified: bool


class BlockedIdentifier(NamedTuple):
    """A value that a call gave as an identifier and that identifies nobody; it stays as data."""

    namespace: str
    value: str
    reason: BlockReason


class Extracted(NamedTuple):
    """The identifiers of one call, in the order userId, anonymousId, previousId, device, traits, externalIds."""

    identifiers: tuple[SeenIdentifier, ...]
    blocked: tuple[BlockedIdentifier, ...]


def extract(
    call: WireCall, context: Document, traits: Mapping[str, object], region: str, policy: IdentityPolicy = DEFAULT
) -> Extracted:
    """Everything a call says about who it is of.

    Args:
        context: the call's, with the batch's merged in.
        traits: the person's traits (never a group's).
    """
    verified = context.get("verified") is not False
    seen: dict[tuple[str, str], SeenIdentifier] = {}
    blocked: list[BlockedIdentifier] = []
    for namespace, text in _named(call, context, traits):
        if namespace is None:
            blocked.append(BlockedIdentifier("", text, BlockReason.UNKNOWN_NAMESPACE))
            continue
        value, reason = normalise(namespace, text, region, policy)
        if reason is None:
            contact = namespace in IDENTIFIER_TRAITS
            seen.setdefault((namespace, value), SeenIdentifier(namespace, value, verified or not contact))
        else:
            blocked.append(BlockedIdentifier(namespace, text, reason))
    return Extracted(tuple(seen.values()), tuple(blocked))


def find_conflict(identifiers: tuple[SeenIdentifier, ...], policy: IdentityPolicy = DEFAULT) -> str | None:
    """The one-a-person namespace of which a call names two values; None when there is none."""
    if len(identifiers) < 2:
        return None
    found: set[str] = set()
    for namespace, _, _ in identifiers:
        if policy.is_one_a_person(namespace):
            if namespace in found:
                return namespace
            found.add(namespace)
    return None


def check_context(context: Document) -> None:
    """Refuse a context whose parts that name identifiers have the wrong shape; null counts as absent.

    Raises:
        Refused: WRONG_TYPE or TOO_LONG, naming the part.
    """
    for part in ("traits", "device", "os"):
        if not isinstance(context.get(part) or {}, dict):
            raise Refused(IngestCode.WRONG_TYPE, f"Expected `object | null` - at `$.context.{part}`")
    external = context.get("externalIds") or []
    if not isinstance(external, list) or not all(isinstance(one, dict) for one in external):
        raise Refused(IngestCode.WRONG_TYPE, "Expected `array` of `object` - at `$.context.externalIds`")
    if len(external) > MAX_EXTERNAL_IDS:
        raise Refused(IngestCode.TOO_LONG, f"context.externalIds holds at most {MAX_EXTERNAL_IDS} entries")


def id_text(value: object) -> str | None:
    """An id as text, maybe blank: a string, or an integer's digits; None for all else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _named(call: WireCall, context: Document, traits: Mapping[str, object]) -> Iterator[tuple[str | None, str]]:
    for namespace, value in (
        (USER_ID, call.user_id),
        (ANONYMOUS_ID, call.anonymous_id),
        # An id from before the person was known. A second member id could never be joined, so it is not one.
        (ANONYMOUS_ID, call.previous_id),
    ):
        if (text := id_text(value)) is not None:
            yield namespace, text
    if device := context.get("device"):
        if (text := id_text(device.get("id"))) is not None:
            yield DEVICE_ID, text
        if (text := id_text(device.get("advertisingId"))) is not None:
            yield advertising_namespace(device.get("type") or (context.get("os") or {}).get("name")), text
    for namespace in IDENTIFIER_TRAITS:
        if (trait := traits.get(namespace)) is not None:
            # A list or an object is no address, yet counts as one that was given and cannot be used.
            yield namespace, _NOT_TEXT if (text := id_text(trait)) is None else text
    for external in context.get("externalIds") or ():
        text, kind = id_text(external.get("id")), external.get("type")
        if text is not None:
            yield parse_namespace(kind) if isinstance(kind, str) else None, text
