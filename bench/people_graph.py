"""Fills an empty graph with a generated stream as if every call had been applied: a million identifiers in minutes.

The write path would take an hour for it. What it would have written follows from the pure functions: customers,
stretches of time, evidence, links (without the keys of their evidence), calls. Observations are left out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from base import clock
from base.ids import call_id, new_customer_id
from base.keys import Keyring
from bench.queries import load
from bench.resolving import resolve_all
from bench.streams.records import Record, extracted, uid_of
from bench.streams.stream import Stream
from graph.client import GraphClient, Transaction
from graph.identity.evidence import evidence_key
from graph.identity.ownership import SINCE_EVER
from graph.identity.policy import DEFAULT
from graph.identity.sides import pair
from graph.queries import Query
from graph.repositories.identity import ACTIVE, SHARED
from graph.repositories.resolution import ResolutionRows, write

SOURCE = "default"
BATCH_ROWS = 5_000
MARKER = "people.json"

_CREATE_IDENTIFIERS = load("create_identifiers")
_CREATE_EVIDENCE = load("create_evidence")
_CREATE_LINKS = load("create_links")
_CREATE_CALLS = load("create_calls")
Row = dict[str, Any]


async def fill_people(graph: GraphClient, keyring: Keyring, persons: int, directory: Path, seed: int = 1) -> int:
    """Write everybody of a stream, unless the directory says that it was done; the number of identifiers.

    Raises:
        RuntimeError: the directory holds other people.
    """
    marker, wanted = directory / MARKER, {"persons": persons, "seed": seed}
    if marker.is_file():
        found = json.loads(marker.read_text(encoding="utf-8"))
        if found["wanted"] != wanted:
            raise RuntimeError(f"{directory} holds other people: remove it")
        return int(found["identifiers"])
    started_s = time.perf_counter()
    records = Stream(persons, seed).generate().records
    writer = _Writer(graph, keyring, records)
    await writer.write()
    taken_s = round(time.perf_counter() - started_s)
    marker.write_text(json.dumps({"wanted": wanted, "identifiers": writer.count, "taken_s": taken_s}), encoding="utf-8")
    return writer.count


class _Writer:
    def __init__(self, graph: GraphClient, keyring: Keyring, records: Sequence[Record]):
        self._graph = graph
        self._keyring = keyring
        self._records = records
        self._resolved = resolve_all(records)
        self._uids: dict[tuple[str, str], str] = {}
        self._seen: dict[str, tuple[int, int]] = {}
        self._sets: dict[str, Row] = {}
        self.count = 0

    async def write(self) -> None:
        """Customers, identifiers, evidence, calls; in this order, since each names the one before."""
        calls = list(self._calls())
        self.count = len(self._uids)
        ids = [new_customer_id() for _ in self._resolved.customers]
        for part in _parts(ids):
            await self._create_customers(part)
        await self._run(_CREATE_IDENTIFIERS, self._identifiers(ids), at=clock.now_ms())
        await self._run(_CREATE_EVIDENCE, self._sets.values())
        await self._run(_CREATE_LINKS, self._links(), rule_version=DEFAULT.version)
        await self._run(_CREATE_CALLS, calls)

    def _calls(self) -> Iterator[Row]:
        taken: set[str] = set()
        shared = self._resolved.shared
        for record in self._records:
            if record.message_id in taken:
                continue
            taken.add(record.message_id)
            named: dict[str, tuple[int, bool, str]] = {}
            for namespace, value, verified in extracted(record).identifiers:
                rank = DEFAULT.of(namespace, verified).rank
                named[self._uid(namespace, value, record.at_ms)] = rank, verified, uid_of(namespace, value)
            if not named:
                continue
            order = sorted(named, key=lambda uid: (named[uid][0], uid))
            hung = next((uid for uid in order if named[uid][2] not in shared), order[0])
            key = self._note_set([(uid, named[uid][1]) for uid in order], record.at_ms)
            yield {
                "uid": hung,
                "id": call_id(SOURCE, record.message_id),
                "at": record.at_ms,
                "source": SOURCE,
                "identifiers": order,
                "evidence": key,
            }

    def _uid(self, namespace: str, value: str, at_ms: int) -> str:
        key = namespace, value
        uid = self._uids.get(key)
        if uid is None:
            uid = self._uids[key] = self._keyring.uid(namespace, value)
        first, last = self._seen.get(uid, (at_ms, at_ms))
        self._seen[uid] = min(first, at_ms), max(last, at_ms)
        return uid

    def _note_set(self, members: Sequence[tuple[str, bool]], at_ms: int) -> str | None:
        if len(members) < 2:
            return None
        key = evidence_key(SOURCE, members)
        row = self._sets.get(key)
        if row is None:
            self._sets[key] = {
                "key": key,
                "source": SOURCE,
                "first_at": at_ms,
                "last_at": at_ms,
                "count": 1,
                "members": [list(one) for one in members],
            }
        else:
            row["count"] += 1
            row["first_at"], row["last_at"] = min(row["first_at"], at_ms), max(row["last_at"], at_ms)
        return key

    def _identifiers(self, ids: Sequence[str]) -> Iterator[Row]:
        resolved = self._resolved
        for (namespace, value), uid in self._uids.items():
            name = uid_of(namespace, value)
            holds = [[hold.start, hold.end, ids[hold.customer], False] for hold in resolved.holds.get(name, ())]
            yield {
                "uid": uid,
                "namespace": namespace,
                "cipher": self._keyring.seal_display(value, uid),
                "status": SHARED if name in resolved.shared else ACTIVE,
                "first_seen": self._seen[uid][0],
                "last_seen": self._seen[uid][1],
                "holds": holds or [[SINCE_EVER, None, ids[resolved.customer_of[name]], True]],
            }

    def _links(self) -> Iterator[Row]:
        uids = {uid_of(namespace, value): uid for (namespace, value), uid in self._uids.items()}
        for link in self._resolved.links:
            a, b = pair(uids[link.a], uids[link.b])
            yield {
                "a": a,
                "b": b,
                "status": "accepted" if link.rejected is None else "rejected",
                "reason": link.rejected,
                "blocking": list(pair(*(uids[uid] for uid in link.blocking))) if link.blocking else None,
                "first_at": link.first_at,
                "last_at": link.last_at,
                "count": link.count,
            }

    async def _create_customers(self, ids: Sequence[str]) -> None:
        async def work(tx: Transaction) -> None:
            await write(tx, ResolutionRows(created=ids), DEFAULT.version, clock.now_ms())

        await self._graph.write("bench_customers", work)

    async def _run(self, query: Query, rows: Iterable[Row], **more: object) -> None:
        for part in _parts(rows):

            async def work(tx: Transaction, part: Sequence[Row] = part) -> None:
                await tx.run(query, rows=part, **more)

            await self._graph.write(query.name, work)


def _parts(rows: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(rows)
    while part := list(islice(iterator, BATCH_ROWS)):
        yield part
