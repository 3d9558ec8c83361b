"""One call of a stream: as data, as the body of a tracking call, and with the identifiers that ingest makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from base.clock import iso
from ingest.calls import DEFAULT_REGION
from ingest.identifiers import IDENTIFIER_TRAITS, BlockedIdentifier, Extracted, SeenIdentifier
from ingest.namespaces import ANONYMOUS_ID, DEVICE_ID, USER_ID
from ingest.normalising import normalise

EVENT = "Product Viewed"


class Scene(StrEnum):
    """Where a call was made."""

    OWN = "own device"
    WECHAT = "WeChat"
    TABLET = "household tablet"
    KIOSK = "kiosk"
    FORM = "form"


class Mark(StrEnum):
    """What is special about an identifier, the most telling first."""

    RECYCLED = "recycled phone"
    OTHERS_EMAIL = "unverified e-mail of somebody else"
    MISTYPED = "mistyped e-mail"
    KIOSK = "kiosk"
    TABLET = "household tablet"
    VISITOR = "visitor who never says who he is"
    NO_LOG_IN = "device without a log-in"
    COOKIE = "cookie without a log-in"
    UNBOUND = "WeChat account that was never bound"
    UNCONFIRMED = "own e-mail, never confirmed"


@dataclass(frozen=True, slots=True)
class Record:
    """One call.

    Args:
        at_ms: when it happened.
        identifiers: as the client wrote them, placeholders included.
        person: number of the person who did it; None for nobody known at a kiosk.
    """

    message_id: str
    at_ms: int
    kind: Literal["identify", "track"]
    identifiers: tuple[SeenIdentifier, ...]
    person: int | None
    scene: Scene


@dataclass(frozen=True, slots=True)
class Truth:
    """Whose the identifiers are; keys are `uid_of` normalised values.

    Args:
        owners: who has it in the end. What is of nobody, or of several at once (kiosks, tablets, typing errors), is
            not in it.
        marks: what is special, where anything is.
    """

    owners: Mapping[str, int]
    marks: Mapping[str, Mark]


def uid_of(namespace: str, value: str) -> str:
    """One text for a normalised identifier."""
    return f"{namespace}|{value}"


def call(record: Record) -> dict[str, object]:
    """The call of the tracking API that says the same."""
    traits: dict[str, object] = {}
    context: dict[str, object] = {}
    external: list[dict[str, object]] = []
    body: dict[str, object] = {
        "type": record.kind,
        "messageId": record.message_id,
        "timestamp": iso(record.at_ms),
        "context": context,
    }
    for namespace, value, verified in record.identifiers:
        if namespace == USER_ID:
            body["userId"] = value
        elif namespace == ANONYMOUS_ID:
            body["anonymousId"] = value
        elif namespace == DEVICE_ID:
            context["device"] = {"id": value}
        elif namespace in IDENTIFIER_TRAITS:
            traits[namespace] = value
            if not verified:
                context["verified"] = False
        else:
            external.append({"type": namespace, "id": value})
    if external:
        context["externalIds"] = external
    if record.kind == "identify":
        body["traits"] = traits
    else:
        body["event"] = EVENT
        if traits:
            context["traits"] = traits
    return body


def extracted(record: Record, region: str = DEFAULT_REGION) -> Extracted:
    """The usable identifiers of a call, normalised, and the blocked ones, as ingest finds them in `call(record)`."""
    seen: dict[tuple[str, str], SeenIdentifier] = {}
    blocked: list[BlockedIdentifier] = []
    for namespace, text, verified in record.identifiers:
        value, reason = normalise(namespace, text, region)
        if reason is None:
            seen.setdefault((namespace, value), SeenIdentifier(namespace, value, verified))
        else:
            blocked.append(BlockedIdentifier(namespace, text, reason))
    return Extracted(tuple(seen.values()), tuple(blocked))
