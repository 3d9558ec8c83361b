"""Who may see and change a segment or tag: each of five people, and everything that could tell of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from access.permissions import ALL
from base import clock
from base.keys import Keyring
from base.settings import Settings
from delivery.publisher import ChangePublisher
from graph.client import GraphClient
from graph.repositories.usage import UsageRepository
from resolvers import catalogue as catalogue_module
from tests.api.graphql.test_customers import ann
from tests.support.api import Api
from tests.support.changes import commit_changes, make_change
from tests.support.line import query
from tests.support.principals import FixedDirectory, api_of, person
from tests.support.profiles import write_people
from tests.support.registry import see
from tests.support.subscriptions import by_events, by_socket, subscribers
from tests.support.tags import BOUGHT_COUNT, MANUAL

VIP = {"attribute": {"name": "vip", "op": "IS_TRUE"}}
PEOPLE = ("owner", "viewer", "changer", "other", "boss")
SEES = {"owner": True, "viewer": True, "changer": True, "other": False, "boss": True}
CREATE_SEGMENT = """mutation C($input: CreateSegmentInput!) { createSegment(input: $input) {
  __typename ... on Segment { id } ... on ValidationError { message field } } }"""
CREATE_TAG = """mutation C($input: CreateTagInput!) { createTag(input: $input) {
  __typename ... on Tag { id } ... on ValidationError { message field } } }"""
SHARE = """mutation S($key: String!, $v: Visibility!, $with: [GrantInput!], $owner: ID) {
  what(key: $key, visibility: $v, with: $with, owner: $owner) {
    __typename ... on ValidationError { message field } } }"""
WITH = [{"user": "usr_viewer"}, {"role": "marketing", "access": "CHANGE"}]
GIVEN = {"with": WITH, "v": "SHARED"}
AGE = query("MATCH (t:Tag) SET t.created_at = $at", "WRITE")
DISOWN = query("MATCH (s:Segment) REMOVE s.owner", "WRITE")
REMOVE = query("MATCH (s:Segment) DETACH DELETE s", "WRITE")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def people(settings: Settings, graph: GraphClient) -> AsyncIterator[Mapping[str, Api]]:
    directory = FixedDirectory(
        person("owner"),
        person("viewer", "sales"),
        person("changer", "marketing"),
        person("other", "sales"),
        person("boss", "administrator", permissions=ALL),
    )
    async with api_of(settings, directory) as found:
        yield found


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    # Otherwise nothing is kept for two seconds after the segments of the test were made.
    monkeypatch.setattr(catalogue_module, "SETTLE_S", 0.0)


async def create_segment(api: Api, key: str = "mine", rule: object = VIP, **more: object) -> dict[str, Any]:
    made: dict[str, Any] = (await api.data(CREATE_SEGMENT, {"input": {"key": key, "name": key, "rule": rule, **more}}))[
        "createSegment"
    ]
    return made


async def create_tag(api: Api, key: str = "mine", definition: object = BOUGHT_COUNT, **more: object) -> dict[str, Any]:
    made: dict[str, Any] = (
        await api.data(CREATE_TAG, {"input": {"key": key, "name": key, "definition": definition, **more}})
    )["createTag"]
    return made


async def share(api: Api, what: str = "shareSegment", key: str = "mine", **given: object) -> dict[str, Any]:
    return await api.ask(SHARE.replace("what", what), {"key": key, **(given or GIVEN)})


def code(answer: Mapping[str, Any]) -> str:
    """The code of the first error, else the type of the only field."""
    if "errors" in answer:
        return str(answer["errors"][0]["extensions"]["code"])
    (found,) = answer["data"].values()
    return str(found["__typename"])


# ---- What could tell of a segment: whether it does.


async def tells_of_segment(api: Api, who: str, segment_id: str) -> dict[str, bool]:
    data = await api.data(
        """query All($id: ID!) {
          segment(key: "mine") { id }
          segments { edges { node { key } } }
          found: segments(search: "mine") { edges { node { key } } }
          segmentFolders { path }
          node(id: $id) { id }
          overview { now { segments { total byFolder { name } } } overTime { segments { total } } findings { key } }
          customer(id: "cus_ann") { segments { segment { key } } }
          slow: customer(id: "cus_ann") {
            segments { segment { key count } } segmentHistory { edges { node { since } } } }
          customers { edges { node { segments { segment { key } } } } }
          attributeDefinitions { edges { node { usedBy { key } } } }
          dataDictionary(format: CSV)
        }""",
        {"id": segment_id},
    )
    naming = await create_segment(api, f"of-{who}", {"segment": "mine"})
    listed = await api.ask('{ customers(where: {segment: "mine"}) { edges { node { id } } } }')
    why = await api.ask('{ explain(customer: "cus_ann", segment: "mine") { answer } }')
    estimate = await api.ask('{ estimate(where: {segment: "mine"}) { count } }')
    saved = await api.ask(
        """mutation { saveResultAsSegment(input: {key: "saved", name: "s", segment: "mine", dryRun: true}) {
          __typename } }"""
    )
    copied = await api.ask(f'mutation {{ copySegment(key: "mine", newKey: "copy-{who}", name: "c") {{ __typename }} }}')
    stream = await api.ask("{ __typename }")
    assert "data" in stream
    async with by_events(api, 'subscription { segmentUpdates(segments: ["mine"]) { id } }', {}) as hear:
        heard = None
        if who == "other":
            heard = await hear()
    return {
        "segment": data["segment"] is not None,
        "segments": [one["node"]["key"] for one in data["segments"]["edges"]] == ["mine", "theirs"],
        "search": data["found"]["edges"] != [],
        "folders": {"path": "secret"} in data["segmentFolders"],
        "node": data["node"] is not None,
        "total": data["overview"]["now"]["segments"]["total"] == 2,
        "by folder": {"name": "secret"} in data["overview"]["now"]["segments"]["byFolder"],
        "over time": data["overview"]["overTime"][-1]["segments"]["total"] == 2,
        "profile": data["customer"]["segments"] != [],
        "slow profile": data["slow"]["segments"] != [],
        "history": data["slow"]["segmentHistory"]["edges"] != [],
        "list": data["customers"]["edges"][0]["node"]["segments"] != [],
        "used by": any({"key": "mine"} in one["node"]["usedBy"] for one in data["attributeDefinitions"]["edges"]),
        "dictionary": "mine" in data["dataDictionary"],
        "rule": naming["__typename"] == "Segment",
        "where": "errors" not in listed,
        "explain": "errors" not in why,
        "estimate": code(estimate) == "UNAVAILABLE",
        "saved": code(saved) == "SegmentImport",
        "copy": code(copied) == "Segment",
        "stream": heard is None or "errors" not in heard,
    }


async def shared_segment(people: Mapping[str, Api], graph: GraphClient, keyring: Keyring) -> str:
    """A segment of the owner's, who shares it; Ann is in it."""
    await see(graph, keyring, {"type": "identify", "messageId": "m1", "userId": "u", "traits": {"vip": True}})
    made = await create_segment(people["owner"], folder="secret", private=True)
    assert code(await share(people["owner"])) == "Segment"
    await create_segment(people["owner"], "theirs")
    await write_people(graph, keyring, ann(segments=("mine",)))
    return str(made["id"])


