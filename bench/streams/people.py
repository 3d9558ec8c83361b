"""What there is in a stream: persons with everything that is theirs, tablets, kiosks. Data alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

CRM = "crm:shop"
APPS = ("wx_openid:official", "wx_openid:mini")


class Standing(StrEnum):
    """How well a person is known."""

    MEMBER = "member"
    GUEST = "guest"
    VISITOR = "visitor"


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in E.164, and the time in which it is the person's: since ≤ t < until, ms."""

    value: str
    since_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Device:
    """A device of one person.

    Args:
        device_id: None for a browser.
        cookies: anonymous ids, each for an equal part of the year, and whether its owner logs in meanwhile.
    """

    device_id: str | None
    cookies: tuple[tuple[str, bool], ...]

    @property
    def log_in(self) -> bool:
        """Whether its owner ever logs in on it."""
        return any(log_in for _, log_in in self.cookies)


@dataclass(frozen=True, slots=True)
class WeChat:
    """The union id of a person, and an openid and an anonymous id in each of `APPS`."""

    union_id: str
    openids: tuple[str, ...]
    cookies: tuple[str, ...]
    bound: bool


@dataclass(frozen=True, slots=True)
class Person:
    """One person.

    Args:
        emails: confirmed ones.
        unconfirmed: own addresses that only forms name.
        foreign_emails: addresses of others, and of nobody, that this person types into a form.
    """

    number: int
    standing: Standing
    user_id: str | None
    crm: str | None
    phones: tuple[Phone, ...]
    emails: tuple[str, ...]
    unconfirmed: tuple[str, ...]
    foreign_emails: tuple[str, ...]
    wechat: WeChat | None
    devices: tuple[Device, ...]


@dataclass(frozen=True, slots=True)
class Common:
    """A device of several persons: a household's tablet or a kiosk."""

    device_id: str
    cookie: str
    persons: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class World:
    """Everybody; a person's number is the place in `persons`."""

    persons: tuple[Person, ...]
    tablets: tuple[Common, ...]
    kiosks: tuple[Common, ...]
    recycled: frozenset[str]
    foreign: frozenset[str]
