"""Consents of a file: as calls say them, with the wrong lines told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from base.errors import BadInput
from base.keys import Keyring
from graph.client import GraphClient
from graph.repositories.quarantine import QuarantineRepository
from ingest.imports.mapping import check_mapping
from ingest.imports.run import Destination
from ingest.stream import IngestStream
from tests.api.ingest.test_import import counts, run_import, write_csv
from tests.support.line import Line, query
from tests.support.sealed import opened
from tests.support.working import working

NEWSLETTER: dict[str, Any] = {
    "source": "crm",
    "identifiers": {"email": "mail"},
    "time": {"column": "at"},
    "consents": [
        {
            "purpose": "marketing",
            "channel": "email",
            "state": "newsletter",
            "values": {"yes": "granted", "no": "denied"},
            "version": "text",
            "expires_at": "until",
        },
        {"purpose": "analytics", "state": "analytics"},
    ],
}
_ATTRIBUTES = query("MATCH (c:Customer {id: $id}) RETURN c.attributes AS attributes")


def row(mail: str, newsletter: str, analytics: str = "", until: str = "", at: str = "2026-01-01") -> dict[str, str]:
    return {"mail": mail, "newsletter": newsletter, "analytics": analytics, "text": "7", "until": until, "at": at}


async def test_a_file_says_what_people_agreed_to_and_wrong_lines_are_told(
    tmp_path: Path, stream: IngestStream, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    rows = [
        row("a@shop.example", "yes", "Withdrawn", "2030-01-01"),
        row("b@shop.example", "no"),
        row("c@shop.example", "maybe"),
        row("d@shop.example", "yes", "expired"),
        row("e@shop.example", "yes", until="soon"),
        row("f@shop.example", "yes", at="yesterday"),
        row("not an address", "yes"),
        row("g@shop.example", ""),
    ]
    async with working(graph, redis, keyring):
        destination = Destination(stream, QuarantineRepository(graph))
        path = write_csv(tmp_path / "consents.csv", rows)
        progress, rejects = await run_import(path, destination, NEWSLETTER, wait=True)
    assert counts(progress) == (8, 3, 5, 0)
    told = {each["row"]: each["reason"] for each in map(json.loads, rejects.read_text().splitlines())}
    assert told == {3: "BAD_ROW", 4: "BAD_ROW", 5: "BAD_ROW", 6: "BAD_ROW", 7: "NO_USABLE_IDENTIFIER"}

    line, said = Line.of(graph, redis, keyring), {}
    for name in "abg":
        customer = await line.customer("email", f"{name}@shop.example")
        (found,) = await graph.read(_ATTRIBUTES, id=customer)
        said[name] = {
            key: one["v"] for key, one in json.loads(opened(graph, {"id": customer, **found})["attributes"]).items()
        }
    assert said == {
        "a": {
            "$consent/analytics/*": [1, None, None, None],
            "$consent/marketing/email": [0, "7", None, 1_893_456_000_000],
        },
        "b": {"$consent/marketing/email": [2, "7", None, None]},
        "g": {},
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"consents": [{"purpose": "A b", "state": "x"}]}, "consents.0.purpose"),
        ({"consents": [{"purpose": "a", "state": "x", "channel": "é"}]}, "consents.0.channel"),
        ({"consents": [{"purpose": "a", "state": "x"}] * 51}, "consents"),
        ({"time": None}, "time"),
        ({"consents": [{"purpose": "a", "state": "x", "values": {"y": "maybe"}}]}, None),
        ({"consents": [{"purpose": "a"}]}, None),
    ],
)
def test_a_wrong_mapping_is_refused(change: dict[str, Any], field: str | None) -> None:
    with pytest.raises(BadInput) as refused:
        check_mapping({key: value for key, value in (NEWSLETTER | change).items() if value is not None})
    assert refused.value.field == field