@pytest.mark.parametrize("who", PEOPLE)
async def test_a_shared_segment_shows_to_those_it_is_shared_with(
    people: Mapping[str, Api], graph: GraphClient, keyring: Keyring, who: str
) -> None:
    segment_id = await shared_segment(people, graph, keyring)

    told = await tells_of_segment(people[who], who, segment_id)

    assert told == dict.fromkeys(told, SEES[who])


@pytest.mark.parametrize("who", PEOPLE)
async def test_a_private_segment_shows_to_its_owner_and_administrators(
    people: Mapping[str, Api], graph: GraphClient, keyring: Keyring, who: str
) -> None:
    await shared_segment(people, graph, keyring)
    assert code(await share(people["owner"], v="PRIVATE")) == "Segment"

    found = await people[who].data('{ segment(key: "mine") { key } customer(id: "cus_ann") { segments { since } } }')

    assert (found["segment"] is not None) is (who in ("owner", "boss"))
    assert (found["customer"]["segments"] != []) is (who in ("owner", "boss"))


@pytest.mark.parametrize("who", PEOPLE)
async def test_what_is_made_is_everybodys_until_it_is_shared_otherwise(people: Mapping[str, Api], who: str) -> None:
    await create_segment(people["owner"])
    update = 'mutation { updateSegment(key: "mine", input: {name: "New"}) { __typename } }'

    shown = (await people[who].data('{ segment(key: "mine") { owner visibility access sharedWith { user } } }'))[
        "segment"
    ]

    access = "OWN" if who in ("owner", "boss") else "CHANGE"
    assert shown == {"owner": "usr_owner", "visibility": "EVERYBODY", "access": access, "sharedWith": []}
    assert code(await people[who].ask(update)) == "Segment"


