"""Whom a row of an import means: who has an identifier, or who has a value of an attribute."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from base.errors import BadInput
from base.keys import Keyring
from graph.client import GraphClient
from graph.identity.evidence import strongest
from graph.identity.policy import IdentityPolicy
from graph.repositories import identity as repository
from graph.repositories.identity import ACTIVE, CustomerIdentifiers
from ingest.namespaces import parse_namespace
from rules.limits import MAX_NAME_LENGTH, MAX_TEXT_LENGTH
from workers.lists.importing import Spell
from workers.lists.values import Target


class Addressing(Protocol):
    """Finds whom the first cells of rows mean."""

    def name(self, text: str) -> str | None:
        """What a cell says, in its one spelling; None for what can be nobody's."""

    async def find(self, names: Collection[str]) -> Mapping[str, Target | None]:
        """Name → an identifier to hang the value on; None: several customers are meant. Unknown ones are missing."""


class AttributeLookup(Protocol):
    """Asks the columnar store who has values of an attribute."""

    async def find_customers(self, attribute: str, texts: Collection[str]) -> list[tuple[str, str]]:
        """(text, customer) of everybody whose value of the attribute is one of the texts."""


class ByIdentifier:
    """Rows name identifiers of one namespace."""

    def __init__(self, keyring: Keyring, namespace: str, spell: Spell):
        self._keyring = keyring
        self._namespace = namespace
        self._spell = spell

    def name(self, text: str) -> str | None:
        """The identifier's uid."""
        spelled, is_usable = self._spell(text)
        return self._keyring.uid(self._namespace, spelled) if is_usable and spelled else None

    async def find(self, names: Collection[str]) -> Mapping[str, Target | None]:
        """Whoever has it."""
        return {uid: Target(uid, self._namespace) for uid in names}


class ByAttribute:
    """Rows name values of an attribute; the tag's value hangs on the strongest identifier of who has it."""

    def __init__(self, graph: GraphClient, columns: AttributeLookup, policy: IdentityPolicy, attribute: str):
        self._graph = graph
        self._columns = columns
        self._policy = policy
        self._attribute = attribute

    def name(self, text: str) -> str | None:
        """The text itself."""
        text = text.strip()
        return text if 0 < len(text) <= MAX_TEXT_LENGTH else None

    async def find(self, names: Collection[str]) -> Mapping[str, Target | None]:
        """Who has the value as of now in the columnar store.

        Raises:
            Unavailable: the store does not answer.
        """
        customers: dict[str, set[str]] = {}
        for text, customer in await self._columns.find_customers(self._attribute, sorted(names)):
            customers.setdefault(text, set()).add(customer)
        meant = {one for group in customers.values() if len(group) == 1 for one in group}
        people = await self._graph.write("address_page", lambda tx: repository.list_of_customers(tx, meant))
        found: dict[str, Target | None] = {}
        for text, group in customers.items():
            if len(group) > 1:
                found[text] = None
                continue
            person = people.get(next(iter(group)))
            if person is not None and (target := self._target(person)) is not None:
                found[text] = target
        return found

    def _target(self, person: CustomerIdentifiers) -> Target | None:
        namespaces = {uid: namespace for uid, namespace, status, _ in person.identifiers if status == ACTIVE}
        if not namespaces:
            return None
        uid = strongest(dict.fromkeys(namespaces, True), namespaces, self._policy)
        return Target(uid, namespaces[uid], person.id)


def check_address(identifier: str | None, attribute: str | None) -> tuple[str | None, str | None]:
    """(namespace, attribute) of an import; exactly one of the two is not None.

    Raises:
        BadInput: both or neither are given, or what is given cannot be one.
    """
    if (identifier is None) == (attribute is None):
        hint = "identifier is a namespace like user_id or email, attribute the name of an attribute."
        raise BadInput("Give either identifier or attribute.", hint=hint, field="identifier")
    if identifier is not None:
        namespace = parse_namespace(identifier)
        if namespace is None:
            hint = "For example user_id, email, phone, wx_openid:<app>."
            raise BadInput("This is no identifier namespace.", hint=hint, field="identifier")
        return namespace, None
    if not 0 < len(attribute or "") <= MAX_NAME_LENGTH:
        raise BadInput("This is no name of an attribute.", field="attribute")
    return None, attribute
