"""What each namespace of identifiers may do. Source: identity.md §2, the defaults."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache


class IdentifierClass(Enum):
    """What kind of thing an identifier names."""

    PERSON = "person"
    ACCOUNT = "account"
    CONTACT = "contact"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class NamespacePolicy:
    """The policy of one namespace.

    Args:
        rank: 1 is the strongest; decides the star's centre, the order of links and the survivor of a merge.
        limit: identifiers of this namespace that one customer may have; None: any number.
        shared_above: seen together with more distinct one-per-customer identifiers than this, an identifier is
            shared: it joins nobody. None: never shared.
    """

    identifier_class: IdentifierClass
    rank: int
    limit: int | None
    shared_above: int | None


# An unverified phone or e-mail may attach to one customer and never joins two.
UNVERIFIED = NamespacePolicy(IdentifierClass.CONTACT, 7, 5, 2)
# A namespace nobody described: as weak as an unverified contact, so it can join nobody wrongly.
UNKNOWN = UNVERIFIED

_EXACT = {
    "user_id": NamespacePolicy(IdentifierClass.PERSON, 1, 1, None),
    "wx_unionid": NamespacePolicy(IdentifierClass.PERSON, 3, 1, None),
    "phone": NamespacePolicy(IdentifierClass.PERSON, 4, 2, 2),
    "email": NamespacePolicy(IdentifierClass.PERSON, 5, 5, 2),
    "device_id": NamespacePolicy(IdentifierClass.DEVICE, 8, None, 3),
    "idfa": NamespacePolicy(IdentifierClass.DEVICE, 8, None, 3),
    "oaid": NamespacePolicy(IdentifierClass.DEVICE, 8, None, 3),
    "gaid": NamespacePolicy(IdentifierClass.DEVICE, 8, None, 3),
    # An advertising id of a platform that no other name fits.
    "advertising_id": NamespacePolicy(IdentifierClass.DEVICE, 8, None, 3),
    "anonymous_id": NamespacePolicy(IdentifierClass.DEVICE, 9, None, 3),
    "cookie": NamespacePolicy(IdentifierClass.DEVICE, 9, None, 3),
}
# `crm:<source>` and `wx_openid:<app>`: each source and app is a namespace of its own with this policy.
_BY_PREFIX = {
    "crm": NamespacePolicy(IdentifierClass.PERSON, 2, 1, None),
    "wx_openid": NamespacePolicy(IdentifierClass.ACCOUNT, 6, 1, None),
}

POLICY_VERSION = 1
STRONGEST_FIRST_NAMESPACES = tuple(sorted(_EXACT, key=lambda name: _EXACT[name].rank))
# Namespaces whose meaning depends on whether the call vouches for the value.
VERIFIABLE = frozenset({"phone", "email"})


@lru_cache(maxsize=4096)
def policy_of(namespace: str, verified: bool = True) -> NamespacePolicy:
    """The policy of a namespace; `verified` matters for phone and e-mail only."""
    if not verified and namespace in VERIFIABLE:
        return UNVERIFIED
    exact = _EXACT.get(namespace)
    if exact is not None:
        return exact
    return _BY_PREFIX.get(namespace.partition(":")[0], UNKNOWN) if ":" in namespace else UNKNOWN


def is_one_per_customer_person(namespace: str) -> bool:
    """Whether two different values of this namespace in one call contradict each other (identity.md §4)."""
    found = policy_of(namespace)
    return found.identifier_class is IdentifierClass.PERSON and found.limit == 1