async def test_a_segment_from_before_there_were_owners_is_an_administrators_to_share(
    people: Mapping[str, Api], graph: GraphClient
) -> None:
    await create_segment(people["owner"])
    await graph.write("tests/forget", lambda tx: tx.run(DISOWN))

    assert code(await share(people["owner"])) == "FORBIDDEN"
    assert code(await share(people["boss"], v="PRIVATE", owner="usr_owner")) == "Segment"
    assert code(await share(people["owner"])) == "Segment"


OF_SEGMENTS = {
    "update": 'updateSegment(key: "mine", input: {name: "New"})',
    "rule": 'updateSegment(key: "mine", input: {rule: {everyone: true}})',
    "restore": 'restoreSegmentVersion(key: "mine", version: 1)',
    "archive": 'archiveSegment(key: "mine")',
    "unarchive": 'unarchiveSegment(key: "mine")',
    "delete": 'deleteSegment(key: "mine")',
}
OF_TAGS = {
    "update": 'updateTag(key: "mine", input: {name: "New"})',
    "definition": 'updateTag(key: "mine", input: {definition: {statistical: {event: {name: "Seen"}}}})',
    "restore": 'restoreTagVersion(key: "mine", version: 1)',
    "build": 'buildTag(key: "mine")',
    "pause": 'pauseTag(key: "mine")',
    "resume": 'resumeTag(key: "mine")',
    "offline": 'offlineTag(key: "mine")',
    "delete": 'deleteTag(key: "mine")',
}
VERDICT = {"viewer": "FORBIDDEN", "other": "NOT_FOUND"}


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize(("what", "changes"), [("Segment", OF_SEGMENTS), ("Tag", OF_TAGS)])
async def test_changes_are_for_those_who_may_change(
    people: Mapping[str, Api], what: str, changes: Mapping[str, str], who: str
) -> None:
    await (create_segment if what == "Segment" else create_tag)(people["owner"], private=True)
    await share(people["owner"], f"share{what}")

    found = {
        name: code(await people[who].ask(f"mutation {{ {one} {{ __typename }} }}")) for name, one in changes.items()
    }

    done = dict.fromkeys(changes, what) | {"delete": f"Deleted{what}"}
    assert found == (dict.fromkeys(changes, VERDICT[who]) if who in VERDICT else done)


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("what", ["Segment", "Tag"])
async def test_sharing_is_its_owners_and_administrators(people: Mapping[str, Api], what: str, who: str) -> None:
    await (create_segment if what == "Segment" else create_tag)(people["owner"], private=True)
    await share(people["owner"], f"share{what}")

    found = code(await share(people[who], f"share{what}", v="EVERYBODY"))

    assert found == {**VERDICT, "changer": "FORBIDDEN"}.get(who, what)


