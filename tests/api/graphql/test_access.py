"""Everything about one person by HTTP: all of theirs, nothing of anybody else, and for whoever may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from access.permissions import ALL, Permission
from access.principal import Principal, PrincipalKind
from base.clock import now_ms
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient, Transaction
from graph.repositories.registry import update_event
from ingest.stream import IngestStream
from resolvers.subject import reading
from resolvers.subject.json_form import as_json
from resolvers.subject.reading import PARTS, SubjectReader
from schema.transport import access
from tests.support.api import Api
from tests.support.audit import Audit
from tests.support.calls import make_batch
from tests.support.line import SOURCE, Line, query
from tests.support.principals import FixedDirectory, api_of, person
from tests.support.registry import say, see
from tests.support.sightings import sighting
from tests.support.working import working
from workers.decisions.execution import Said

PURPOSE = {"x-kith-purpose": "she asked by letter"}
NASTY = "<script>alert('x')</script>&\"="
_QUARANTINED = query("MATCH (q:Quarantined) RETURN q.id AS id")
SAID = Said("usr_ann", "a letter of 3 May")
PEOPLE = (
    person("ann", "service", permissions=ALL),
    person("bob", "sales", permissions=ALL - {Permission.CUSTOMERS_ACCESS}),
    Principal(
        kind=PrincipalKind.USER,
        id="usr_cy",
        name="cy",
        permissions=ALL,
        scope={"attribute": {"name": "city", "op": "EQ", "values": ["Basel"]}},
    ),
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def apis(settings: Settings, graph: GraphClient) -> AsyncIterator[dict[str, Api]]:
    async with api_of(settings, FixedDirectory(*PEOPLE)) as running:
        yield dict(running)


@pytest.fixture
def ann(apis: dict[str, Api]) -> Api:
    return apis["ann"]


@pytest.fixture
def line(graph: GraphClient, redis: Redis, keyring: Keyring) -> Line:
    return Line.of(graph, redis, keyring)


def path(customer: str | None, form: str = "json") -> str:
    return f"/customers/{customer}/access?format={form}"


async def document(api: Api, customer: str | None) -> dict[str, Any]:
    reply = await api.http.get(path(customer), headers=PURPOSE)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    assert found["complete"] is True
    return found


async def mia_and_ben(line: Line) -> None:
    """Ben uses a tablet until Mia logs in on it; each of them says something of themselves on it."""
    await line.segment("seen", {"event": {"name": "Seen"}})
    ben = {**sighting(2, kind="track", device="tablet"), "properties": {"secret": "ben-bought-this"}}
    mia = {
        **sighting(12, kind="track", device="tablet"),
        "properties": {"basket": NASTY, "nested": {"deep": [1, {"k": "v"}]}},
        "context": {
            "device": {"id": "tablet"},
            "ip": "192.0.2.7",
            "consent": {"categoryPreferences": {"marketing": True}},
        },
    }
    calls = [
        sighting(1, member="ben", device="tablet", email="ben@example.org", traits={"city": "Basel", "pet": "ben-dog"}),
        ben,
        {**sighting(3, device="tablet", group="ben-household"), "traits": {"g": "ben-group"}},
        sighting(10, member="mia", device="tablet", email="mia@example.org", traits={"city": "Bern", "note": NASTY}),
        mia,
        sighting(13, member="mia", group="mia-household"),
        sighting(14, kind="track", member="mia", device="tablet"),
    ]
    for call in calls:
        await line.apply(call)


def of_ben(text: str) -> list[str]:
    hints = ("ben@example.org", "ben-bought-this", "ben-dog", "ben-household", "ben-group", '"ben"', ">ben<", "Basel")
    return [hint for hint in hints if hint in text]


async def test_everything_of_a_person_and_nothing_of_who_had_the_device_before(ann: Api, line: Line) -> None:
    await mia_and_ben(line)
    mia, ben = await line.customer("user_id", "mia"), await line.customer("user_id", "ben")
    text = (await ann.http.get(path(mia), headers=PURPOSE)).text
    assert of_ben(text) == []
    # What is looked for is there at all.
    assert len(of_ben((await ann.http.get(path(ben), headers=PURPOSE)).text)) >= 6

    found = await document(ann, mia)
    assert (found["format"], found["version"], found["customer"]["id"]) == ("kith.customer-access", 1, mia)
    assert set(PARTS) <= found.keys()
    held = {(one["namespace"], one["value"]): one for one in found["identifiers"]}
    assert held.keys() == {("user_id", "mia"), ("device_id", "tablet"), ("email", "mia@example.org")}
    assert held["user_id", "mia"]["firstSeenAt"] == "2026-01-01T00:00:10.000Z"
    # When the device was seen first is something about Ben.
    assert "firstSeenAt" not in held["device_id", "tablet"]
    attributes = {one["name"]: one for one in found["attributes"]}
    assert attributes["city"] == {
        "name": "city",
        "value": "Bern",
        "observedAt": "2026-01-01T00:00:10.000Z",
        "source": SOURCE,
    }
    assert [one["name"] for one in found["events"]] == ["Seen", "Seen"]
    assert found["events"][1]["properties"] == {"basket": NASTY, "nested": {"deep": [1, {"k": "v"}]}}
    assert found["events"][1]["context"]["ip"] == "192.0.2.7"
    assert [one["key"] for one in found["groups"]] == ["mia-household"]
    assert [(one["key"], one["until"]) for one in found["segments"]] == [("seen", None)]
    assert [one["kind"] for one in found["calls"]] == ["group", "identify"]


async def test_the_page_shows_the_same_and_nothing_of_it_is_markup(ann: Api, line: Line) -> None:
    await mia_and_ben(line)
    mia = await line.customer("user_id", "mia")
    reply = await ann.http.get(path(mia, "html"), headers=PURPOSE)
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    page = _Page()
    page.feed(reply.text)
    assert of_ben(reply.text) == []
    assert reply.text.endswith("</html>\n")
    assert {"script", "a", "img", "link", "iframe", "form"}.isdisjoint(page.tags)
    assert not {name for name in page.attributes if name.startswith("on") or name in ("src", "href")}
    shown = "".join(page.text)
    assert shown.count(NASTY) >= 3
    for value in ("mia@example.org", "Bern", "2026-01-01T00:00:12.000Z", "mia-household", "Identifiers · 标识"):
        assert value in shown


async def test_business_names_stand_beside_the_names_of_the_data(
    ann: Api, line: Line, graph: GraphClient, keyring: Keyring
) -> None:
    await mia_and_ben(line)
    shown = {**sighting(1, kind="track", member="x"), "properties": {"basket": "b"}}
    await see(graph, keyring, sighting(2, member="x", traits={"city": "c"}), shown)
    await say(graph, None, "city", name_en="Town", name_zh="城市")
    await say(graph, "Seen", "basket", name_en="Cart", name_zh="购物车")

    async def call_it(tx: Transaction) -> None:
        await update_event(tx, "Seen", {"name_en": "Visit", "name_zh": "访问"})

    await graph.write("tests/say", call_it)
    page = (await ann.http.get(path(await line.customer("user_id", "mia"), "html"), headers=PURPOSE)).text
    for shown in ("Town · 城市 (city)", "Visit · 访问 (Seen)", "Cart · 购物车 (basket)"):
        assert shown in page


async def test_consents_decisions_restrictions_and_what_was_taken_back(ann: Api, line: Line, redis: Redis) -> None:
    await mia_and_ben(line)
    await line.apply(consent(20, "mia", granted=True), consent(21, "mia", granted=True))
    await line.apply(consent(22, "mia", granted=False))
    mia = str(await line.customer("user_id", "mia"))
    revoked = await ann.data(
        'mutation { revokeCall(messageId: "m14", reason: "twice") { ... on IdentityEffect { decisionId } } }'
    )
    assert revoked["revokeCall"]["decisionId"]
    await ann.data('mutation ($id: ID!) { restrictCustomer(id: $id, reason: "a quarrel") { __typename } }', {"id": mia})
    found = await document(ann, mia)
    assert [(one["purpose"], one["state"]) for one in found["consents"]] == [("marketing", "DENIED")]
    states = [(one["at"][-7:-5], one["state"]) for one in found["consentHistory"]]
    assert states == [("22", "DENIED"), ("12", "GRANTED")]
    assert [one["id"].startswith("evt_") and one["name"] for one in found["takenBack"]] == ["Seen"]
    assert len(found["restrictions"]) == 1
    kinds = {one["kind"]: one for one in found["decisions"]}
    assert (kinds["RESTRICT"]["by"], kinds["RESTRICT"]["reason"]) == ("staff", "a quarrel")
    assert "usr_ann" not in str(found)


async def test_what_is_corrected_by_a_newer_call_is_so_and_what_was_told_is_told_too(ann: Api, line: Line) -> None:
    await line.apply(sighting(1, member="mia", traits={"family": "Kellr", "city": "Bern"}))
    await line.apply(sighting(2, member="mia", traits={"family": "Keller", "city": None}))
    found = await document(ann, await line.customer("user_id", "mia"))
    assert {one["name"]: one["value"] for one in found["attributes"]} == {"family": "Keller", "city": None}
    assert [one["attributes"]["family"] for one in found["calls"]] == ["Keller", "Kellr"]
    await ann.data('mutation { revokeCall(messageId: "m2", reason: "no") { __typename } }')
    found = await document(ann, await line.customer("user_id", "mia"))
    assert {one["name"]: one["value"] for one in found["attributes"]} == {"family": "Kellr", "city": "Bern"}


async def test_retired_ids_answer_with_the_survivor_and_name_it(ann: Api, line: Line) -> None:
    await line.apply(sighting(1, member="mia", traits={"city": "Bern"}), sighting(2, kind="track", member="mia"))
    await line.apply(sighting(3, email="mia@example.org"))
    first, other = await line.customer("user_id", "mia"), await line.customer("email", "mia@example.org")
    await line.desk().merge(str(first), str(other), SAID)
    survivor = await line.customer("email", "mia@example.org")
    for id in (first, other):
        found = await document(ann, id)
        assert found["customer"]["id"] == survivor
        assert found["customer"]["earlierIds"] == [one for one in (first, other) if one != survivor]
        assert len(found["events"]) == 1


async def test_the_log_says_who_looked_in_which_role_and_the_person_is_told(
    ann: Api, line: Line, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    audit = Audit(graph, redis, keyring)
    await mia_and_ben(line)
    mia = str(await line.customer("user_id", "mia"))
    await document(ann, mia)
    await audit.turns()
    (entry,) = [one.entry for one in await audit.all(action="accessCustomer")]
    assert (entry.user, entry.customers, entry.purpose) == ("usr_ann", (mia,), "she asked by letter")
    assert entry.fields == tuple(f"Customer.{name}" for name in PARTS)

    (told,) = (await document(ann, mia))["lookups"]
    assert (told["action"], told["by"], told["purpose"]) == ("accessCustomer", ["service"], "she asked by letter")
    assert (await document(ann, await line.customer("user_id", "ben")))["lookups"] == []


async def test_calls_put_aside_are_told_without_whom_else_they_name(
    ann: Api, line: Line, graph: GraphClient, redis: Redis, keyring: Keyring
) -> None:
    await line.apply(sighting(1, member="mia", email="mia@example.org"))
    both = sighting(2, kind="track", member="mia", user_id="ben") | {"properties": {"of": "both"}}
    async with working(graph, redis, keyring):
        await IngestStream(redis, keyring).append(make_batch(both), "batch", now_ms(), SOURCE, ["m2"])
        async with asyncio.timeout(60):
            while not await graph.read(_QUARANTINED):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    found = await document(ann, await line.customer("user_id", "mia"))
    (one,) = found["putAside"]
    assert one["names"] == [{"namespace": "user_id", "value": "mia"}]
    assert "both" not in str(found)
    assert '"ben"' not in str(found)


async def test_pages_bound_what_is_read_at_once_and_miss_nothing(
    line: Line, graph: GraphClient, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE_PLACES", 7)
    monkeypatch.setattr(reading, "PAGE_CALLS", 3)
    # Several of one instant, so that pages end between them.
    await line.apply(*(sighting(number, at=number // 4, kind="track", member="mia") for number in range(40)))
    reader = SubjectReader(graph, keyring, "CN")
    subject = await reader.open(str(await line.customer("user_id", "mia")))
    (events,) = [part for part in reader.parts(subject) if part.name == "events"]
    pages = [page async for page in events.pages]
    assert max(map(len, pages)) == 3
    ids = [row["id"] for page in pages for row in page]
    assert len(ids) == len(set(ids)) == 40
    times = [row["at"] for page in pages for row in page]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("how", ["merged", "erased", "handed on"])
async def test_a_document_of_somebody_who_is_another_by_its_end_has_no_end(
    line: Line, graph: GraphClient, keyring: Keyring, how: str
) -> None:
    await line.apply(sighting(1, member="mia", device="tablet"), sighting(2, kind="track", device="tablet"))
    await line.apply(sighting(3, member="ben"))
    mia, ben = str(await line.customer("user_id", "mia")), str(await line.customer("user_id", "ben"))
    reader = SubjectReader(graph, keyring, "CN")
    # Of two that are merged, the earlier one keeps its id.
    pieces = as_json(reader, await reader.open(ben if how == "merged" else mia))
    told = [await anext(pieces)]
    if how == "merged":
        await line.desk().merge(ben, mia, SAID)
    elif how == "erased":
        await line.desk().erase(mia, SAID)
    else:
        await line.apply(sighting(4, member="ben", device="tablet"))
    with pytest.raises(Exception, match="changed while it was read"):
        told += [piece async for piece in pieces]
    assert b'"complete":true' not in b"".join(told)


@pytest.mark.parametrize(
    ("who", "headers", "form", "status", "code"),
    [
        ("bob", PURPOSE, "json", 403, "FORBIDDEN"),
        ("ann", {}, "json", 400, "BAD_USER_INPUT"),
        ("ann", {"x-kith-purpose": "%20"}, "json", 400, "BAD_USER_INPUT"),
        ("ann", {"x-kith-purpose": "x" * 201}, "json", 400, "BAD_USER_INPUT"),
        ("ann", PURPOSE, "xml", 400, "BAD_USER_INPUT"),
        ("cy", PURPOSE, "json", 404, "NOT_FOUND"),
        ("ann", PURPOSE | {"authorization": "Bearer no"}, "json", 401, "UNAUTHENTICATED"),
    ],
)
async def test_who_may_not_or_does_not_say_why_gets_nothing(
    apis: dict[str, Api], line: Line, who: str, headers: dict[str, str], form: str, status: int, code: str
) -> None:
    await mia_and_ben(line)
    reply = await apis[who].http.get(path(await line.customer("user_id", "mia"), form), headers=headers)
    assert (reply.status_code, reply.json()["errors"][0]["extensions"]["code"]) == (status, code)
    assert "mia@" not in reply.text
    assert reply.headers["cache-control"] == "no-store"


async def test_whoever_is_bound_to_a_scope_may_ask_for_those_in_it(apis: dict[str, Api], line: Line) -> None:
    await mia_and_ben(line)
    assert (await document(apis["cy"], await line.customer("user_id", "ben")))["customer"]["id"]


async def test_ids_of_nobody_and_of_the_erased_are_not_found(ann: Api, line: Line) -> None:
    await mia_and_ben(line)
    mia = str(await line.customer("user_id", "mia"))
    await line.desk().erase(mia, SAID)
    for id in (mia, "cus_nobody", "seg_seen", "x" * 300, "%27", "cus_" + "9" * 100):
        reply = await ann.http.get(path(id), headers=PURPOSE)
        assert (reply.status_code, reply.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")


async def test_headers_keep_the_file_out_of_caches_and_purposes_may_be_chinese(ann: Api, line: Line) -> None:
    await mia_and_ben(line)
    mia = await line.customer("user_id", "mia")
    reply = await ann.http.get(path(mia), headers={"x-kith-purpose": "%E5%AE%A2%E6%88%B7%E6%9D%A5%E4%BF%A1"})
    assert reply.status_code == 200
    assert reply.headers["content-disposition"] == f'attachment; filename="{mia}.json"'
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"
    for method in ("POST", "HEAD"):
        assert (await ann.http.request(method, path(mia), headers=PURPOSE)).status_code == 405


async def test_a_fault_under_way_cuts_the_connection(ann: Api, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    await mia_and_ben(line)

    async def broken(*_: object) -> None:
        raise OSError("away")

    monkeypatch.setattr(SubjectReader, "confirm", broken)
    with pytest.raises(httpx.RemoteProtocolError):
        await ann.http.get(path(await line.customer("user_id", "mia")), headers=PURPOSE)


async def test_only_so_many_are_under_way_at_once(ann: Api, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    await mia_and_ben(line)
    monkeypatch.setattr(access, "MAX_AT_ONCE", 0)
    reply = await ann.http.get(path(await line.customer("user_id", "mia")), headers=PURPOSE)
    assert (reply.status_code, reply.json()["errors"][0]["extensions"]["code"]) == (429, "RATE_LIMITED")
    assert int(reply.headers["retry-after"]) > 0


def consent(number: int, member: str, *, granted: bool) -> dict[str, object]:
    call = sighting(number, member=member)
    return call | {"context": {"consent": {"categoryPreferences": {"marketing": granted}}}}


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data)
