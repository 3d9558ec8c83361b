"""Worked cases of identity: what is seen together, who is whose then, and the ways in which calls arrive."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graph.identity.policy import DEFAULT
from tests.support.applied import wait_until_applied
from tests.support.client import Client
from tests.support.service import Stores
from tests.support.sightings import sighting

Call = dict[str, Any]
Calls = list[Call]
Mode = Callable[[Calls], list[Calls]]
SENDERS = 16

NAMESPACES = {
    "M": "user_id",
    "c": "anonymous_id",
    "d": "device_id",
    "e": "email",
    "p": "phone",
    "u": "wx_unionid",
    "a": "wx_openid:A",
    "b": "wx_openid:B",
    "x": "crm:x",
    "y": "crm:y",
    "z": "crm:z",
}
FIELDS = {"user_id": "member", "anonymous_id": "cookie", "device_id": "device"}


@dataclass(frozen=True)
class Case:
    """What is seen together when (seconds), and what follows.

    A name is the letter of its namespace and a number: `M1` is a member. Names are other people's in each run.

    Args:
        calls: names in one call; one that is there twice is spelled in two ways.
        customers: who is one customer.
        events: whose events, by their seconds.
        cut: of links that are cut ("the stronger name, the other"): why, and which pair they would have joined.
    """

    calls: Sequence[tuple[int, str]]
    customers: Sequence[str] = ()
    events: Mapping[str, Sequence[int]] = field(default_factory=dict)
    cut: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def links(self) -> dict[str, list[int]]:
        """The names that each call joins, its strongest to each other one, and when it did."""
        seen: dict[str, list[int]] = {}
        for at, together in self.calls:
            strongest, *others = sorted(dict.fromkeys(together.split()), key=rank)
            for other in others:
                seen.setdefault(f"{strongest} {other}", []).append(at)
        return seen

    def names(self) -> list[str]:
        """Everybody who is seen, in order of appearance."""
        return list(dict.fromkeys(name for _, together in self.calls for name in together.split()))


def rank(name: str) -> int:
    """How strong an identifier is; the least is the strongest."""
    return DEFAULT.of(NAMESPACES[name[0]]).rank


class Names:
    """Values of one run of one case, nobody else's."""

    def __init__(self, run: str):
        self._run = run
        self._names: dict[tuple[str, str], str] = {}

    def of(self, name: str) -> tuple[str, str]:
        """Namespace and value."""
        namespace = NAMESPACES[name[0]]
        match namespace:
            case "email":
                value = f"{name.lower()}.{self._run}@example.org"
            case "phone":
                digits = random.Random(self._run + name).randrange(10**8)
                value = f"+86139{digits:08d}"
            case "wx_openid:A" | "wx_openid:B":
                # The same text in both apps.
                value = f"o{name[1:]}-{self._run}"
            case _:
                value = f"{name}-{self._run}"
        self._names[namespace, value] = name
        return namespace, value

    def named(self, identifiers: Sequence[Mapping[str, str]]) -> str:
        """The names of shown identifiers, sorted."""
        return " ".join(sorted(self._names[one["namespace"], one["value"]] for one in identifiers))

    def ids(self, case: Case) -> list[str]:
        """The message ids of its calls."""
        return [f"{self._run}-{number}" for number in range(len(case.calls))]

    def calls(self, case: Case) -> Calls:
        """Track calls with message ids of their own."""
        ids = self.ids(case)
        return [{**self.call(at, names), "messageId": ids[n]} for n, (at, names) in enumerate(case.calls)]

    def call(self, at: int, names: str, kind: str = "track", **more: Any) -> Call:
        """One call; its message id is to be set."""
        named: dict[str, str] = {}
        # What the fields of a call do not hold: a second value of a namespace, or the same in another spelling.
        more_ids: list[tuple[str, str]] = []
        for namespace, value in map(self.of, names.split()):
            if namespace not in named:
                named[namespace] = value
            else:
                same = named[namespace] == value
                more_ids.append((namespace, _otherwise(namespace, value) if same else value))
        shown = {FIELDS.get(namespace, namespace.replace(":", "__")): value for namespace, value in named.items()}
        made: Call = sighting(at, kind=kind, **shown, **more)
        for namespace, value in more_ids:
            if namespace == "anonymous_id":
                made["previousId"] = value
            else:
                made["context"]["externalIds"].append({"type": namespace, "id": value})
        return made


def _otherwise(namespace: str, value: str) -> str:
    match namespace:
        case "email":
            return value.upper()
        case "phone":
            return value.removeprefix("+86")
        case _:
            return f" {value} "


def in_order(calls: Calls) -> list[Calls]:
    """One sender."""
    return [list(calls)]


def shuffled(calls: Calls) -> list[Calls]:
    """One sender, any order."""
    return [random.Random(len(calls)).sample(calls, len(calls))]


def repeated(calls: Calls) -> list[Calls]:
    """One sender sends each call three times, in any order."""
    return [random.Random(1).sample(calls * 3, len(calls) * 3)]


def by_sixteen(calls: Calls) -> list[Calls]:
    """Each call four times, by sixteen senders at once."""
    return by_many(calls, SENDERS)


def by_many(calls: Calls, senders: int) -> list[Calls]:
    """Each call four times, by so many senders at once."""
    mixed = random.Random(2).sample(calls * 4, len(calls) * 4)
    return [mixed[number::senders] for number in range(senders)]


MODES: list[Mode] = [in_order, shuffled, repeated, by_sixteen]


async def send(client: Client, behind: Stores, parts: Sequence[Calls], batch_calls: int = 1) -> None:
    """Each sender its calls in order, so many a request; returns when all have been applied, the repeats too."""

    async def sender(calls: Calls) -> None:
        for start in range(0, len(calls), batch_calls):
            await client.track(*calls[start : start + batch_calls])

    await asyncio.gather(*map(sender, parts))
    await wait_until_applied(behind)
