"""Who listens to what: the subscribers of one kind of changes by the keys that they want to hear of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Generic

from delivery.change import PublishedChange, PublishedCustomerChange
from delivery.subscriber import P, Subscriber


class Audience(Generic[P]):
    """Subscribers that have joined. No method waits."""

    def __init__(self) -> None:
        self._of_all: set[Subscriber[P]] = set()
        self._of_key: defaultdict[str, set[Subscriber[P]]] = defaultdict(set)

    def join(self, subscriber: Subscriber[P]) -> None:
        """Offer it every later change that it wants."""
        if subscriber.keys is None:
            self._of_all.add(subscriber)
        else:
            for key in subscriber.keys:
                self._of_key[key].add(subscriber)

    def leave(self, subscriber: Subscriber[P]) -> None:
        """Offer it no more."""
        self._of_all.discard(subscriber)
        for key in subscriber.keys or ():
            if key in self._of_key:
                self._of_key[key].discard(subscriber)
                if not self._of_key[key]:
                    del self._of_key[key]

    def clear(self) -> set[Subscriber[P]]:
        """Let everybody leave; who was there."""
        everybody = self._of_all.union(*self._of_key.values())
        self._of_all.clear()
        self._of_key.clear()
        return everybody

    def offer(self, changes: Sequence[P]) -> set[Subscriber[P]]:
        """Queue changes, ascending, for everybody who wants them.

        Returns:
            Those whose queues are full.
        """
        if not changes:
            return set()
        full = {subscriber for subscriber in self._of_all if not subscriber.offer(changes)}
        if self._of_key:
            wanted: defaultdict[Subscriber[P], list[P]] = defaultdict(list)
            for one in changes:
                for subscriber in self._concerned(one):
                    wanted[subscriber].append(one)
            full.update(subscriber for subscriber, those in wanted.items() if not subscriber.offer(those))
        return full

    def _concerned(self, one: P) -> set[Subscriber[P]]:
        keys = keys_of(one)
        concerned = self._of_key.get(keys[0], set())
        if len(keys) == 1:
            return concerned
        concerned = concerned.union(*(self._of_key.get(key, ()) for key in keys[1:]))
        for subscriber in concerned:
            for key in follow(subscriber, one):
                self._of_key[key].add(subscriber)
        return concerned


def keys_of(one: PublishedChange | PublishedCustomerChange) -> tuple[str, ...]:
    """Whom a change concerns: a segment, or one or two customers."""
    if isinstance(one, PublishedChange):
        return (one.change.segment,)
    return (one.change.customer,) if one.change.other is None else (one.change.customer, one.change.other)


def wants(subscriber: Subscriber[P], one: P) -> bool:
    """Whether a subscriber that has not joined yet is to get a change."""
    return subscriber.keys is None or not subscriber.keys.isdisjoint(keys_of(one))


def follow(subscriber: Subscriber[P], one: P) -> list[str]:
    """Who hears of a customer hears of its survivor after a merge: the keys that this adds."""
    if not isinstance(one, PublishedCustomerChange) or subscriber.keys is None:
        return []
    change = one.change
    if change.kind != "MERGED" or change.other is None or change.other in subscriber.keys:
        return []
    subscriber.keys.add(change.other)
    return [change.other]
