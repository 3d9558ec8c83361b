"""Builders of evidence for tables of cases: identifiers by short names."""

from __future__ import annotations

from collections.abc import Iterable

from graph.identity.evidence import NOTHING_DECIDED, Decided, SeenTogether
from graph.identity.policy import DEFAULT
from graph.identity.resolve import Resolution, resolve

NAMESPACES = {
    "M": "user_id",
    "C": "crm:shop",
    "K": "crm:web",
    "u": "wx_unionid",
    "p": "phone",
    "e": "email",
    "oA": "wx_openid:A",
    "oB": "wx_openid:B",
    "d": "device_id",
    "c": "anonymous_id",
    "x": "loyalty_card",
}


def namespace_of(name: str) -> str:
    """The namespace of a short name: `M1` is a member, `oA1` an openid of app A."""
    return NAMESPACES[name.rstrip("0123456789")]


def seen(text: str, at: int = 1, last: int | None = None) -> SeenTogether:
    """Evidence from names between blanks; `?` after a name says that the call does not vouch for it."""
    members = {name.rstrip("?"): not name.endswith("?") for name in text.split()}
    return SeenTogether(text, members, at, at if last is None else last)


def resolved(
    sets: Iterable[SeenTogether], leave_out: Iterable[str] = (), decided: Decided = NOTHING_DECIDED
) -> Resolution:
    """All identifiers of the evidence resolved, but for those left out as blocked."""
    sets = list(sets)
    names = {name for one in sets for name in one.members} - set(leave_out)
    names |= {name for one in decided.must for name in (one.a, one.b)}
    return resolve({name: namespace_of(name) for name in names}, sets, DEFAULT, decided)


def groups(sets: Iterable[SeenTogether], leave_out: Iterable[str] = (), decided: Decided = NOTHING_DECIDED) -> set[str]:
    """The groups, each as its names in order between blanks."""
    return {" ".join(sorted(group)) for group in resolved(sets, leave_out, decided).groups}
