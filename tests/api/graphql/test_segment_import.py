"""Segments of a list: who has one of its identifiers is in, whoever that is."""

from __future__ import annotations

from typing import Any

import pytest
from redis.asyncio import Redis

from base import clock
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from tests.api.graphql.test_segment_archive import ARCHIVE, COPY, UNARCHIVE, build
from tests.api.graphql.test_segments import DELETE, UPDATE, VIP, create
from tests.support.api import Api
from tests.support.dump import dump
from tests.support.line import Line, assert_sequences, query
from workers.decisions import erasure
from workers.decisions.execution import Said
from workers.jobs import make_services
from workers.tasks.segment import delete_segment

IMPORT = """mutation I($input: ImportSegmentInput!) { importSegment(input: $input) { __typename
  ... on SegmentImport { dryRun found unknown duplicates malformed faulty { row fault }
    segment { key name status version rule count } }
  ... on ValidationError { field message hint } } }"""
SAID = Said("ann", "a test")


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


def seen(number: int, user: str, email: str | None = None) -> dict[str, object]:
    """A call of a user, who may have an e-mail."""
    return {
        "type": "identify",
        "messageId": f"m{number}",
        "userId": user,
        "timestamp": clock.iso(clock.now_ms() - 1_000),
        "traits": {} if email is None else {"email": email},
    }


async def people(line: Line, *users: str) -> dict[str, str]:
    """Customers with an e-mail each; their ids by name."""
    await line.apply(*(seen(number, user, f"{user}@x.org") for number, user in enumerate(users)))
    return {user: str(await line.customer("user_id", user)) for user in users}


async def put(api: Api, *values: str, mode: str = "ADD", key: str = "vips", **more: object) -> dict[str, Any]:
    given = {"key": key, "values": list(values), "mode": mode, "identifier": "email", **more}
    done: dict[str, Any] = (await api.data(IMPORT, {"input": given}))["importSegment"]
    return done


async def members(api: Api, key: str = "vips") -> set[str]:
    page = (await api.data("query M($k: String!) {segment(key: $k) {members {edges {node {id}}}}}", {"k": key}))[
        "segment"
    ]["members"]
    return {edge["node"]["id"] for edge in page["edges"]}


async def told(line: Line) -> list[tuple[str, str, str]]:
    changes = await line.changes()
    assert_sequences(changes)
    return [(change.customer, change.kind, change.cause) for change in changes]


async def test_known_values_put_their_people_in_and_the_others_are_reported(api: Api, line: Line) -> None:
    ids = await people(line, "ann", "ben")

    done = await put(api, " ANN@x.org ", "no-one@x.org", "ann@x.org", "no mail", "", "ben@x.org", name="Very important")

    assert done == {
        "__typename": "SegmentImport",
        "dryRun": False,
        "found": 2,
        "unknown": 1,
        "duplicates": 1,
        "malformed": 2,
        "faulty": [
            {"row": 2, "fault": "UNKNOWN"},
            {"row": 4, "fault": "MALFORMED"},
            {"row": 5, "fault": "MALFORMED"},
        ],
        "segment": {
            "key": "vips",
            "name": "Very important",
            "status": "LIVE",
            "version": 1,
            "rule": {"list": "vips"},
            "count": 2,
        },
    }
    assert await members(api) == set(ids.values())
    assert sorted(await told(line)) == sorted((one, "ENTERED", "IMPORT") for one in ids.values())
    assert await line.customer("email", "no-one@x.org") is None


async def test_a_dry_run_only_looks(api: Api, line: Line) -> None:
    await people(line, "ann")

    looked = await put(api, "ann@x.org", "no-one@x.org", dryRun=True)

    assert (looked["dryRun"], looked["found"], looked["unknown"], looked["segment"]) == (True, 1, 1, None)
    assert await told(line) == []


async def test_a_replacement_tells_the_differences_alone(api: Api, line: Line) -> None:
    ids = await people(line, "ann", "ben", "cat")
    await put(api, "ann@x.org", "ben@x.org")
    before = len(await told(line))

    await put(api, "ben@x.org", "cat@x.org", mode="REPLACE")

    assert await members(api) == {ids["ben"], ids["cat"]}
    assert (await told(line))[before:] == [(ids["cat"], "ENTERED", "IMPORT"), (ids["ann"], "EXITED", "IMPORT")]
    await put(api, mode="REPLACE")
    assert await members(api) == set()


async def test_a_replacement_in_which_nobody_is_known_changes_nothing(api: Api, line: Line) -> None:
    ids = await people(line, "ann")
    await put(api, "ann@x.org")

    refused = await put(api, "ann", "ben", mode="REPLACE")

    assert (refused["field"], refused["message"][:6]) == ("input.values", "Nobody")
    assert await members(api) == set(ids.values())


async def test_what_is_removed_leaves_and_what_was_not_on_the_list_is_unknown(api: Api, line: Line) -> None:
    ids = await people(line, "ann", "ben")
    await put(api, "ann@x.org")

    done = await put(api, "ann@x.org", "ben@x.org", mode="REMOVE")

    assert (done["found"], done["unknown"]) == (1, 1)
    assert (await told(line))[-1] == (ids["ann"], "EXITED", "IMPORT")