@pytest.mark.parametrize("who", PEOPLE)
async def test_lists_and_labels_and_values_are_for_those_who_may_change(
    people: Mapping[str, Api], graph: GraphClient, keyring: Keyring, who: str
) -> None:
    imports = """mutation { importSegment(input: {key: "list", identifier: "user_id", values: ["u-ann"]}) {
      __typename ... on ValidationError { message } } }"""
    replace = """mutation { saveResultAsSegment(
      input: {key: "list", name: "l", customers: ["cus_ann"], replace: true}) {
      __typename ... on ValidationError { message } } }"""
    label = 'mutation { tagCustomers(key: "label", ids: ["cus_ann"], labels: ["a"]) { __typename } }'
    value = """mutation { importTagValues(
      input: {key: "value", identifier: "user_id", rows: [{id: "u-ann", value: 1}]}) {
      __typename } }"""
    await write_people(graph, keyring, ann(segments=()))
    assert code(await people["owner"].ask(imports)) == "SegmentImport"
    await create_tag(people["owner"], "label", MANUAL)
    await create_tag(people["owner"], "value", {"imported": {"type": "NUMBER"}})
    for what, key in (("shareSegment", "list"), ("shareTag", "label"), ("shareTag", "value")):
        await share(people["owner"], what, key, **GIVEN)

    answers = [await people[who].ask(one) for one in (imports, replace, label, value)]

    # A key is taken whoever has it.
    verdicts = {"viewer": ["FORBIDDEN"] * 4, "other": ["ValidationError"] * 2 + ["NOT_FOUND"] * 2}
    done = ["SegmentImport", "SegmentImport", "LabelledCustomers", "TagImport"]
    assert [code(one) for one in answers] == verdicts.get(who, done)
    if who == "other":
        assert answers[0]["data"]["importSegment"]["message"] == "There is a segment of this key."


# ---- Tags.


@pytest.mark.parametrize("who", PEOPLE)
async def test_a_shared_tag_shows_to_those_it_is_shared_with(
    people: Mapping[str, Api], graph: GraphClient, keyring: Keyring, who: str
) -> None:
    await write_people(graph, keyring, ann(segments=()))
    made = await create_tag(people["owner"], definition=MANUAL, category="secret", private=True)
    await share(people["owner"], "shareTag")
    # So that the overview has something to say of it.
    await graph.write("tests/age", lambda tx: tx.run(AGE, at=1))
    await UsageRepository(graph).begin(1)
    label = 'mutation { tagCustomers(key: "mine", ids: ["cus_ann"], labels: ["a"]) { __typename } }'
    assert code(await people["owner"].ask(label)) == "LabelledCustomers"

    api = people[who]
    findings = (await api.data("{ overview { findings { key } } }"))["overview"]["findings"]
    data = await api.data(
        """query All($id: ID!) { tag(key: "mine") { id } tags { edges { node { key } } } node(id: $id) { id }
          overview { now { tags { total byFolder { name } } } }
          customer(id: "cus_ann") { tags { tag { key } } }
          slow: customer(id: "cus_ann") { tags { tag { key count } } } }""",
        {"id": made["id"]},
    )
    tagged = {"tag": {"key": "mine", "op": "SET"}}
    naming = await create_segment(api, f"of-{who}", tagged)
    saving = await api.ask(
        f"""mutation {{ saveTagValueAsSegment(input: {{key: "saved-{who}", name: "s", tag: "mine"}}) {{
          __typename ... on Segment {{ visibility }} }} }}"""
    )
    order = await api.error('{ customers(orderBy: {tag: "mine"}) { edges { cursor } } }')
    told = {
        "tag": data["tag"] is not None,
        "tags": data["tags"]["edges"] != [],
        "node": data["node"] is not None,
        "total": data["overview"]["now"]["tags"]["total"] == 1,
        "findings": {"key": "mine"} in findings,
        "profile": data["customer"]["tags"] != [],
        "slow profile": data["slow"]["tags"] != [],
        "rule": naming["__typename"] == "Segment",
        "order": order["message"] == "Lists have no order.",
        "explain": "errors" not in await api.ask('{ explain(customer: "cus_ann", tag: "mine") { answer } }'),
        "saved": code(saving) == "Segment",
    }

    assert told == dict.fromkeys(told, SEES[who])
    if SEES[who]:
        # It tells what the tag does.
        assert saving["data"]["saveTagValueAsSegment"]["visibility"] == "PRIVATE"


async def test_a_copy_of_what_is_not_everybodys_is_its_makers_alone(people: Mapping[str, Api]) -> None:
    await create_segment(people["owner"], private=True)
    await share(people["owner"])
    copy = 'mutation { copySegment(key: "mine", newKey: "copy", name: "c") { ... on Segment { owner visibility } } }'

    made = (await people["viewer"].data(copy))["copySegment"]

    assert made == {"owner": "usr_viewer", "visibility": "PRIVATE"}
    assert (await people["owner"].data('{ segment(key: "copy") { key } }'))["segment"] is None


