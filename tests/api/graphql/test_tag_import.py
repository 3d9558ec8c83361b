"""Imported values of tags: who has an identifier has its value, whoever that is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from base import clock
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from tests.api.graphql.test_segment_import import SAID, people, seen, told
from tests.api.graphql.test_segments import create as create_segment
from tests.api.graphql.test_tags import DELETE, UPDATE, create, move
from tests.support.answering import answering
from tests.support.api import Api
from tests.support.dump import dump
from tests.support.line import Line, query
from tests.support.tags import since_of, values_of
from workers.decisions import erasure
from workers.jobs import make_services
from workers.tasks.tag import build_tag, delete_tag

IMPORT = """mutation I($input: ImportTagValuesInput!) { importTagValues(input: $input) { __typename
  ... on TagImport { dryRun found unknown ambiguous duplicates conflicts malformed badValues faulty { row fault }
    tag { key count } }
  ... on ValidationError { field message hint } } }"""
COUNTS = ("found", "unknown", "ambiguous", "duplicates", "conflicts", "malformed", "badValues")
GOLD = {"tag": {"key": "tier", "op": "EQ", "values": ["gold"]}}


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


async def give(api: Api, *rows: tuple[str, object], key: str = "tier", **more: object) -> dict[str, Any]:
    given = [{"id": who, "value": value} for who, value in rows]
    address = {} if "attribute" in more else {"identifier": "email"}
    done: dict[str, Any] = (await api.data(IMPORT, {"input": {"key": key, "rows": given, **address, **more}}))[
        "importTagValues"
    ]
    return done


def counts(done: dict[str, Any]) -> dict[str, int]:
    return {name: done[name] for name in COUNTS if done[name]}


async def tier(api: Api, of_type: str = "STRING", key: str = "tier") -> None:
    made = await create(api, key, {"imported": {"type": of_type}})
    assert (made["kind"], made["status"], made["mode"]) == ("IMPORTED", "LIVE", "LIVE")


async def test_values_are_given_and_each_row_is_reported_once(api: Api, line: Line) -> None:
    ids = await people(line, "ann", "ben", "cat")
    await tier(api)

    rows: list[tuple[str, object]] = [
        (" ANN@x.org ", "gold"),
        ("no-one@x.org", "gold"),
        ("no mail", "gold"),
        ("ben@x.org", None),
        ("ben@x.org", ["gold"]),
        ("ann@x.org", " gold "),
        ("cat@x.org", "basic"),
        ("cat@x.org", "silver"),
    ]
    looked = await give(api, *rows, dryRun=True)
    assert await values_of(line.graph, "tier") == {}
    done = await give(api, *rows)

    assert counts(done) == counts(looked)
    assert done["faulty"] == looked["faulty"]
    assert counts(done) == {
        "found": 2,
        "unknown": 1,
        "duplicates": 1,
        "conflicts": 1,
        "malformed": 1,
        "badValues": 2,
    }
    assert done["faulty"] == [
        {"row": 2, "fault": "UNKNOWN"},
        {"row": 3, "fault": "MALFORMED"},
        {"row": 4, "fault": "BAD_VALUE"},
        {"row": 5, "fault": "BAD_VALUE"},
        {"row": 8, "fault": "CONFLICT"},
    ]
    assert await values_of(line.graph, "tier") == {ids["ann"]: "gold", ids["cat"]: "silver"}
    assert done["tag"] == {"key": "tier", "count": 2}
    [assigned] = (await api.data(f'{{customer(id: "{ids["ann"]}") {{tags {{value labels {{label}}}}}}}}'))["customer"][
        "tags"
    ]
    assert assigned == {"value": "gold", "labels": []}
    why = await api.data(f'{{explain(customer: "{ids["ann"]}", tag: "tier") {{kind answer value}}}}')
    assert why["explain"] == {"kind": "tag", "answer": True, "value": "gold"}


async def test_a_person_with_two_identifiers_in_the_file_has_the_value_of_the_last_row(api: Api, line: Line) -> None:
    await line.apply(seen(1, "ann", "a@x.org"), seen(2, "ann", "b@x.org"))
    ann = str(await line.customer("user_id", "ann"))
    await tier(api, "NUMBER")

    done = await give(api, ("a@x.org", 1), ("b@x.org", 2), ("a@x.org", "1.0"), ("b@x.org", 1))

    assert counts(done) == {"found": 1, "conflicts": 2, "duplicates": 1}
    assert await values_of(line.graph, "tier") == {ann: 1}
    await give(api, ("b@x.org", 7))
    assert await values_of(line.graph, "tier") == {ann: 7}


async def test_rules_that_read_the_tag_follow_in_the_same_commit(api: Api, line: Line) -> None:
    ids = await people(line, "ann", "ben")
    await tier(api)
    await create_segment(api, "golden", GOLD)
    await line.build("golden")

    await give(api, ("ann@x.org", "gold"), ("ben@x.org", "basic"))
    await give(api, ("ann@x.org", "basic"), ("ben@x.org", "gold"))

    assert [(who, kind, cause) for who, kind, cause in await told(line)] == [
        (ids["ann"], "ENTERED", "TAG"),
        *sorted([(ids["ann"], "EXITED", "TAG"), (ids["ben"], "ENTERED", "TAG")]),
    ]


async def test_the_same_file_again_changes_nothing(api: Api, line: Line) -> None:
    await people(line, "ann", "ben")
    await tier(api)
    rows = [("ann@x.org", "gold"), ("ben@x.org", "basic")]
    await give(api, *rows)
    before = await since_of(line.graph, "tier")

    assert counts(await give(api, *rows, mode="REPLACE")) == {"found": 2}

    assert await since_of(line.graph, "tier") == before


async def test_a_replacement_takes_what_is_not_given_again(api: Api, line: Line) -> None:
    ids = await people(line, "ann", "ben", "cat")
    await tier(api)
    await give(api, ("ann@x.org", "gold"), ("ben@x.org", "gold"))

    await give(api, ("ben@x.org", "basic"), ("cat@x.org", "gold"), mode="REPLACE")
    assert await values_of(line.graph, "tier") == {ids["ben"]: "basic", ids["cat"]: "gold"}

    # Who is given a value by another identifier has that one, and the old one is gone.
    await give(api, ("ben", "silver"), mode="REPLACE", identifier="user_id")
    assert await values_of(line.graph, "tier") == {ids["ben"]: "silver"}
    [hung] = await line.graph.read(query("MATCH (i:Identifier)-[:GIVES]->(:Tag) RETURN i.namespace AS id"))
    assert hung["id"] == "user_id"

    refused = await give(api, ("nobody@x.org", "gold"), ("ann@x.org", None), mode="REPLACE")
    assert (refused["field"], refused["message"][:4]) == ("input.rows", "None")
    assert await values_of(line.graph, "tier") == {ids["ben"]: "silver"}
    await give(api, mode="REPLACE")
    assert await values_of(line.graph, "tier") == {}


async def test_who_is_removed_has_no_value_on_whichever_identifier_it_hung(api: Api, line: Line) -> None:
    ids = await people(line, "ann", "ben", "cat")
    await tier(api)
    await give(api, ("ann@x.org", "gold"), ("ben@x.org", "gold"))
    rows: list[tuple[str, object]] = [("ann", None), ("cat", None), ("zoe", None), ("ann", None)]

    looked = await give(api, *rows, mode="REMOVE", identifier="user_id", dryRun=True)
    assert len(await values_of(line.graph, "tier")) == 2
    done = await give(api, *rows, mode="REMOVE", identifier="user_id")

    assert counts(done) == counts(looked) == {"found": 1, "unknown": 2, "duplicates": 1}
    assert await values_of(line.graph, "tier") == {ids["ben"]: "gold"}


async def test_values_go_with_their_identifiers_when_people_are_joined_and_parted(api: Api, line: Line) -> None:
    ids = await people(line, "ann", "ben")
    await tier(api)
    await give(api, ("ben@x.org", "basic"))
    await give(api, ("ann@x.org", "gold"))

    effect = await line.desk().merge(ids["ben"], ids["ann"], SAID)
    assert list((await values_of(line.graph, "tier")).values()) == ["gold"]

    await line.desk().undo(str(effect.decision), SAID)
    parted = {user: str(await line.customer("email", f"{user}@x.org")) for user in ids}
    assert await values_of(line.graph, "tier") == {parted["ann"]: "gold", parted["ben"]: "basic"}


async def test_whoever_gets_an_identifier_that_was_nobodys_gets_its_value(api: Api, line: Line) -> None:
    await people(line, "ann")
    await tier(api)
    await give(api, ("ann@x.org", "gold"))
    call = (await line.graph.read(query("MATCH (c:Call|Event) RETURN c.id AS id")))[0]["id"]
    await line.desk().revoke_call(call, SAID)
    assert await values_of(line.graph, "tier") == {}

    await line.apply(seen(7, "zoe", "ann@x.org"))

    assert await values_of(line.graph, "tier") == {str(await line.customer("user_id", "zoe")): "gold"}


async def test_a_paused_tag_takes_no_import_and_catches_up_when_it_goes_on(
    api: Api, line: Line, settings: Settings, graph: GraphClient, redis: Redis
) -> None:
    ids = await people(line, "ann", "ben")
    await tier(api)
    await give(api, ("ann@x.org", "gold"))
    await move(api, "pauseTag", "tier")

    assert (await give(api, ("ben@x.org", "gold")))["message"] == "The tag is PAUSED."
    assert (await give(api, ("ben@x.org", "gold"), dryRun=True))["hint"] == "resumeTag lets it go on."
    effect = await line.desk().merge(ids["ann"], ids["ben"], SAID)
    await line.desk().undo(str(effect.decision), SAID)
    await move(api, "resumeTag", "tier")
    await build_tag({"services": make_services(settings, graph, redis)}, "tier", 2)

    assert await values_of(line.graph, "tier") == {str(await line.customer("email", "ann@x.org")): "gold"}
    assert (await api.data('{tag(key: "tier") {status}}'))["tag"]["status"] == "LIVE"


async def test_who_is_erased_leaves_no_value(
    api: Api, line: Line, graph: GraphClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await people(line, "ann")
    await tier(api)
    # What is left of the identifier stays while its calls are deleted.
    monkeypatch.setattr(erasure, "PAGE_CALLS", 0)
    await give(api, ("ann", "precious"), identifier="user_id")

    await line.desk().erase(ids["ann"], SAID)

    left = await dump(graph)
    assert "GIVES" not in left
    assert "precious" not in left


async def test_a_deleted_tag_leaves_no_values(
    api: Api, line: Line, settings: Settings, graph: GraphClient, redis: Redis
) -> None:
    await people(line, "ann")
    await tier(api)
    await give(api, ("ann@x.org", "gold"))

    await api.data(DELETE, {"key": "tier"})
    await delete_tag({"services": make_services(settings, graph, redis)}, "tier")

    assert "GIVES" not in await dump(graph)
    await tier(api)
    assert await values_of(line.graph, "tier") == {}


async def test_rows_name_people_by_an_attribute(
    api: Api, line: Line, settings: Settings, graph: GraphClient, redis: Redis, tmp_path: Path
) -> None:
    def member(number: int, user: str, card: object) -> dict[str, object]:
        return {**seen(number, user, f"{user}@x.org"), "traits": {"card": card, "email": f"{user}@x.org"}}

    await line.apply(member(1, "ann", "A1"), member(2, "ben", 77), member(3, "cat", "C"), member(4, "dan", "C"))
    await tier(api)
    async with answering(graph, redis, settings, tmp_path):
        done = await give(
            api, ("A1", "gold"), ("77", "basic"), ("C", "gold"), ("x", "gold"), (" ", "gold"), attribute="card"
        )

    assert counts(done) == {"found": 2, "ambiguous": 1, "unknown": 1, "malformed": 1}
    assert [one["fault"] for one in done["faulty"]] == ["AMBIGUOUS", "UNKNOWN", "MALFORMED"]
    assert await values_of(line.graph, "tier") == {
        str(await line.customer("user_id", "ann")): "gold",
        str(await line.customer("user_id", "ben")): "basic",
    }
    hung = await line.graph.read(query("MATCH (i:Identifier)-[:GIVES]->(:Tag) RETURN i.namespace AS id"))
    assert [row["id"] for row in hung] == ["user_id", "user_id"]


async def test_without_the_columnar_store_rows_cannot_name_attributes(api: Api, line: Line) -> None:
    await tier(api)
    given = {"key": "tier", "attribute": "card", "rows": [{"id": "A1", "value": "gold"}]}

    assert (await api.error(IMPORT, {"input": given}))["extensions"]["code"] == "UNAVAILABLE"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"identifier": "no such thing!"}, "input.identifier"),
        ({"identifier": None}, "input.identifier"),
        ({"attribute": "card"}, "input.identifier"),
        ({"identifier": None, "attribute": ""}, "input.attribute"),
        ({"key": "notes"}, "input.key"),
        ({"rows": [{"id": "x", "value": "y"}] * 10_001}, "input.rows"),
    ],
)
async def test_a_wrong_input_says_where(api: Api, more: dict[str, object], field: str) -> None:
    await tier(api)
    await create(api, "notes", {"manual": True})
    given = {"key": "tier", "identifier": "email", "rows": [{"id": "ann@x.org", "value": "gold"}], **more}

    assert (await api.data(IMPORT, {"input": given}))["importTagValues"]["field"] == field


async def test_a_tag_has_to_be_there_and_its_type_and_kind_stay(api: Api) -> None:
    given = {"key": "none", "identifier": "email", "rows": []}
    assert (await api.error(IMPORT, {"input": given}))["extensions"]["code"] == "NOT_FOUND"
    await tier(api)

    other = (await api.data(UPDATE, {"key": "tier", "input": {"definition": {"imported": {"type": "NUMBER"}}}}))[
        "updateTag"
    ]
    kept = (await api.data(UPDATE, {"key": "tier", "input": {"keepOld": True}}))["updateTag"]
    daily = (await api.data(UPDATE, {"key": "tier", "input": {"mode": "DAILY"}}))["updateTag"]

    assert (other["field"], other["message"]) == ("input.definition", "Imported values are STRING.")
    assert kept["field"] == "input.keepOld"
    assert (daily["mode"], daily["version"]) == ("LIVE", 1)
    assert (await create(api, "odd", {"imported": {"type": "OBJECT"}}))["field"] == "input.definition.imported.type"


async def test_times_are_found_by_the_clock(api: Api, line: Line) -> None:
    ids = await people(line, "ann")
    await tier(api, "TIME", "renewal")
    await give(api, ("ann@x.org", "2026-07-01 12:00"), key="renewal")

    [row] = await line.graph.read(
        query("MATCH (:Customer)-[t:TAGGED]->(:Tag {key: 'renewal'}) RETURN t.instant AS id, t.value AS value")
    )

    assert list((await values_of(line.graph, "renewal")).keys()) == [ids["ann"]]
    assert clock.iso(row["id"]) in row["value"]
