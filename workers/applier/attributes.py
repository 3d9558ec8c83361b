"""Attributes from traits: what an identifier reported, and what a customer's attributes become. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b

import msgspec

from graph.repositories.apply import AttributesRow, ObservationRow, StoredObservation
from rules.values import as_time_ms
from workers.applier.batch import PreparedCall
from workers.live.state import CustomerState, StoredAttribute

# What the list of customers is searched by, first found of each group.
_NAME_PARTS = (("name", "fullName", "full_name"), ("firstName", "first_name"), ("lastName", "last_name"), ("nickname",))
# What a customer shows and rules read: the first of them by name, so that the order of calls plays no part. The others
# stay as observations.
MAX_ATTRIBUTES = 1_000
# A full-text entry longer than this is no name.
MAX_SEARCH_NAME = 200

_encode = msgspec.json.Encoder().encode


def encode_document(document: Mapping[str, object]) -> str:
    """A JSON object as stored."""
    return _encode(document).decode()


def observation_rows(calls: Iterable[PreparedCall]) -> list[ObservationRow]:
    """One row an identifier, source and attribute: the newest in these calls, ties by value. Sorted by uid and key."""
    rows: dict[str, ObservationRow] = {}
    for prepared in calls:
        call = prepared.call
        if call.kind != "identify":
            continue
        for name, value in call.traits.items():
            key = _observation_key(prepared.owner, call.source, name)
            document = _encode(value).decode()
            row = rows.get(key)
            if row is not None and (row["at"], row["value"]) >= (call.at_ms, document):
                continue
            rows[key] = ObservationRow(
                key=key,
                uid=prepared.owner,
                name=name,
                value=document,
                at=call.at_ms,
                source=call.source,
                instant=as_time_ms(value) if isinstance(value, str) else None,
            )
    return sorted(rows.values(), key=lambda row: (row["uid"], row["key"]))


def observe(state: CustomerState, row: ObservationRow | StoredObservation) -> bool:
    """Let a newer observation replace an attribute of a state in place; ties by source, then by value.

    Returns:
        Whether any attribute changed.
    """
    name, attributes = row["name"], state.attributes
    known = attributes.get(name)
    offered = (row["at"], row["source"], row["value"])
    if known is not None and offered <= (known.at, known.s, _encode(known.v).decode()):
        return False
    state.set_attribute(name, StoredAttribute(msgspec.json.decode(row["value"]), row["at"], row["source"]))
    if len(attributes) <= MAX_ATTRIBUTES:
        return True
    last = max(attributes)
    state.remove_attribute(last)
    return last != name


def attributes_row(customer: str, attributes: Mapping[str, StoredAttribute]) -> AttributesRow:
    """The stored form, names sorted, so that equal attributes are equal text."""
    document = _encode({name: attributes[name] for name in sorted(attributes)}).decode()
    return AttributesRow(id=customer, attributes=document, search_name=search_name(attributes))


def search_name(attributes: Mapping[str, StoredAttribute]) -> str | None:
    """The names of a person as one text; None when no name is known."""
    parts: list[str] = []
    for names in _NAME_PARTS:
        for name in names:
            found = attributes.get(name)
            if found is not None and isinstance(found.v, str) and found.v.strip():
                parts.append(found.v.strip())
                break
    return " ".join(dict.fromkeys(parts))[:MAX_SEARCH_NAME] or None


def _observation_key(uid: str, source: str, name: str) -> str:
    return blake2b(f"{uid}\x00{source}\x00{name}".encode(), digest_size=15).hexdigest()
