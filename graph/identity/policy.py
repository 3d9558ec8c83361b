"""What each namespace of identifiers may do. Pure data; the defaults are those of identity.md §2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from graph.identity.blocked import DEFAULT_BLOCKED, BlockedValues, Matcher, make_matcher

# Namespaces that nobody configured are remembered too; clients name them, so their number is bounded.
MAX_REMEMBERED = 4_096
# Stands for every namespace in `blocked`, and for every attribute in `source_order`.
EVERY = "*"


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


class Normalisation(StrEnum):
    """The one spelling of a namespace's values."""

    TRIM = "TRIM"
    LOWER_CASE = "LOWER_CASE"
    EMAIL = "EMAIL"
    PHONE = "PHONE"


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
    normalisation: Normalisation = Normalisation.TRIM


# `name:*` stands for every namespace with that prefix: each source and app is a namespace of its own.
_DEFAULTS: Mapping[str, NamespacePolicy] = {
    "user_id": NamespacePolicy(IdentifierClass.PERSON, 1, 1, None, Conflict.REJECT),
    "crm:*": NamespacePolicy(IdentifierClass.PERSON, 2, 1, None, Conflict.REJECT),
    "wx_unionid": NamespacePolicy(IdentifierClass.PERSON, 3, 1, None),
    "phone": NamespacePolicy(IdentifierClass.PERSON, 4, 2, 2, normalisation=Normalisation.PHONE),
    "email": NamespacePolicy(IdentifierClass.PERSON, 5, 5, 2, normalisation=Normalisation.EMAIL),
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


# Compared by identity: two processes that loaded one version compare the version.
@dataclass(frozen=True, slots=True, eq=False)
class IdentityPolicy:
    """All namespaces at one version of the policy.

    Args:
        namespaces: by name; `name:*` for all with that prefix.
        unverified: of a phone or an e-mail that the call does not vouch for.
        unknown: of a namespace that is not in `namespaces`.
        blocked: values that identify nobody, by namespace as in `namespaces`, `*` for all.
        source_order: attribute → sources, the most trusted first; `*` for every attribute that is not named. A source
            that is not named comes after those that are.
    """

    version: int
    namespaces: Mapping[str, NamespacePolicy]
    unverified: NamespacePolicy
    unknown: NamespacePolicy
    blocked: Mapping[str, BlockedValues] = field(default_factory=dict)
    source_order: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _found: dict[tuple[str, bool], NamespacePolicy] = field(default_factory=dict, init=False, repr=False)
    _matchers: dict[str, Matcher] = field(default_factory=dict, init=False, repr=False)
    _trust: dict[tuple[str, str], int] = field(default_factory=dict, init=False, repr=False)

    def of(self, namespace: str, verified: bool = True) -> NamespacePolicy:
        """The policy of a namespace; `verified` matters for phone and e-mail only."""
        key = namespace, verified
        known = self._found.get(key)
        if known is None:
            if len(self._found) >= MAX_REMEMBERED:
                self._found.clear()
            known = self._found[key] = self._look_up(namespace, verified)
        return known

    def blocks(self, namespace: str, value: str) -> bool:
        """Whether a normalised value, or the national digits of a phone, identifies nobody in this namespace."""
        matcher = self._matchers.get(namespace)
        if matcher is None:
            if len(self._matchers) >= MAX_REMEMBERED:
                self._matchers.clear()
            names = (EVERY, _family(namespace), namespace)
            lists = [self.blocked[name] for name in dict.fromkeys(names) if name in self.blocked]
            matcher = self._matchers[namespace] = make_matcher(lists)
        return matcher(value)

    def is_one_a_person(self, namespace: str) -> bool:
        """Whether two values of a namespace in one call mean two people: member, CRM and union ids."""
        own = self.of(namespace)
        return own.limit == 1 and own.identifier_class is IdentifierClass.PERSON

    def trust(self, attribute: str, source: str) -> int:
        """How far a source is believed about an attribute: more is more, 0 where nothing is configured."""
        if not self.source_order:
            return 0
        key = attribute, source
        known = self._trust.get(key)
        if known is None:
            if len(self._trust) >= MAX_REMEMBERED:
                self._trust.clear()
            order = self.source_order.get(attribute, self.source_order.get(EVERY, ()))
            known = self._trust[key] = len(order) - order.index(source) if source in order else 0
        return known

    def _look_up(self, namespace: str, verified: bool) -> NamespacePolicy:
        if not verified and namespace in VERIFIABLE:
            return self.unverified
        return self.namespaces.get(namespace) or self.namespaces.get(_family(namespace), self.unknown)


def _family(namespace: str) -> str:
    """`crm:*` for `crm:shop`; a name without a colon is its own."""
    prefix, colon, _ = namespace.partition(":")
    return f"{prefix}:*" if colon else namespace


DEFAULT = IdentityPolicy(1, _DEFAULTS, _UNVERIFIED, _UNVERIFIED, DEFAULT_BLOCKED)
