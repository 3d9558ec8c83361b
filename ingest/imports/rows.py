"""A row as calls of the tracking API: `identify` for its traits, `track` for its event."""

from __future__ import annotations

from collections.abc import Mapping as Cells
from hashlib import blake2b
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from base.clock import iso
from ingest.imports.mapping import Column, Mapping
from ingest.imports.values import BadCell, cell, read, text_of, time_ms
from ingest.namespaces import ANONYMOUS_ID, USER_ID

_TOP_LEVEL = {USER_ID: "userId", ANONYMOUS_ID: "anonymousId"}
_STATES = ("granted", "denied", "withdrawn")
_CONTENT_HASH_BYTES = 12


class RowCall(NamedTuple):
    """One call of a row, as JSON."""

    message_id: str
    body: bytes


class RowMapper:
    """Turns rows into calls. Pure: the same row gives the same message ids, so an import may be repeated.

    Args:
        default_at_ms: when a row without [time] happened: the start of the import.
    """

    def __init__(self, mapping: Mapping, default_at_ms: int):
        self._mapping = mapping
        self._zone = ZoneInfo(mapping.time.zone if mapping.time is not None else "UTC")
        self._default_at_ms = default_at_ms

    def calls(self, number: int, row: Cells[str, Any]) -> list[RowCall]:
        """The calls of a row: identify (when it has traits, or there is no event), track (when there is one).

        Raises:
            BadCell: a value is not what the mapping says.
        """
        mapping = self._mapping
        common = self._identity(row) | {"timestamp": iso(self._at_ms(row))}
        if records := self._consents(row):
            common["context"] = common.get("context", {}) | {"consent": {"records": records}}
        base_id = self._message_id(number, row)
        calls: list[RowCall] = []
        traits = self._values(row, mapping.traits)
        if traits or mapping.event is None:
            # Two calls of one row need two ids; the event keeps the plain one, which other systems may know.
            identify_id = f"{base_id}:identify" if mapping.event is not None else base_id
            calls.append(_call(identify_id, common | {"type": "identify", "traits": traits}))
        if mapping.event is not None:
            name = mapping.event.name or _text(cell(row, mapping.event.column or ""), mapping.event.column or "")
            if name is None:
                raise BadCell(f"column {mapping.event.column} names no event")
            properties = self._values(row, mapping.properties)
            calls.append(_call(base_id, common | {"type": "track", "event": name, "properties": properties}))
        return calls

    def _identity(self, row: Cells[str, Any]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        external: list[dict[str, str]] = []
        for namespace, column in self._mapping.identifiers.items():
            text = _text(cell(row, column), column)
            if text is None:
                continue
            if namespace in _TOP_LEVEL:
                fields[_TOP_LEVEL[namespace]] = text
            else:
                external.append({"type": namespace, "id": text})
        context: dict[str, Any] = {"externalIds": external} if external else {}
        if not self._mapping.verified:
            context["verified"] = False
        return fields | {"context": context} if context else fields

    def _consents(self, row: Cells[str, Any]) -> list[dict[str, Any]]:
        """What a row says of purposes, as `context.consent.records` has it.

        Raises:
            BadCell: a text that means nothing.
        """
        found: list[dict[str, Any]] = []
        for consent in self._mapping.consents:
            if (text := _text(cell(row, consent.state), consent.state)) is None:
                continue
            state = consent.values.get(text) if consent.values else text.lower()
            if state not in _STATES:
                raise BadCell(f"column {consent.state} says neither of {', '.join(consent.values or _STATES)}")
            record: dict[str, Any] = {"purpose": consent.purpose, "channel": consent.channel, "state": state}
            for name, column in (("version", consent.version), ("proof", consent.proof)):
                if column is not None:
                    record[name] = _text(cell(row, column), column)
            if consent.expires_at is not None and (until := cell(row, consent.expires_at)) is not None:
                record["expiresAt"] = read(until, consent.expires_at, "time", self._zone)
            found.append(record)
        return found

    def _at_ms(self, row: Cells[str, Any]) -> int:
        time = self._mapping.time
        if time is None:
            return self._default_at_ms
        value = cell(row, time.column)
        if value is None:
            raise BadCell(f"column {time.column} is empty")
        return time_ms(value, time, self._zone)

    def _message_id(self, number: int, row: Cells[str, Any]) -> str:
        if self._mapping.message_id is not None:
            text = _text(cell(row, self._mapping.message_id.column), self._mapping.message_id.column)
            if text is None:
                raise BadCell(f"column {self._mapping.message_id.column} is empty")
            return text
        # The number keeps two equal rows apart; the content, two files whose rows have the same number.
        content = repr([(column, row.get(column)) for column in self._mapping.columns()])
        digest = blake2b(content.encode("utf-8", "surrogatepass"), digest_size=_CONTENT_HASH_BYTES)
        return f"row:{number}:{digest.hexdigest()}"

    def _values(self, row: Cells[str, Any], columns: dict[str, Column]) -> dict[str, Any]:
        return {
            name: read(value, one.column, one.type, self._zone)
            for name, one in columns.items()
            if (value := cell(row, one.column)) is not None
        }


def _text(value: Any, column: str) -> str | None:
    if value is None:
        return None
    try:
        return text_of(value).strip() or None
    except TypeError as fault:
        raise BadCell(f"column {column} is not text") from fault


def _call(message_id: str, fields: dict[str, Any]) -> RowCall:
    try:
        return RowCall(message_id, msgspec.json.encode(fields | {"messageId": message_id}))
    except (TypeError, ValueError) as fault:
        raise BadCell("a value cannot be written as JSON") from fault
