"""Which media type a client wants its answer in. Source: GraphQL over HTTP, "Media types"."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache


class Media(Enum):
    """What an answer can be."""

    # Request errors are 4xx here; `application/json` keeps the older habit of 200 for everything that was understood.
    GRAPHQL = "application/graphql-response+json; charset=utf-8"
    JSON = "application/json; charset=utf-8"
    EVENTS = "text/event-stream; charset=utf-8"


_OFFERED = {
    "application/graphql-response+json": Media.GRAPHQL,
    "application/json": Media.JSON,
    "text/event-stream": Media.EVENTS,
    # Before 2025-01-01 a client that says nothing is taken for an old one, and the audits still are of then.
    "application/*": Media.JSON,
    "*/*": Media.JSON,
}


@lru_cache(maxsize=256)
def negotiate(accept: str) -> Media | None:
    """The media type for an Accept header ("" for none), by quality, then by the client's order; None: none fits."""
    if not accept.strip():
        return Media.JSON
    best: tuple[float, int, Media] | None = None
    for place, part in enumerate(accept.split(",")):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        media = _OFFERED.get(name)
        if media is None or not _is_utf8(parameters):
            continue
        quality = _quality(parameters)
        if quality > 0 and (best is None or (quality, -place) > best[:2]):
            best = (quality, -place, media)
    return None if best is None else best[2]


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


def _is_utf8(parameters: list[str]) -> bool:
    given = [parameter[len("charset=") :].strip('"') for parameter in parameters if parameter.startswith("charset=")]
    return all(charset in ("utf-8", "utf8") for charset in given)
