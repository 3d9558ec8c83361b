"""Calls that show identifiers by short names, at seconds of one day."""

from __future__ import annotations

from collections.abc import Mapping

from base.clock import iso

T0_MS = 1_767_225_600_000  # 2026-01-01


def sighting(
    number: int,
    *,
    at: int | None = None,
    kind: str = "identify",
    traits: Mapping[str, object] | None = None,
    group: str | None = None,
    verified: bool = True,
    **identifiers: str,
) -> dict[str, object]:
    """A call with the message id `m<number>`, `at` seconds (its number, if not given) after the start of the year.

    Args:
        group: that a group call names.
        identifiers: member, cookie, device, email, phone, or a namespace with `__` for its colon.
    """
    made: dict[str, object] = {
        "type": kind,
        "messageId": f"m{number}",
        "timestamp": iso(T0_MS + (number if at is None else at) * 1000),
    }
    if kind == "track":
        made["event"] = "Seen"
    elif traits:
        made["traits"] = dict(traits)
    if group is not None:
        made |= {"type": "group", "groupId": group}
    context: dict[str, object] = {}
    external = []
    for name, value in identifiers.items():
        match name:
            case "member":
                made["userId"] = value
            case "cookie":
                made["anonymousId"] = value
            case "device":
                context["device"] = {"id": value}
            case _:
                external.append({"type": name.replace("__", ":"), "id": value})
    context["externalIds"] = external
    if not verified:
        context["verified"] = False
    if "userId" not in made and "anonymousId" not in made:
        # A call needs one of the two; a placeholder is no identifier.
        made["anonymousId"] = "undefined"
    return made | {"context": context}