async def test_users_that_somebody_may_not_see_have_no_name(people: Mapping[str, Api]) -> None:
    await create_segment(people["other"], "base")
    await create_segment(people["owner"], "hidden", {"segment": "base"}, private=True)
    await create_segment(people["owner"], "open", {"segment": "base"})
    delete = 'mutation { deleteSegment(key: "base") { ... on ValidationError { message } } }'
    used = '{ segment(key: "base") { upkeep { usedBy { key } } } }'

    refused = (await people["other"].data(delete))["deleteSegment"]["message"]

    assert refused == "In use by open, something that you may not see."
    assert (await people["other"].data(used))["segment"]["upkeep"]["usedBy"] == [{"key": "open"}]
    assert (await people["owner"].data(delete))["deleteSegment"]["message"] == "In use by hidden, open."


async def test_a_rule_that_stays_may_name_what_its_changer_may_not_see(people: Mapping[str, Api]) -> None:
    await create_segment(people["owner"], private=True)
    rule = {"segment": "mine"}
    await create_segment(people["owner"], "open", rule)
    update = """mutation U($rule: RuleInput) { updateSegment(key: "open", input: {name: "New", rule: $rule}) {
      __typename ... on ValidationError { message } } }"""
    other = people["other"]

    assert code(await other.ask(update)) == "Segment"
    assert code(await other.ask('mutation { archiveSegment(key: "open") { __typename } }')) == "Segment"
    assert code(await other.ask('mutation { unarchiveSegment(key: "open") { __typename } }')) == "Segment"
    # Another rule with it would find out who is in it.
    refused = await other.ask(update, {"rule": {"all": [rule, VIP]}})
    assert refused["data"]["updateSegment"]["__typename"] == "ValidationError"


async def test_a_kept_profile_is_kept_for_who_may_see_the_same(
    people: Mapping[str, Api], graph: GraphClient, keyring: Keyring
) -> None:
    await shared_segment(people, graph, keyring)
    ask = '{ customer(id: "cus_ann") { segments { segment { key } } } }'

    async def seen(who: str) -> bool:
        return bool((await people[who].data(ask))["customer"]["segments"])

    for _ in range(2):
        assert {who: await seen(who) for who in PEOPLE} == SEES
    await share(people["owner"], v="PRIVATE")
    for _ in range(2):
        assert {who: await seen(who) for who in PEOPLE} == {who: who in ("owner", "boss") for who in PEOPLE}
    await share(people["owner"], v="EVERYBODY")
    for _ in range(2):
        assert [await seen(who) for who in PEOPLE] == [True] * len(PEOPLE)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"v": "SHARED"}, "with"),
        ({"v": "SHARED", "with": []}, "with"),
        ({"v": "PRIVATE", "with": WITH}, "with"),
        ({"v": "EVERYBODY", "with": WITH}, "with"),
        ({"v": "SHARED", "with": [{"user": "u"}, {"user": "u", "access": "CHANGE"}]}, "with.1"),
        ({"v": "SHARED", "with": [{"user": ""}]}, "with.0"),
        ({"v": "SHARED", "with": [{"role": "r" * 201}]}, "with.0"),
        ({"v": "SHARED", "with": [{"user": str(number)} for number in range(101)]}, "with"),
        ({"v": "PRIVATE", "owner": ""}, "owner"),
    ],
)
async def test_a_wrong_sharing_says_where_and_changes_nothing(
    people: Mapping[str, Api], given: Mapping[str, object], field: str
) -> None:
    await create_segment(people["owner"])

    refused = (await share(people["owner"], **given))["data"]["shareSegment"]

    assert (refused["__typename"], refused["field"]) == ("ValidationError", field)
    shown = await people["owner"].data('{ segment(key: "mine") { visibility } }')
    assert shown["segment"]["visibility"] == "EVERYBODY"


@pytest.mark.parametrize("grant", [{}, {"user": "u", "role": "r"}])
async def test_a_grant_names_one(people: Mapping[str, Api], grant: Mapping[str, str]) -> None:
    await create_segment(people["owner"])

    assert code(await share(people["owner"], v="SHARED", **{"with": [grant]})) == "BAD_USER_INPUT"


