"""The mapping file: which columns are identifiers, traits, event, properties and time."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from base.errors import BadInput
from ingest.consents import MAX_RECORDS
from ingest.limits import MAX_EVENT_NAME_CHARS
from ingest.namespaces import parse_namespace
from rules.consent import KEY_HINT, key_of

ValueType = Literal["auto", "text", "integer", "number", "boolean", "time", "json"]

_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")
DOCS = "docs/import.md describes the mapping file."


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column and how its values are read. `auto` keeps the file's own type; in CSV everything is text."""

    column: str
    type: ValueType = "auto"


class EventName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The event's name: the same for all rows, or from a column."""

    name: str | None = None
    column: str | None = None


class Time(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a row happened. `format`: `iso`, `unix_s`, `unix_ms` or a strptime pattern; `zone`: of times without one."""

    column: str
    format: str = "iso"
    zone: str = "UTC"


class MessageId(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The column that tells rows apart for ever, e.g. an order number."""

    column: str


class Consent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a row says of a purpose. `state` is a column; `values` says which of its texts mean what, else they are
    `granted`, `denied` and `withdrawn`. A row whose cell is empty says nothing.
    """

    purpose: str
    state: str
    channel: str | None = None
    version: str | None = None
    proof: str | None = None
    expires_at: str | None = None
    values: dict[str, Literal["granted", "denied", "withdrawn"]] = {}

    def columns(self) -> list[str]:
        """Every column that it reads."""
        return [one for one in (self.state, self.version, self.proof, self.expires_at) if one is not None]


class Csv(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a CSV file is written."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8-sig"


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    identifiers: dict[str, str]
    traits: dict[str, str | Column] = {}
    event: EventName | None = None
    properties: dict[str, str | Column] = {}
    time: Time | None = None
    message_id: MessageId | None = None
    csv: Csv = Csv()
    verified: bool = True
    consents: list[Consent] = []


class Mapping(msgspec.Struct, frozen=True):
    """A checked mapping.

    Args:
        identifiers: namespace to column.
        verified: whether phones and e-mails of the file are known to be the person's.
        consents: what a row says of purposes.
    """

    source: str
    identifiers: dict[str, str]
    traits: dict[str, Column]
    event: EventName | None
    properties: dict[str, Column]
    time: Time | None
    message_id: MessageId | None
    csv: Csv
    verified: bool
    consents: tuple[Consent, ...] = ()

    def columns(self) -> list[str]:
        """Every column that is read, each once."""
        named = [
            *self.identifiers.values(),
            *(one.column for one in (*self.traits.values(), *self.properties.values())),
        ]
        named += [column for one in self.consents for column in one.columns()]
        named += [one.column for one in (self.event, self.time, self.message_id) if one is not None and one.column]
        return list(dict.fromkeys(named))


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file, TOML or JSON by its suffix.

    Raises:
        BadInput: it cannot be read, or says something that cannot be; the message names the place.
    """
    try:
        text = path.read_bytes()
        document = msgspec.json.decode(text) if path.suffix == ".json" else tomllib.loads(text.decode())
    except OSError as fault:
        raise BadInput(f"The mapping {path} cannot be read: {fault.strerror}.") from fault
    except ValueError as fault:
        raise BadInput(f"The mapping {path} is neither TOML nor JSON: {fault}", hint=DOCS) from fault
    return check_mapping(document)


def check_mapping(document: Any) -> Mapping:
    """The mapping that a document holds.

    Raises:
        BadInput: see `load_mapping`.
    """
    try:
        written = msgspec.convert(document, _Written)
    except msgspec.ValidationError as fault:
        raise BadInput(f"The mapping is wrong: {fault}", hint=DOCS) from fault
    _check(written)
    return Mapping(
        source=written.source,
        identifiers={_namespace(name): column for name, column in written.identifiers.items()},
        traits={name: _column(one) for name, one in written.traits.items()},
        event=written.event,
        properties={name: _column(one) for name, one in written.properties.items()},
        time=written.time,
        message_id=written.message_id,
        csv=written.csv,
        verified=written.verified,
        consents=tuple(written.consents),
    )


def _check(written: _Written) -> None:
    if not _SOURCE.fullmatch(written.source):
        raise BadInput("source needs letters, digits, `_`, `-` or `.`, at most 64.", field="source")
    if not written.identifiers:
        raise BadInput("identifiers names no column: the rows would belong to nobody.", field="identifiers")
    if written.event is not None:
        if (written.event.name is None) == (written.event.column is None):
            raise BadInput("event needs either name or column.", field="event")
        if written.event.name is not None and not 0 < len(written.event.name.strip()) <= MAX_EVENT_NAME_CHARS:
            raise BadInput(f"event.name needs 1 to {MAX_EVENT_NAME_CHARS} characters.", field="event.name")
        if written.time is None:
            raise BadInput("An event needs [time]: without it every row would have happened now.", field="time")
    elif written.properties:
        raise BadInput("properties belong to an event, and there is no [event].", field="properties")
    for name in ("email", "phone"):
        if name in written.traits:
            raise BadInput(f"{name} is an identifier: move it to [identifiers].", field=f"traits.{name}")
    if written.time is not None:
        try:
            ZoneInfo(written.time.zone)
        except (ValueError, OSError, KeyError) as fault:
            raise BadInput("time.zone is no known time zone, e.g. Asia/Shanghai.", field="time.zone") from fault
    for place, consent in enumerate(written.consents):
        if key_of(consent.purpose) != consent.purpose:
            raise BadInput("This cannot be a purpose.", hint=KEY_HINT, field=f"consents.{place}.purpose")
        if consent.channel is not None and key_of(consent.channel) != consent.channel:
            raise BadInput("This cannot be a channel.", hint=KEY_HINT, field=f"consents.{place}.channel")
    if len(written.consents) > MAX_RECORDS:
        raise BadInput(f"A row says at most {MAX_RECORDS} consents.", field="consents")
    if written.consents and written.time is None:
        raise BadInput("A consent needs [time]: the newest counts, and every row would be of now.", field="time")
    if len(written.csv.delimiter) != 1 or len(written.csv.quote) != 1:
        raise BadInput("csv.delimiter and csv.quote are one character each.", field="csv")


def _namespace(text: str) -> str:
    namespace = parse_namespace(text)
    if namespace is None:
        raise BadInput(
            f"identifiers.{text} is no namespace.",
            hint="Write user_id, phone, email, wx_unionid, wx_openid:<app>, crm:<source> or another plain name.",
            field="identifiers",
        )
    return namespace


def _column(one: str | Column) -> Column:
    return Column(one) if isinstance(one, str) else one
