"""`kith import` of a file gives the same picture as the same calls through the API."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.support.applied import wait_until_drained
from tests.support.client import Client
from tests.support.service import Service, Stores

CUSTOMERS, ORDERS_EACH = 20, 4
SEGMENT = "import-big"
MAPPING = """
source = "till"
[identifiers]
user_id = "member"
phone = "mobile"
[traits]
name = "name"
[event]
name = "Till Order"
[properties]
amount = { column = "amount", type = "number" }
[time]
column = "at"
[message_id]
column = "order"
"""
PROFILE = """query ($value: String!) { customer(identifier: {namespace: "user_id", value: $value}) {
  identifiers { namespace } attributes(names: ["name"]) { name value observedAt } segments { segment { key } }
  events(first: 100) { edges { node { name at properties } } } } }"""


def rows_of(prefix: str) -> list[dict[str, str]]:
    return [
        {
            "member": f"{prefix}-{customer}",
            "mobile": f"13{'5' if prefix == 'file' else '7'}{customer:04d}{customer * 37 % 10_000:04d}",
            "name": f"customer {customer}",
            "amount": str(10 * customer + order),
            "at": f"2026-07-{order + 1:02d}T08:{customer:02d}:00Z",
            "order": f"{prefix}-{customer}-{order}",
        }
        for customer in range(CUSTOMERS)
        for order in range(ORDERS_EACH)
    ]


def calls_of(row: dict[str, str]) -> list[dict[str, object]]:
    """What the mapping says of a row, as calls."""
    who = {"userId": row["member"], "context": {"traits": {"phone": row["mobile"]}}, "timestamp": row["at"]}
    properties = {"amount": float(row["amount"])}
    return [
        {"type": "identify", "traits": {"name": row["name"]}, "messageId": row["order"] + ":identify", **who},
        {"type": "track", "event": "Till Order", "properties": properties, "messageId": row["order"], **who},
    ]


async def pictures(client: Client, prefix: str) -> list[Any]:
    return [await client.ask(PROFILE, value=f"{prefix}-{number}") for number in range(CUSTOMERS)]


@pytest.mark.timeout(300)
async def test_a_file_and_the_api_give_the_same_picture(
    client: Client, service: Service, behind: Stores, tmp_path: Path
) -> None:
    sum_of = {"kind": "SUM", "property": "amount"}
    rule = {"event": {"name": "Till Order", "measure": sum_of, "op": "GT", "values": [400]}}
    await client.create_segments({SEGMENT: rule})
    rows, file, mapping = rows_of("file"), tmp_path / "orders.csv", tmp_path / "orders.toml"
    mapping.write_text(MAPPING)
    with file.open("w", newline="", encoding="utf-8") as text:
        writer = csv.DictWriter(text, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)

    first = service.kith("import", str(file), "--mapping", str(mapping), "--wait", "120")
    again = service.kith("import", str(file), "--mapping", str(mapping), "--wait", "120")
    for row in rows_of("api"):
        await client.track(*calls_of(row))
    await wait_until_drained(behind)

    count = 2 * CUSTOMERS * ORDERS_EACH
    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert f" {count} " in first.stdout
    assert "Going on" in again.stderr or f" {count} " in again.stdout
    imported, tracked = await pictures(client, "file"), await pictures(client, "api")
    assert imported == tracked
    assert [len(one["events"]["edges"]) for one in imported] == [ORDERS_EACH] * CUSTOMERS
    inside = [[SEGMENT] if ORDERS_EACH * 10 * number + 6 > 400 else [] for number in range(CUSTOMERS)]
    assert [[found["segment"]["key"] for found in one["segments"]] for one in imported] == inside