async def test_the_record_says_who_shared_what(people: Mapping[str, Api]) -> None:
    await create_segment(people["owner"])
    await share(people["owner"])
    await share(people["owner"])

    shown = await people["owner"].data(
        """{ segment(key: "mine") { sharedWith { user role access }
          maintenance(kinds: [EDITED]) { edges { node { author changes } } } } }"""
    )

    assert shown["segment"]["sharedWith"] == [
        {"user": "usr_viewer", "role": None, "access": "VIEW"},
        {"user": None, "role": "marketing", "access": "CHANGE"},
    ]
    records = shown["segment"]["maintenance"]["edges"]
    assert [one["node"] for one in records] == [{"author": "usr_owner", "changes": ["visibility", "with"]}]


# ---- Streams.

ALL_UPDATES = "subscription { segmentUpdates { segment { key } } }"
KEPT_UPDATES = 'subscription { segmentUpdates(after: "0") { segment { key } } }'


async def publish(graph: GraphClient, redis: Redis, *segments: str) -> None:
    changes = [make_change(segment=key, customer="cus_ann") for key in segments]
    await ChangePublisher(redis, graph).publish(await commit_changes(graph, changes))


def heard_key(payload: Mapping[str, Any]) -> str:
    return str(payload["data"]["segmentUpdates"]["segment"]["key"])


async def test_a_stream_of_everything_leaves_out_what_its_subscriber_may_not_see(
    people: Mapping[str, Api], graph: GraphClient, redis: Redis
) -> None:
    await create_segment(people["owner"], "open")
    async with (
        by_socket(people["other"], ALL_UPDATES, {}) as other,
        by_socket(people["viewer"], ALL_UPDATES, {}) as viewer,
    ):
        await subscribers(people["token"], 2)
        await publish(graph, redis, "open")
        assert [heard_key(await other()), heard_key(await viewer())] == ["open", "open"]
        # Made while they listen.
        await create_segment(people["owner"], private=True)
        await share(people["owner"])
        await publish(graph, redis, "mine", "open")
        assert heard_key(await other()) == "open"
        assert [heard_key(await viewer()), heard_key(await viewer())] == ["mine", "open"]


async def test_nobody_hears_afterwards_of_a_private_segment_that_was_deleted(
    settings: Settings, graph: GraphClient, redis: Redis
) -> None:
    # An API of its own: another one remembers changes that the stores have forgotten.
    directory = FixedDirectory(person("owner"), person("other"), person("boss", permissions=ALL))
    async with api_of(settings, directory) as people:
        await create_segment(people["owner"], private=True)
        await create_segment(people["owner"], "open")
        await publish(graph, redis, "mine", "open")
        for key in ("mine", "open"):
            await people["owner"].ask(f'mutation {{ deleteSegment(key: "{key}") {{ __typename }} }}')
        await graph.write("tests/remove", lambda tx: tx.run(REMOVE))
        async with by_socket(people["other"], KEPT_UPDATES, {}) as hear:
            assert heard_key(await hear()) == "open"
        async with by_socket(people["boss"], KEPT_UPDATES, {}) as hear:
            assert [heard_key(await hear()), heard_key(await hear())] == ["mine", "open"]


async def test_a_stream_follows_what_its_subscriber_becomes(
    settings: Settings, graph: GraphClient, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schema.execution.watched.LOOK_AGAIN_S", 0.1)
    directory = FixedDirectory(person("owner"), person("guest", "marketing"))
    async with api_of(settings, directory) as people:
        await create_segment(people["owner"], private=True)
        await create_segment(people["owner"], "open")
        await share(people["owner"])
        async with by_socket(people["guest"], ALL_UPDATES, {}) as guest:
            await subscribers(people["token"], 1)
            await publish(graph, redis, "mine")
            assert heard_key(await guest()) == "mine"
            directory.people["token-guest"] = person("guest")
            before_ms = clock.now_ms()
            while clock.now_ms() < before_ms + 500:
                await people["token"].data("{ __typename }")
            await publish(graph, redis, "mine", "open")
            assert heard_key(await guest()) == "open"
