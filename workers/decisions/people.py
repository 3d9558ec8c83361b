"""What decisions ask of the customers that they name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from base.errors import BadInput, NotFound
from graph.identity.policy import IdentifierClass, IdentityPolicy
from graph.identity.resolve import Resolution
from graph.repositories.identity import ACTIVE, CustomerIdentifiers


def living(people: Mapping[str, CustomerIdentifiers | None], asked: str, field: str) -> CustomerIdentifiers:
    """Who answers for an id.

    Raises:
        NotFound: nobody.
    """
    found = people.get(asked)
    if found is None and asked in people:
        raise NotFound(f"This customer was erased: {field}.")
    if found is None:
        raise NotFound(f"Nobody has this id: {field}.")
    return found


def strongest(person: CustomerIdentifiers, field: str, policy: IdentityPolicy) -> str:
    """The identifier by which a customer is joined to another: the best rank, then the first seen, then by uid.

    Raises:
        BadInput: all of them are shared.
    """
    usable = [
        (policy.of(namespace).rank, first_seen, uid)
        for uid, namespace, status, first_seen in person.identifiers
        if status == ACTIVE
    ]
    if not usable:
        raise BadInput("All identifiers of this customer are shared: it cannot be joined to anybody.", field=field)
    return min(usable)[2]


def is_device(namespace: str, policy: IdentityPolicy) -> bool:
    """Whether identifiers of a namespace follow people."""
    return policy.of(namespace).identifier_class is IdentifierClass.DEVICE


def joined(a: str, b: str) -> Callable[[Resolution], None]:
    """A check that two identifiers are one customer's; it raises BadInput when a decision keeps them apart."""

    def check(resolution: Resolution) -> None:
        if not any(a in group and b in group for group in resolution.groups):
            raise BadInput(
                "Somebody decided that these are two persons.", hint="Undo that decision first; it is in `decisions`."
            )

    return check
