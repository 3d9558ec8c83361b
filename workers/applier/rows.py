"""The rows that a micro-batch writes of its calls. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from graph.repositories.apply import EventRow, GroupRow, PlainCallRow
from workers.applier.attributes import encode_document
from workers.applier.batch import Placed


def event_rows(calls: Sequence[Placed], now_ms: int) -> list[EventRow]:
    """Rows of the events among the calls, sorted by uid."""
    rows = [
        EventRow(
            uid=placed.uid,
            id=prepared.id,
            name=call.name,
            at=call.at_ms,
            received_at=call.received_at_ms,
            source=call.source,
            properties=call.properties.decode(),
            identifiers=[seen.uid for seen in prepared.seen],
            evidence=prepared.evidence,
            context=prepared.context,
            extra=prepared.extra,
            blocked=prepared.blocked,
            traits=encode_document(call.consents) if call.consents else None,
            starts_at=call.at_ms if call.at_ms > now_ms else None,
        )
        for placed in calls
        for prepared in (placed.prepared,)
        for call in (prepared.call,)
        if call.name is not None
    ]
    rows.sort(key=lambda row: row["uid"])
    return rows


def call_rows(calls: Sequence[Placed]) -> list[PlainCallRow]:
    """Rows of the calls that are no events, sorted by uid."""
    rows = [
        PlainCallRow(
            uid=placed.uid,
            id=prepared.id,
            kind=call.kind,
            at=call.at_ms,
            received_at=call.received_at_ms,
            source=call.source,
            identifiers=[seen.uid for seen in prepared.seen],
            evidence=prepared.evidence,
            traits=encode_document(call.reported) if call.reported else None,
            consents=encode_document(call.consents) if call.consents else None,
            group=call.group_id,
            group_traits=encode_document(call.traits) if call.group_id is not None else None,
            context=prepared.context,
            extra=prepared.extra,
            blocked=prepared.blocked,
        )
        for placed in calls
        for prepared in (placed.prepared,)
        for call in (prepared.call,)
        if call.name is None
    ]
    rows.sort(key=lambda row: row["uid"])
    return rows


def group_rows(calls: Sequence[Placed]) -> list[GroupRow]:
    """Rows of group calls, sorted by key: groups are locked in the order of the keys."""
    rows = [
        GroupRow(uid=placed.uid, key=key, at=call.at_ms, traits=encode_document(call.traits))
        for placed in calls
        for call in (placed.prepared.call,)
        if (key := call.group_id) is not None
    ]
    rows.sort(key=lambda row: (row["key"], row["uid"]))
    return rows
