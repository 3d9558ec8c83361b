"""Calls of generated streams, written by hand, and streams in which everything that is rare happens often."""

from __future__ import annotations

from bench.streams.noise import Noise
from bench.streams.records import Record, Scene
from ingest.identifiers import SeenIdentifier

HEAVY = Noise(
    visitors=0.15,
    guests=0.2,
    device_without_log_in=0.2,
    cookie_without_log_in=0.2,
    wechat_unbound=0.2,
    changed_phone=0.1,
    recycled_phone=0.1,
    others_email=0.2,
    mistyped_email=0.2,
    placeholders=0.4,
)


def record(number: int, person: int | None, *uids: str, scene: Scene = Scene.OWN) -> Record:
    """A call at a time of its own; a question mark says that it does not vouch for the value."""
    parts = [uid.partition("|") for uid in uids]
    found = tuple(SeenIdentifier(name, value.removesuffix("?"), not value.endswith("?")) for name, _, value in parts)
    return Record(str(number), number, "identify", found, person, scene)
