"""Everybody at once: which components surely are what they should be, and which have to be resolved to know. Pure.

Nearly all components are one person's without any conflict. Whether one is can be seen from counts: when all its
identifiers may be together, every link is accepted, nothing is shared and nothing changed hands, so the one right
result is one customer who had all of them for ever. Only the rest costs a resolution.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from graph.identity.policy import VERIFIABLE, IdentifierClass, IdentityPolicy

# Classes whose links never join two persons.
_WEAK = (IdentifierClass.DEVICE, IdentifierClass.CONTACT)


@dataclass(frozen=True, slots=True)
class _Space:
    """What the census needs of a namespace's policy."""

    name: str
    limit: int | None
    strong: bool
    contact: bool
    person: bool
    verifiable: bool


class Census:
    """Identifiers and evidence, added in any order but the identifiers first; about 500 bytes an identifier.

    Args:
        policy: by which components are looked at.
    """

    def __init__(self, policy: IdentityPolicy):
        self._policy = policy
        self._number: dict[str, int] = {}
        self._uids: list[str] = []
        self._spaces: dict[str, _Space] = {}
        self._space: list[_Space] = []
        self._parent: list[int] = []
        # The same over strong links alone: what they join is joined before any weak link is looked at.
        self._strong: list[int] = []
        self._owner: list[str | None] = []
        self._owned: Counter[str] = Counter()
        # Neither active with one stretch of time, nor free of decisions.
        self._special: set[int] = set()
        # In evidence with others through whom nobody walks.
        self._contact: set[int] = set()

    def __len__(self) -> int:
        return len(self._uids)

    def add_identifier(self, uid: str, owner: str | None, *, special: bool, walked: bool) -> None:
        """Add an identifier.

        Args:
            owner: the customer who has it now.
            special: it is shared or blocked, somebody decided about it, or it had other owners.
            walked: it takes part in links.
        """
        number = self._number[uid] = len(self._uids)
        self._uids.append(uid)
        namespace = uid.partition("|")[0]
        space = self._spaces.get(namespace)
        if space is None:
            space = self._spaces[namespace] = _space(namespace, self._policy)
        self._space.append(space)
        self._owner.append(owner)
        self._parent.append(number if walked else -1)
        self._strong.append(number)
        if special or owner is None:
            self._special.add(number)
        if owner is not None:
            self._owned[owner] += 1

    def add_set(self, members: Sequence[str], unverified: Collection[str]) -> None:
        """Add identifiers that were seen together; those that were not added before are left out: they are newer."""
        known = [number for uid in members if (number := self._number.get(uid)) is not None]
        parent, space = self._parent, self._space
        walked = [number for number in known if parent[number] >= 0]
        for number in walked[1:]:
            _join(parent, walked[0], number)
        if len(walked) < len(known) and any(parent[number] < 0 and space[number].limit == 1 for number in known):
            # It counts for whether the others are shared though nobody walks through it.
            self._special.update(walked)
        strong: int | None = None
        for number in walked:
            if unverified and space[number].verifiable and self._uids[number] in unverified:
                self._contact.add(number)
            elif space[number].strong:
                if strong is not None:
                    _join(self._strong, strong, number)
                strong = number

    def doubtful(self) -> Iterator[list[str]]:
        """Components, by uids, that are not surely what they should be; each once."""
        components: dict[int, list[int]] = {}
        for number, parent in enumerate(self._parent):
            root = number if parent < 0 else _root(self._parent, number)
            components.setdefault(root, []).append(number)
        for numbers in components.values():
            if not (self._is_one(numbers) and self._may_be_one(numbers)):
                yield [self._uids[number] for number in numbers]

    def owners(self, uids: Iterable[str]) -> set[str]:
        """Customers who have identifiers now."""
        return {owner for uid in uids if (owner := self._owner[self._number[uid]]) is not None}

    def is_walked(self, uid: str) -> bool:
        """Whether an identifier takes part in links."""
        return self._parent[self._number[uid]] >= 0

    def is_closed(self, component: Sequence[str]) -> bool:
        """Whether everybody who has an identifier of a component has no other."""
        return sum(self._owned[owner] for owner in self.owners(component)) == len(component)

    def _is_one(self, numbers: Sequence[int]) -> bool:
        """Whether all of them are one customer's, who has nothing else and had them for ever."""
        owner = self._owner[numbers[0]]
        return (
            owner is not None
            and self._owned[owner] == len(numbers)
            and all(self._owner[number] == owner and number not in self._special for number in numbers)
        )

    def _may_be_one(self, numbers: Sequence[int]) -> bool:
        """Whether nothing can speak against any link among them.

        Within every limit nothing is over one, and nobody is shared, since one customer has at most one of each kind
        that makes others shared. Persons whom strong links join are joined before a device is looked at; where a
        contact stands between two persons the order of links matters, so that has to be resolved.
        """
        if len(numbers) == 1:
            return True
        spaces = [self._space[number] for number in numbers]
        counts = Counter(space.name for space in spaces)
        if any(space.limit is not None and counts[space.name] > space.limit for space in spaces):
            return False
        persons = [number for number, space in zip(numbers, spaces, strict=True) if space.person]
        if len(persons) < 2:
            return True
        if any(space.contact for space in spaces) or not self._contact.isdisjoint(numbers):
            return False
        first = _root(self._strong, persons[0])
        return all(_root(self._strong, person) == first for person in persons)


def batches(components: Iterable[list[str]], size: int) -> Iterator[list[list[str]]]:
    """Components in groups of about `size` identifiers; a larger component stands alone."""
    batch: list[list[str]] = []
    count = 0
    for uids in components:
        if batch and count + len(uids) > size:
            yield batch
            batch, count = [], 0
        batch.append(uids)
        count += len(uids)
    if batch:
        yield batch


def _space(namespace: str, policy: IdentityPolicy) -> _Space:
    own = policy.of(namespace)
    return _Space(
        namespace,
        own.limit,
        strong=own.identifier_class not in _WEAK,
        contact=own.identifier_class is IdentifierClass.CONTACT,
        person=own.identifier_class is IdentifierClass.PERSON,
        verifiable=namespace in VERIFIABLE,
    )


def _root(parent: list[int], number: int) -> int:
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = parent[number]
    return number


def _join(parent: list[int], one: int, other: int) -> None:
    one, other = _root(parent, one), _root(parent, other)
    if one != other:
        parent[max(one, other)] = min(one, other)
