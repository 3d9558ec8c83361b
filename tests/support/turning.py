"""A graph with something of everything that is encrypted, and what it is encrypted with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from access.phones import open_phone, phone_index, seal_phone
from access.second_factor import place
from audit.chain import block_name
from base.clock import now_ms
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from graph.repositories.audit import AuditNotes
from graph.repositories.customer import CustomerKey, CustomerRepository, ProfileNeed
from graph.repositories.event import EventsAsked
from graph.repositories.quarantine import QuarantineRow, put
from graph.repositories.user import create as create_user
from tests.support.audit import Audit
from tests.support.line import Line, query
from tests.support.sealed import opened
from tests.support.sightings import sighting

OLD = "0f" * 32
RING = f"1:{OLD}\n2:{'aa' * 32}"
WHOLE = ProfileNeed(identifiers=True, events=EventsAsked(count=10))


def client_of(settings: Settings, secrets: str) -> GraphClient:
    return GraphClient.of(settings.model_copy(update={"secret_key": secrets}))


def calls(people: Sequence[int]) -> list[dict[str, object]]:
    """Of each person an identify, a track and a group call; with a blocked value, a context and an unknown key."""
    found: list[dict[str, object]] = []
    for n in people:
        traits = {"name": f"Mia Keller{n}", "city": f"Basel {n}"}
        found += [
            sighting(10 * n, member=f"M{n}", phone=f"+86138000{n:05d}", traits=traits),
            {
                **sighting(10 * n + 1, kind="track", member=f"M{n}"),
                "properties": {"street": f"Rheingasse {n}"},
                "context": {
                    "ip": "203.0.113.9",
                    "traits": {"phone": "null"},
                    "consent": {"categoryPreferences": {"Advertising": True}},
                },
                "hint": "spring",
            },
            {**sighting(10 * n + 2, member=f"M{n}", group=f"home {n}"), "traits": {"doorbell": f"Keller {n}"}},
        ]
    return found


async def put_aside(line: Line) -> None:
    sealed = line.keyring.seal_entry(b'{"userId":"M"}')
    row = QuarantineRow(
        id="put-aside", message_id="m", source="s", kind="track", reason="R", detail="", at=1, sealed=sealed
    )
    await line.graph.write("test", lambda tx: put(tx, [row]))


async def read(line: Line, member: str) -> dict[str, object]:
    """A profile as people see it."""
    key = CustomerKey(uid=line.uid("user_id", member))
    found = (await CustomerRepository(line.graph).get_profiles([key], WHOLE))[key]
    assert found.identifiers is not None
    assert found.events is not None
    return {
        "attributes": {name: bytes(one.v) for name, one in found.attributes.items()},
        "identifiers": sorted(line.keyring.open_display(one.cipher, one.uid) for one in found.identifiers),
        "events": [bytes(one.properties) for one in found.events],
    }


async def nodes(graph: GraphClient) -> list[dict[str, object]]:
    """Everything that is kept, documents and displayed values opened."""
    rows = await graph.read(_KEPT)
    found = []
    for row in rows:
        held = opened(graph, row["held"])
        if "totp" in held:
            held["totp"] = graph.personal.keyring.open_display(held["totp"], place(held["phone"]))
            held["sealed"] = open_phone(graph.personal.keyring, held["sealed"], held["phone"])
        for name, bound in (("cipher", "uid"), ("blocked", "id")):
            if isinstance(held.get(name), bytes):
                held[name] = graph.personal.keyring.open_display(held[name], held[bound])
        if isinstance(held.get("sealed"), bytes):
            held["sealed"] = _unsealed(graph.personal.keyring, held)
        found.append(held)
    return sorted(found, key=repr)


def _unsealed(keyring: Keyring, held: Mapping[str, Any]) -> bytes:
    if "due" in held:
        return keyring.open_audit(held["sealed"], held["id"])
    if "last" in held:
        return keyring.open_audit(held["sealed"], block_name(held["last"]))
    return keyring.open_entry(held["sealed"])


async def log(line: Line) -> Audit:
    """An operation log of some entries, and a change that is under way."""
    audit = Audit(line.graph, line.redis, line.keyring)
    await audit.write(["a0", "a1"])
    await AuditNotes(line.graph).begin("n1", line.keyring.seal_audit(b"{}", "n1"), now_ms() + 600_000)
    return audit


async def sign_up(line: Line) -> None:
    """A user with a second factor."""
    phone = "+8613800138000"
    index = phone_index(line.keyring, phone)
    held = {"id": "usr_1", "sealed": seal_phone(line.keyring, phone), "name": "Ann", "status": "ACTIVE", "roles": []}
    held |= {"totp": line.keyring.seal_display("SECRET", place(index)), "password": "x", "must_change": False}
    held |= {"created_at": 1, "created_by": "cli"}
    await line.graph.write("test", lambda tx: create_user(tx, index, held))


def used(counted: Mapping[str, Mapping[int, int]]) -> set[int]:
    return {version for counts in counted.values() for version, count in counts.items() if count}


_KEPT = query(
    """
    MATCH (n) WHERE NOT n:KeyVersion AND NOT n:KeyRotation
    RETURN elementId(n) AS n, properties(n) AS held
    """
)
