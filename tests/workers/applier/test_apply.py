"""What one call leaves in the graph."""

from __future__ import annotations

import json

import pytest
from redis.asyncio import Redis

from base import clock
from base.ids import call_id
from base.keys import Keyring
from graph.client import GraphClient
from tests.support.line import SOURCE, Line, assert_sequences, query
from tests.support.sealed import opened
from workers.applier.attributes import MAX_ATTRIBUTES


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


def track(number: int, **more: object) -> dict[str, object]:
    return {"type": "track", "event": "Bought", "messageId": f"m{number}", "userId": "u", **more}


async def test_a_call_sent_three_times_takes_effect_once(line: Line) -> None:
    await line.apply(track(1, anonymousId="a"))
    once = await line.picture()
    assert (await line.apply(track(1, anonymousId="a"))).repeated == 1
    await line.apply(track(1, anonymousId="a"), track(1, anonymousId="a"))
    assert await line.picture() == once
    assert once["evidence"][0][-1] == 1


@pytest.mark.parametrize("first", ["track", "identify"])
@pytest.mark.parametrize("second", ["track", "identify"])
async def test_a_repeat_that_nobody_looked_up_takes_no_effect(line: Line, first: str, second: str) -> None:
    calls = {"track": track(1), "identify": {"type": "identify", "messageId": "m1", "userId": "u", "traits": {"a": 1}}}
    await line.segment("all", {"everyone": True})
    await line.apply(calls[first], look_up=False)
    once = await line.picture()

    again = await line.apply(calls[second], track(2), look_up=False)

    assert (again.applied, again.repeated) == (1, 1)
    twice = await line.picture()
    assert len(twice["events"]) == len(once["events"]) + 1
    assert (twice["calls"], twice["observations"]) == (once["calls"], once["observations"])
    assert_sequences(await line.changes())


async def test_the_same_message_id_of_another_source_is_another_call(line: Line) -> None:
    await line.apply(track(1))
    await line.apply(track(1), source="import:shop")
    assert len((await line.picture())["events"]) == 2


async def test_context_unknown_keys_and_blocked_values_stay_on_the_event(line: Line, keyring: Keyring) -> None:
    await line.apply(
        track(1, context={"library": {"name": "js"}, "traits": {"phone": "13800000000"}}, campaignHint="spring")
    )
    rows = await line.graph.read(
        query("MATCH (e:Event) RETURN e.context AS context, e.extra AS extra, e.blocked AS blocked, e.id AS id")
    )
    held = opened(line.graph, rows[0])
    assert json.loads(held["context"]) == {"library": {"name": "js"}}
    assert json.loads(held["extra"]) == {"campaignHint": "spring"}
    blocked = json.loads(keyring.open_display(rows[0]["blocked"], rows[0]["id"]))
    assert [one["namespace"] for one in blocked] == ["phone"]
    assert rows[0]["id"] == call_id(SOURCE, "m1")


async def test_values_that_identify_nobody_are_counted_when_their_call_takes_effect_and_not_again(line: Line) -> None:
    nobody = {"traits": {"phone": "null"}, "externalIds": [{"type": "wx_openid:A", "id": "0"}]}
    calls = [track(1, context=nobody), track(2, context=nobody), track(3)]
    first = await line.apply(calls[0], calls[1], calls[0])
    second = await line.apply(*calls)
    third = await line.apply(calls[0], look_up=False)
    assert first.blocked == {"phone": 2, "wx_openid": 2}
    assert second.blocked == third.blocked == {}


