"""Tags by SQL: a statement is checked by the columnar store when it is saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from tests.api.graphql.test_tags import CREATE, SEGMENT, UPDATE, create, queued
from tests.support.answering import answering
from tests.support.api import Api
from tests.support.line import Line

TOTALS = 'SELECT customer_id, sum(total_number) AS value FROM events."Bought" GROUP BY customer_id'


def sql(text: str, of_type: str = "NUMBER") -> dict[str, object]:
    return {"sql": {"text": text, "type": of_type}}


@pytest.fixture
async def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    line = Line.of(graph, redis, keyring)
    call = {"type": "track", "event": "Bought", "userId": "ann", "messageId": "m1", "properties": {"total": 5}}
    await line.apply(call)
    return line


async def changed(api: Api, **given: object) -> dict[str, Any]:
    done: dict[str, Any] = (await api.data(UPDATE, {"key": "spent", "input": given}))["updateTag"]
    return done


async def test_a_statement_is_checked_when_it_is_saved(
    api: Api, line: Line, settings: Settings, graph: GraphClient, redis: Redis, tmp_path: Path
) -> None:
    async with answering(graph, redis, settings, tmp_path):
        made = await create(api, "spent", sql(TOTALS), mode="DAILY", zone="Asia/Shanghai")
        assert (made["kind"], made["valueType"], made["mode"], made["status"]) == ("SQL", "NUMBER", "DAILY", "BUILDING")
        assert made["definition"] == sql(TOTALS)
        assert await queued(redis) == ["build_tag:spent:1"]

        refused = {
            field: (await create(api, "other", definition, mode="DAILY"))["field"]
            for field, definition in {
                "input.definition.sql.text": sql("SELECT * FROM read_csv('/etc/passwd')"),
                "input.definition.sql.type": sql(TOTALS, "STRING"),
            }.items()
        }
        assert list(refused) == list(refused.values())
        assert (await create(api, "other", sql("x" * 10_001), mode="DAILY"))["field"] == "input.definition.sql.text"
        live = await create(api, "other", sql(TOTALS), mode="LIVE")
        assert (live["field"], live["hint"]) == ("input.mode", "Choose DAILY, WEEKLY or MANUAL.")

        no_view = await changed(api, definition=sql(TOTALS.replace("Bought", "Sold")))
        assert no_view["message"] == "There is no view 'events.Sold'."
        assert (await changed(api, mode="LIVE"))["field"] == "input.mode"
        other = await changed(api, definition=sql(TOTALS.replace("sum", "max")))
        assert (other["version"], other["status"]) == (2, "BUILDING")


async def test_without_the_columnar_store_no_statement_is_saved(api: Api, redis: Redis) -> None:
    given = {"key": "spent", "name": "Spent", "definition": sql(TOTALS), "mode": "DAILY"}

    assert (await api.error(CREATE, {"input": given}))["extensions"]["code"] == "UNAVAILABLE"
    assert await queued(redis) == []


async def test_a_rule_names_the_tag_by_its_type(
    api: Api, line: Line, settings: Settings, graph: GraphClient, redis: Redis, tmp_path: Path
) -> None:
    async with answering(graph, redis, settings, tmp_path):
        await create(api, "spent", sql(TOTALS), mode="MANUAL")
    wrong = {"tag": {"key": "spent", "op": "CONTAINS", "values": ["x"]}}
    right = {"tag": {"key": "spent", "op": "GTE", "values": [3]}}

    assert (await api.data(SEGMENT, {"key": "s", "rule": wrong}))["createSegment"]["field"] == "input.rule.tag.op"
    assert (await api.data(SEGMENT, {"key": "s", "rule": right}))["createSegment"]["__typename"] == "Segment"
    # Calls are evaluated as before, though nobody computes such a tag for a single customer.
    await line.apply({"type": "track", "event": "Bought", "userId": "ben", "messageId": "m2"})
    assert await line.customer("user_id", "ben") is not None


async def test_what_a_statement_reads_is_in_use(
    api: Api, line: Line, settings: Settings, graph: GraphClient, redis: Redis, tmp_path: Path
) -> None:
    await api.data(SEGMENT, {"key": "base", "rule": {"everyone": True}})
    await create(api, "points", {"manual": True})
    reading = """SELECT b.customer_id, sum(total_number) AS value FROM events."Bought" AS b JOIN segments AS s
      ON s.customer_id = b.customer_id JOIN tags AS t ON t.customer_id = b.customer_id
      WHERE s.segment = 'base' AND t.tag = 'points' AND t.text <> 'nothing-of-the-kind' GROUP BY 1"""
    deleted = """mutation { deleteSegment(key: "base") { ... on ValidationError { message } }
      deleteTag(key: "points") { ... on ValidationError { message } } }"""
    used = """{ segment(key: "base") { upkeep { usedBy { kind key } } }
      tag(key: "points") { upkeep { usedBy { key } } } }"""
    async with answering(graph, redis, settings, tmp_path):
        await create(api, "spent", sql(reading), mode="MANUAL")
        refused = await api.data(deleted)
        assert {one["message"] for one in refused.values()} == {"In use by tag:spent."}
        # A change that says nothing of the statement does not forget what it reads.
        assert (await changed(api, name="Spent so far"))["__typename"] == "Tag"
        found = await api.data(used)
        assert found["segment"]["upkeep"]["usedBy"] == [{"kind": "TAG", "key": "spent"}]
        assert found["tag"]["upkeep"]["usedBy"] == [{"key": "spent"}]

        assert (await changed(api, definition=sql(TOTALS)))["__typename"] == "Tag"
        done = await api.ask(deleted)

    assert done["data"] == {"deleteSegment": {}, "deleteTag": {}}
