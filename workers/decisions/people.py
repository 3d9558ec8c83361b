"""What decisions ask of the customers that they name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from base.errors import BadInput, NotFound
from graph.identity.resolve import Resolution
from graph.repositories.identity import CustomerIdentifiers


def living(people: Mapping[str, CustomerIdentifiers], asked: str, field: str) -> CustomerIdentifiers:
    """Who answers for an id.

    Raises:
        NotFound: nobody.
    """
    found = people.get(asked)
    if found is None:
        raise NotFound(f"Nobody has this id: {field}.")
    return found


def joined(a: str, b: str) -> Callable[[Resolution], None]:
    """A check that two identifiers are one customer's; it raises BadInput when a decision keeps them apart."""

    def check(resolution: Resolution) -> None:
        if not any(a in group and b in group for group in resolution.groups):
            raise BadInput(
                "Somebody decided that these are two persons.", hint="Undo that decision first; it is in `decisions`."
            )

    return check