async def test_a_list_goes_with_its_identifiers_when_people_are_joined_and_parted(api: Api, line: Line) -> None:
    ids = await people(line, "ann", "ben")
    await put(api, "ann@x.org")

    effect = await line.desk().merge(ids["ann"], ids["ben"], SAID)
    survivor = str(await line.customer("user_id", "ann"))
    assert await members(api) == {survivor}

    await line.desk().undo(str(effect.decision), SAID)
    assert await members(api) == {str(await line.customer("email", "ann@x.org"))}
    assert {cause for _, _, cause in (await told(line))[1:]} <= {"IDENTITY"}


async def test_whoever_gets_a_listed_identifier_that_was_nobodys_is_in(api: Api, line: Line) -> None:
    await people(line, "ann")
    await put(api, "ann@x.org")
    call = (await line.graph.read(query("MATCH (c:Call|Event) RETURN c.id AS id")))[0]["id"]
    await line.desk().revoke_call(call, SAID)
    assert await members(api) == set()

    await line.apply(seen(7, "zoe", "ann@x.org"))

    assert await members(api) == {str(await line.customer("user_id", "zoe"))}


async def test_a_rule_that_names_an_imported_segment_follows(api: Api, line: Line) -> None:
    ids = await people(line, "ann")
    await put(api, key="vips")
    await create(api, "others", {"not": {"segment": "vips"}})

    await put(api, "ann@x.org")

    assert (ids["ann"], "ENTERED", "IMPORT") in await told(line)
    used = (await api.data(DELETE, {"key": "vips"}))["deleteSegment"]
    assert "others" in used["message"]


async def test_a_list_is_away_with_its_segment_and_comes_back_with_it(
    api: Api, line: Line, settings: Settings, graph: GraphClient, redis: Redis
) -> None:
    ids = await people(line, "ann", "ben")
    await put(api, "ann@x.org")
    await api.data(ARCHIVE, {"key": "vips"})

    assert (await put(api, "ben@x.org"))["message"] == "This segment is archived."
    assert (await put(api, "ben@x.org", dryRun=True))["message"] == "This segment is archived."
    await line.desk().merge(ids["ann"], ids["ben"], SAID)
    await api.data(UNARCHIVE, {"key": "vips"})
    await build(settings, graph, redis, "vips")

    assert await members(api) == {str(await line.customer("user_id", "ann"))}


async def test_lists_and_rules_do_not_mix(api: Api, line: Line) -> None:
    await people(line, "ann")
    await create(api, "ruled", VIP)
    await put(api, "ann@x.org")

    assert (await put(api, "ann@x.org", key="ruled"))["message"] == "This segment has a rule."
    copied = (await api.data(COPY, {"key": "vips", "new": "more"}))["copySegment"]
    assert (copied["field"], copied["message"]) == ("key", "An imported list is one segment's alone.")
    changed = (await api.data(UPDATE, {"key": "vips", "input": {"rule": VIP}}))["updateSegment"]
    assert changed["version"] == 2
    restored = (await api.data('mutation {restoreSegmentVersion(key: "vips", version: 1) {... on Segment {rule}}}'))[
        "restoreSegmentVersion"
    ]
    assert restored == {"rule": {"list": "vips"}}


async def test_a_deleted_segment_leaves_no_list(
    api: Api, line: Line, settings: Settings, graph: GraphClient, redis: Redis
) -> None:
    await people(line, "ann")
    await put(api, "ann@x.org")

    await api.data(DELETE, {"key": "vips"})
    assert "deleted" in (await put(api, "ann@x.org"))["message"]
    await delete_segment({"services": make_services(settings, graph, redis)}, "vips")

    assert "LISTED_IN" not in await dump(graph)
    assert (await put(api, "ann@x.org"))["found"] == 1


async def test_who_is_erased_is_on_no_list(
    api: Api, line: Line, graph: GraphClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await people(line, "ann")
    # What is left of the identifier stays while its calls are deleted.
    monkeypatch.setattr(erasure, "PAGE_CALLS", 0)
    await put(api, "ann", identifier="user_id")

    await line.desk().erase(ids["ann"], SAID)

    assert "LISTED_IN" not in await dump(graph)
    assert (await put(api, "ann", identifier="user_id"))["unknown"] == 1


async def test_an_explanation_says_that_somebody_is_on_the_list(api: Api, line: Line) -> None:
    ids = await people(line, "ann", "ben")
    await put(api, "ann@x.org")

    why = 'query W($c: ID!) {explain(customer: $c, segment: "vips") {kind answer value}}'
    found = [(await api.data(why, {"c": ids[user]}))["explain"] for user in ("ann", "ben")]

    assert [(one["kind"], one["answer"], one["value"]) for one in found] == [
        ("list", True, True),
        ("list", False, False),
    ]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"identifier": "no such thing!"}, "input.identifier"),
        ({"key": "Not a key"}, "input.key"),
        ({"name": " "}, "input.name"),
        ({"values": ["x"] * 10_001}, "input.values"),
    ],
)
async def test_a_wrong_input_says_where(api: Api, more: dict[str, object], field: str) -> None:
    given = {"key": "vips", "identifier": "email", "values": ["ann@x.org"], **more}

    assert (await api.data(IMPORT, {"input": given}))["importSegment"]["field"] == field
    assert (await api.data('{segment(key: "vips") {id}}'))["segment"] is None
