"""When segments and tags were last asked for: noted beside the requests, in batches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from base.errors import Unavailable
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from graph.repositories.usage import UsageRepository
from resolvers import usage as usage_module
from resolvers.usage import UsageNotes
from tests.api.graphql.test_customers import ann
from tests.api.graphql.test_sharing import create_segment, create_tag
from tests.support.api import Api, running_api
from tests.support.profiles import write_people
from tests.support.subscriptions import by_socket, subscribers
from tests.support.tags import MANUAL

WITHIN_S = 10.0


@pytest_asyncio.fixture(loop_scope="session")
async def noting(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    monkeypatch.setattr(usage_module, "FLUSH_S", 0.02)
    async with running_api(settings) as api:
        yield api


async def last_use(api: Api, what: str) -> str | None:
    """By a list, which is no use."""
    field = "segments" if what == "segment" else "tags"
    found = (await api.data(f"{{ {field} {{ edges {{ node {{ count lastUsedAt }} }} }} }}"))[field]["edges"]
    return found[0]["node"]["lastUsedAt"]


async def noted(api: Api, what: str) -> None:
    async with asyncio.timeout(WITHIN_S):
        while await last_use(api, what) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("what", "asked"),
    [
        ("segment", '{ segment(key: "mine") { key } }'),
        ("segment", '{ estimate(where: {segment: "mine"}) { count } }'),
        ("segment", '{ customers(where: {segment: "mine"}) { edges { cursor } } }'),
        ("segment", '{ explain(customer: "cus_ann", segment: "mine") { answer } }'),
        ("tag", '{ tag(key: "mine") { key } }'),
        ("tag", '{ estimate(where: {tag: {key: "mine", op: SET}}) { count } }'),
        ("tag", '{ explain(customer: "cus_ann", tag: "mine") { answer } }'),
    ],
)
async def test_a_question_is_a_use(noting: Api, graph: GraphClient, keyring: Keyring, what: str, asked: str) -> None:
    await write_people(graph, keyring, ann(segments=()))
    await create_segment(noting)
    await create_tag(noting, definition=MANUAL)
    assert await last_use(noting, what) is None

    await noting.ask(asked)

    await noted(noting, what)
    assert await last_use(noting, "tag" if what == "segment" else "segment") is None


async def test_a_profile_and_a_list_are_no_use(noting: Api, graph: GraphClient, keyring: Keyring) -> None:
    await create_segment(noting)
    await write_people(graph, keyring, ann(segments=("mine",)))

    await noting.data('{ customer(id: "cus_ann") { segments { segment { key count } } } segmentFolders { path } }')
    await asyncio.sleep(0.2)

    assert await last_use(noting, "segment") is None


async def test_a_subscription_is_a_use_for_as_long_as_it_lasts(
    noting: Api, graph: GraphClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_module, "EVERY_S", 0.1)
    await create_segment(noting)
    async with by_socket(noting, 'subscription { segmentUpdates(segments: ["mine"]) { id } }', {}):
        await subscribers(noting, 1)
        await noted(noting, "segment")
        first = await last_use(noting, "segment")
        async with asyncio.timeout(WITHIN_S):
            while await last_use(noting, "segment") == first:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
    last = await last_use(noting, "segment")
    await asyncio.sleep(0.3)
    assert await last_use(noting, "segment") == last


class Recorder(UsageRepository):
    """Remembers what was written; away for as long as it is told to."""

    def __init__(self) -> None:
        self.written: list[dict[str, int]] = []
        self.away = False

    async def set_many(self, used: dict[str, int]) -> None:  # type: ignore[override]
        if self.away:
            raise Unavailable("Away.")
        self.written.append(used)


async def test_one_that_is_asked_for_again_and_again_is_written_once_in_ten_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_s = 1_000.0
    monkeypatch.setattr(usage_module.time, "monotonic", lambda: at_s)
    recorder = Recorder()
    notes = UsageNotes(recorder)
    for _ in range(3):
        notes.note("a", "b")
        await notes.flush()
    at_s += usage_module.EVERY_S - 1
    notes.note("a")
    await notes.flush()
    assert [set(one) for one in recorder.written] == [{"a", "b"}]

    at_s += 1
    notes.note("a")
    await notes.flush()

    assert [set(one) for one in recorder.written] == [{"a", "b"}, {"a"}]


async def test_what_could_not_be_written_is_noted_when_it_is_asked_for_again() -> None:
    recorder = Recorder()
    notes = UsageNotes(recorder)
    recorder.away = True
    notes.note("a")
    await notes.flush()
    recorder.away = False
    await notes.flush()
    assert recorder.written == []

    notes.note("a")
    await notes.flush()

    assert [set(one) for one in recorder.written] == [{"a"}]


async def test_what_is_deleted_is_not_noted_and_the_last_use_counts(graph: GraphClient, noting: Api) -> None:
    made = await create_segment(noting)
    uses = UsageRepository(graph)

    await uses.set_many({str(made["id"]): 200, "seg_gone": 200})
    await uses.set_many({str(made["id"]): 100})

    assert await uses.get_many([str(made["id"]), "seg_gone"]) == {made["id"]: 200}