@pytest.mark.parametrize("backwards", [False, True])
async def test_a_customer_shows_the_first_thousand_attributes_whatever_came_first(line: Line, backwards: bool) -> None:
    names = [f"trait {number:04d}" for number in range(MAX_ATTRIBUTES + 250)]
    calls = [
        {
            "type": "identify",
            "messageId": f"m{start}",
            "userId": "u",
            "traits": dict.fromkeys(names[start : start + 250], 1),
        }
        for start in range(0, len(names), 250)
    ]
    for call in reversed(calls) if backwards else calls:
        await line.apply(call)
    await line.apply({**calls[-1], "messageId": "again"})

    picture = await line.picture()
    assert list(json.loads(picture["customers"][0][1])) == names[:MAX_ATTRIBUTES]
    assert len(picture["observations"]) == len(names)


async def test_the_newest_value_of_an_attribute_stays_whatever_came_first(line: Line, keyring: Keyring) -> None:
    now = clock.now_ms() - 10_000
    older = {"type": "identify", "messageId": "1", "userId": "u", "timestamp": clock.iso(now), "traits": {"level": 1}}
    newer = {**older, "messageId": "2", "timestamp": clock.iso(now + 1), "traits": {"level": 2, "name": "Li Lei"}}
    await line.apply(newer)
    await line.apply(older)
    rows = await line.graph.read(
        query("MATCH (c:Customer) RETURN c.id AS id, c.attributes AS attributes, c.search_tokens AS tokens")
    )
    attributes = json.loads(opened(line.graph, rows[0])["attributes"])
    assert {name: one["v"] for name, one in attributes.items()} == {"level": 2, "name": "Li Lei"}
    assert rows[0]["tokens"].split() == [keyring.token("name", "li"), keyring.token("name", "lei")]


async def test_a_merge_derives_attributes_from_both_sides(line: Line) -> None:
    now = clock.now_ms() - 10_000

    def identify(number: int, traits: dict[str, object], **who: object) -> dict[str, object]:
        at = clock.iso(now + number)
        return {"type": "identify", "messageId": f"i{number}", "timestamp": at, "traits": traits, **who}

    await line.apply(identify(1, {"city": "Beijing", "level": 1}, anonymousId="a"))
    await line.apply(identify(2, {"level": 2}, userId="u"))
    await line.apply(identify(3, {}, userId="u", anonymousId="a"))
    rows = await line.graph.read(
        query("MATCH (c:Customer) WHERE NOT c:Retired RETURN c.attributes AS attributes, c.id AS id")
    )
    assert {name: one["v"] for name, one in json.loads(opened(line.graph, rows[0])["attributes"]).items()} == {
        "city": "Beijing",
        "level": 2,
    }


async def test_nothing_about_a_person_is_stored_in_plain_text(line: Line) -> None:
    await line.apply(
        {
            "type": "identify",
            "messageId": "1",
            "userId": "member-4711",
            "traits": {"email": "li.lei@example.com", "phone": "13912345678", "name": "Li Lei", "city": "Chengdu"},
            "context": {"ip": "203.0.113.9"},
            "campaignHint": "spring-letter",
        },
        track(2, properties={"street": "Kehua Road"}),
        {"type": "group", "messageId": "3", "userId": "u", "groupId": "home", "traits": {"doorbell": "Lei-Han"}},
    )
    stored = repr(
        await line.graph.read(query("MATCH (n) OPTIONAL MATCH (n)-[r]->() RETURN n{.*} AS node, r{.*} AS link"))
    )
    assert "email|" in stored
    for secret in ("member-4711", "li.lei", "13912345678", "Lei", "Chengdu", "203.0", "spring-letter", "Kehua", "5678"):
        assert secret not in stored


async def test_a_group_call_links_the_customer_to_its_group(line: Line) -> None:
    await line.apply(
        {"type": "group", "messageId": "1", "userId": "u", "groupId": "acme", "traits": {"name": "Acme"}},
    )
    rows = await line.graph.read(
        query("MATCH (:Identifier)-[:MEMBER_OF]->(g:Group) RETURN g.key AS key, g.traits AS traits")
    )
    assert [(row["key"], json.loads(opened(line.graph, row)["traits"])) for row in rows] == [("acme", {"name": "Acme"})]
