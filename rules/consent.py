"""Consent and restriction of processing: what is kept of them, and whether somebody may be reached. Pure.

They are observations under names that no sender can use, so they belong to whoever the identity of now says
(docs/adr/0030). A value is a list that begins with a rank, so that of two values of one instant the greater text, which
wins everywhere, is the more careful one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from rules.operators import Operator
from rules.tree import All, Any_, AttributeLeaf, Rule

_CONSENT: Final = "$consent/"
_RESTRICTION: Final = "$restriction/"
# Names of observations that no sender can report, and no rule can read.
RESERVED: Final = (_CONSENT, _RESTRICTION, "$restricted")
# In the columnar store: 1 for who is restricted.
_RESTRICTED: Final = "$restricted"
# A consent that names no channel is about all of them.
ALL_CHANNELS: Final = "*"
# More pairs of purpose and channel than these are data used as names; the first by name stay.
MAX_CONSENTS: Final = 200
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
KEY_HINT: Final = "1 to 40 of a-z, 0-9, _ and -, the first one a letter or digit."
# A consent without an end: after every instant, and exact as a double.
FOREVER_MS: Final = 2**53

_encode = msgspec.json.Encoder().encode


class ConsentState(StrEnum):
    """What somebody said; EXPIRED is a grant whose time is over."""

    GRANTED = "GRANTED"
    DENIED = "DENIED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


# What can be said, the more careful the higher: the rank that a value begins with.
SAID: Final = (ConsentState.GRANTED, ConsentState.WITHDRAWN, ConsentState.DENIED)


class Said(NamedTuple):
    """One consent as it is said.

    Args:
        purpose, channel: keys; the channel may be ALL_CHANNELS.
        state: one of SAID.
        version: of the text that was agreed to.
        proof: where it can be seen: an id of a form, a recording.
        expires_ms: from this instant on a grant is over; None for never.
    """

    purpose: str
    channel: str
    state: ConsentState
    version: str | None = None
    proof: str | None = None
    expires_ms: int | None = None

    def state_at(self, now_ms: int) -> ConsentState:
        """The state at an instant."""
        if self.state is ConsentState.GRANTED and self.expires_ms is not None and self.expires_ms <= now_ms:
            return ConsentState.EXPIRED
        return self.state


class Known(NamedTuple):
    """A consent that counts, when it was said (ms), and the source that told of it."""

    said: Said
    at_ms: int
    source: str


class Observed(Protocol):
    """A stored value: what, when (ms), from where."""

    v: Any
    at: int
    s: str


def key_of(text: str) -> str | None:
    """The key that a text names as a purpose or channel: in lower case, `_` for spaces. None: it cannot be one."""
    key = "_".join(text.lower().split())
    return key if _KEY.fullmatch(key) else None


def is_reserved(name: str) -> bool:
    """Whether no sender can report an attribute of this name."""
    return name.startswith(RESERVED)


def is_restriction(name: str) -> bool:
    """Whether an observation of this name says that somebody is restricted, or is no more."""
    return name.startswith(_RESTRICTION)


def observations(said: Iterable[Said]) -> dict[str, list[object]]:
    """Name of the observation → its value. Of two about one purpose and channel the more careful stays."""
    found: dict[str, list[object]] = {}
    for one in said:
        name = f"{_CONSENT}{one.purpose}/{one.channel}"
        value: list[object] = [SAID.index(one.state), one.version, one.proof, one.expires_ms]
        if name not in found or _encode(found[name]) < _encode(value):
            found[name] = value
    return found


class Restriction(NamedTuple):
    """What one identifier bears of a restriction: whoever has it is restricted.

    Args:
        decision: that restricted.
        at_ms: since when, or of what is lifted: when.
    """

    decision: str
    uid: str
    at_ms: int

    def observation(self, *, lifted: bool = False) -> dict[str, list[object]]:
        """Name of the observation → its value; what is lifted is the greater text, and wins whenever it is said."""
        return {f"{_RESTRICTION}{self.decision}/{self.uid}": [int(lifted), self.at_ms]}


def restrictions(attributes: Mapping[str, Observed]) -> list[Restriction]:
    """Those that stand, in no order."""
    found = []
    for name, one in attributes.items():
        if name.startswith(_RESTRICTION):
            decision, _, uid = name.removeprefix(_RESTRICTION).partition("/")
            lifted, at_ms = one.v
            if not lifted:
                found.append(Restriction(decision, uid, at_ms))
    return found


def restricted_since(attributes: Mapping[str, Observed]) -> int | None:
    """Since when (ms) a person is restricted; None: not."""
    return min((one.at_ms for one in restrictions(attributes)), default=None)


def said_of(name: str, value: Any) -> Said | None:
    """The consent that an observation holds; None for another observation."""
    if not name.startswith(_CONSENT):
        return None
    purpose, _, channel = name.removeprefix(_CONSENT).partition("/")
    rank, version, proof, expires_ms = value
    return Said(purpose, channel, SAID[rank], version, proof, expires_ms)


def known_consents(attributes: Mapping[str, Observed]) -> list[Known]:
    """All consents of a person, by purpose and channel."""
    found = []
    for name in sorted(attributes):
        one = attributes[name]
        if (said := said_of(name, one.v)) is not None:
            found.append(Known(said, one.at, one.s))
    return found


def consent_for(attributes: Mapping[str, Observed], purpose: str, channel: str) -> Known | None:
    """What counts for a purpose on a channel; None: nothing was said.

    What was said of the channel itself counts, unless a no to all channels came later: a yes to all of them, which a
    browser repeats with every call, does not undo somebody's no to one.
    """
    own, general = (_known(attributes, purpose, each) for each in (channel, ALL_CHANNELS))
    if own is None or general is None:
        return own or general
    overrules = general.said.state is not ConsentState.GRANTED and general.at_ms >= own.at_ms
    return general if overrules else own


def may(attributes: Mapping[str, Observed], purpose: str, channel: str, default: bool, now_ms: int) -> bool:
    """Whether somebody may be reached for a purpose on a channel at an instant.

    Args:
        default: of the purpose, where nothing was said.
    """
    if restricted_since(attributes) is not None:
        return False
    known = consent_for(attributes, purpose, channel)
    return default if known is None else known.said.state_at(now_ms) is ConsentState.GRANTED


def consent_cells(attributes: Mapping[str, Observed]) -> dict[str, float]:
    """What the columnar store holds in the place of the observations, as `consent_rule` reads it.

    By name of a consent: until when (ms, excluded) it allows to reach somebody, 0 where it does not.
    """
    cells: dict[str, float] = {}
    for known in known_consents(attributes):
        purpose, channel = known.said.purpose, known.said.channel
        said = (consent_for(attributes, purpose, channel) or known).said
        granted = said.state is ConsentState.GRANTED
        until_ms = FOREVER_MS if said.expires_ms is None else said.expires_ms
        cells[f"{_CONSENT}{purpose}/{channel}"] = until_ms if granted else 0
    if restricted_since(attributes) is not None:
        cells[_RESTRICTED] = 1
    return cells


def consent_rule(purpose: str, channel: str, default: bool, now_ms: int) -> Rule:
    """The same as `may`, as a rule about `consent_cells`."""
    name, general = (f"{_CONSENT}{purpose}/{each}" for each in (channel, ALL_CHANNELS))
    unsaid = AttributeLeaf(name, Operator.NOT_SET)
    ways: list[Rule] = [
        AttributeLeaf(name, Operator.GT, (now_ms,)),
        All((unsaid, AttributeLeaf(general, Operator.GT, (now_ms,)))),
    ]
    if default:
        ways.append(All((unsaid, AttributeLeaf(general, Operator.NOT_SET))))
    return All((AttributeLeaf(_RESTRICTED, Operator.NOT_SET), Any_(tuple(ways))))


def _known(attributes: Mapping[str, Observed], purpose: str, channel: str) -> Known | None:
    name = f"{_CONSENT}{purpose}/{channel}"
    one = attributes.get(name)
    said = None if one is None else said_of(name, one.v)
    return None if one is None or said is None else Known(said, one.at, one.s)
