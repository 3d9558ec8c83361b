"""What each namespace of identifiers may do. Pure data; the defaults are those of identity.md §2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

# Namespaces that nobody configured are remembered too; clients name them, so their number is bounded.
MAX_REMEMBERED = 4_096


class IdentifierClass(StrEnum):
    """What kind of thing an identifier names, strongest first."""

    PERSON = "PERSON"
    ACCOUNT = "ACCOUNT"
    CONTACT = "CONTACT"
    DEVICE = "DEVICE"


class Conflict(StrEnum):
    """What becomes of an identifier that two customers claim.

    REJECT: the link is cut and waits for review; nobody held the identifier in between.
    NEWEST: it changes hands; who had it before keeps the time until then.
    """

    REJECT = "REJECT"
    NEWEST = "NEWEST"


@dataclass(frozen=True, slots=True)
class NamespacePolicy:
    """The policy of one namespace.

    Args:
        rank: 1 is the strongest; decides the star's centre, the order of links and the survivor of a merge.
        limit: identifiers of this namespace that one customer may have; None: any number.
        window_days: the limit counts only identifiers that were seen within so many days of each other; None: all.
        shared_above: seen together with more distinct one-per-customer identifiers of one namespace than this, an
            identifier is shared: it joins nobody. None: never shared.
    """

    identifier_class: IdentifierClass
    rank: int
    limit: int | None
    shared_above: int | None
    conflict: Conflict = Conflict.NEWEST
    window_days: int | None = None


# `name:*` stands for every namespace with that prefix: each source and app is a namespace of its own.
_DEFAULTS: Mapping[str, NamespacePolicy] = {
    "user_id": NamespacePolicy(IdentifierClass.PERSON, 1, 1, None, Conflict.REJECT),
    "crm:*": NamespacePolicy(IdentifierClass.PERSON, 2, 1, None, Conflict.REJECT),
    "wx_unionid": NamespacePolicy(IdentifierClass.PERSON, 3, 1, None),
    "phone": NamespacePolicy(IdentifierClass.PERSON, 4, 2, 2),
    "email": NamespacePolicy(IdentifierClass.PERSON, 5, 5, 2),
    "wx_openid:*": NamespacePolicy(IdentifierClass.ACCOUNT, 6, 1, None),
    "device_id": NamespacePolicy(IdentifierClass.DEVICE, 8, None, 3, window_days=30),
    "idfa": NamespacePolicy(IdentifierClass.DEVICE, 8, None, 3, window_days=30),
    "oaid": NamespacePolicy(IdentifierClass.DEVICE, 8, None, 3, window_days=30),
    "gaid": NamespacePolicy(IdentifierClass.DEVICE, 8, None, 3, window_days=30),
    # An advertising id of a platform that no other name fits.
    "advertising_id": NamespacePolicy(IdentifierClass.DEVICE, 8, None, 3, window_days=30),
    "anonymous_id": NamespacePolicy(IdentifierClass.DEVICE, 9, None, 3, window_days=30),
    "cookie": NamespacePolicy(IdentifierClass.DEVICE, 9, None, 3, window_days=30),
}
# An unverified phone or e-mail may attach to one customer and never joins two. A namespace that nobody described is
# as weak, so it can join nobody wrongly.
_UNVERIFIED = NamespacePolicy(IdentifierClass.CONTACT, 7, 5, 2)

# Namespaces whose meaning depends on whether the call vouches for the value.
VERIFIABLE = frozenset({"phone", "email"})


@dataclass(frozen=True, slots=True)
class IdentityPolicy:
    """All namespaces at one version of the policy.

    Args:
        namespaces: by name; `name:*` for all with that prefix.
        unverified: of a phone or an e-mail that the call does not vouch for.
        unknown: of a namespace that is not in `namespaces`.
    """

    version: int
    namespaces: Mapping[str, NamespacePolicy]
    unverified: NamespacePolicy
    unknown: NamespacePolicy
    _found: dict[tuple[str, bool], NamespacePolicy] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )

    def of(self, namespace: str, verified: bool = True) -> NamespacePolicy:
        """The policy of a namespace; `verified` matters for phone and e-mail only."""
        key = namespace, verified
        known = self._found.get(key)
        if known is None:
            if len(self._found) >= MAX_REMEMBERED:
                self._found.clear()
            known = self._found[key] = self._look_up(namespace, verified)
        return known

    def _look_up(self, namespace: str, verified: bool) -> NamespacePolicy:
        if not verified and namespace in VERIFIABLE:
            return self.unverified
        exact = self.namespaces.get(namespace)
        if exact is not None:
            return exact
        prefix, colon, _ = namespace.partition(":")
        return self.namespaces.get(f"{prefix}:*", self.unknown) if colon else self.unknown


DEFAULT = IdentityPolicy(1, _DEFAULTS, _UNVERIFIED, _UNVERIFIED)
