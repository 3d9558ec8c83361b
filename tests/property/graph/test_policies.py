"""A policy means the same whether it was in force before the calls came or the graph had to follow it later."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from base import clock
from base.keys import Keyring
from base.settings import Settings
from graph.client import GraphClient
from graph.identity.blocked import BlockedValues
from graph.identity.policy import DEFAULT, Conflict, IdentityPolicy, NamespacePolicy
from graph.repositories.policy import DONE, PolicyRecord
from tests.property.graph.comparing import differences, fresh
from tests.property.graph.streams import COOKIES, EMAILS, MEMBERS, NOW_MS, PHONES, Call, random_calls
from tests.support.line import Line
from workers.decisions.execution import Said
from workers.jobs import make_services
from workers.policy.office import enact
from workers.tasks.policy import follow_policy

CALLS = 60
Edit = Callable[[IdentityPolicy], IdentityPolicy]


def namespaces(**changes: dict[str, object]) -> Edit:
    def edit(old: IdentityPolicy) -> IdentityPolicy:
        found: dict[str, NamespacePolicy] = dict(old.namespaces)
        for name, fields in changes.items():
            found[name.replace("__", ":")] = replace(old.of(name.replace("__", ":")), **fields)  # type: ignore[arg-type]
        return IdentityPolicy(old.version, found, old.unverified, old.unknown, old.blocked, old.source_order)

    return edit


def sources(*order: str) -> Edit:
    def edit(old: IdentityPolicy) -> IdentityPolicy:
        return IdentityPolicy(old.version, old.namespaces, old.unverified, old.unknown, old.blocked, {"*": order})

    return edit


def lists(namespace: str, *values: str, patterns: tuple[str, ...] = ()) -> Edit:
    def edit(old: IdentityPolicy) -> IdentityPolicy:
        usual = DEFAULT.blocked.get(namespace, BlockedValues())
        listed = BlockedValues((*usual.values, *values), (*usual.patterns, *patterns))
        blocked = {**old.blocked, namespace: listed}
        return IdentityPolicy(old.version, old.namespaces, old.unverified, old.unknown, blocked, old.source_order)

    return edit


EDITS: dict[str, Edit] = {
    "fewer contacts": namespaces(phone={"limit": 1}, email={"limit": 1}),
    "many members": namespaces(user_id={"limit": 3, "conflict": Conflict.NEWEST}),
    "phones shared early": namespaces(phone={"shared_above": 1}, email={"shared_above": 1}),
    "devices never shared": namespaces(device_id={"shared_above": None}, anonymous_id={"shared_above": None}),
    "e-mail before phone": namespaces(phone={"rank": 5}, email={"rank": 4}),
    "union id first": namespaces(user_id={"rank": 3}, wx_unionid={"rank": 1}),
    "cookies before devices": namespaces(anonymous_id={"rank": 8}, device_id={"rank": 9}),
    "one device": namespaces(device_id={"limit": 1, "window_days": 1}, anonymous_id={"limit": 1, "window_days": 1}),
    "the till knows best": sources("till", "shop"),
}

# Of these calls each edit makes other customers.
SEEDS = {"e-mail before phone": 26, "devices never shared": 1}


@pytest.fixture(autouse=True)
def _one_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_ms", lambda: NOW_MS)


async def change(line: Line, settings: Settings, edit: Edit, *, dry_run: bool = False) -> PolicyRecord:
    """Put an edit into force, or try it, and let the graph follow."""
    services = make_services(settings, line.graph, line.redis)
    policy_id = await enact(line.graph, edit, Said("ann", "by chance", dry_run))
    await follow_policy({"services": services}, policy_id)
    found = await services.policies.find(policy_id)
    assert found is not None
    assert (found.state, found.error, found.progress) == (DONE, None, 1.0)
    return found


async def take_in(line: Line, calls: list[Call], chance: random.Random) -> None:
    for call in calls:
        await line.apply(call, source=chance.choice(["till", "shop", "default"]))


@pytest.mark.parametrize("name", EDITS)
async def test_following_is_as_if_it_had_been_in_force(
    name: str, graph: GraphClient, redis: Redis, keyring: Keyring, settings: Settings
) -> None:

    calls, edit = random_calls(SEEDS.get(name, 0), CALLS), EDITS[name]
    line = await fresh(graph, redis, keyring)
    await change(line, settings, edit)
    await take_in(line, calls, random.Random(1))
    expected, groups = await line.picture(), await line.partition()

    line = await fresh(graph, redis, keyring)
    chance = random.Random(1)
    await take_in(line, calls[:-5], chance)
    tried = await change(line, settings, edit, dry_run=True)
    before = await line.partition()
    done = await change(line, settings, edit)
    after = await line.partition()
    await take_in(line, calls[-5:], chance)

    assert differences(expected, await line.picture()) == {}
    assert await line.partition() == groups
    if name == "the till knows best":
        assert tried.counts.attributes == done.counts.attributes > 0
    else:
        assert before != after
        assert tried.counts.customers > 0
        assert done.counts.customers > 0


@pytest.mark.parametrize(
    ("namespace", "values", "patterns"),
    [("email", EMAILS[:2], ()), ("phone", (), (r"1391234500[01]",)), ("*", (), ("(?:cookie|member)-[0-2]",))],
)
async def test_listed_values_identify_nobody_in_what_was_seen(
    namespace: str,
    values: tuple[str, ...],
    patterns: tuple[str, ...],
    graph: GraphClient,
    redis: Redis,
    keyring: Keyring,
    settings: Settings,
) -> None:
    """Who is who is as if the lists had always been there; and taken off the lists, as if they had never been."""
    calls = random_calls(77, CALLS)
    line = await fresh(graph, redis, keyring)
    for call in calls:
        await line.apply(call)
    never = await line.picture()
    done = await change(line, settings, lists(namespace, *values, patterns=patterns))
    listed = await line.partition()
    assert done.counts.identifiers > 0
    assert not any(uid.startswith(f"{namespace}|") and uid in _uids(line, values) for group in listed for uid in group)
    await change(line, settings, lists(namespace))
    assert differences(never, await line.picture()) == {}

    line = await fresh(graph, redis, keyring)
    await change(line, settings, lists(namespace, *values, patterns=patterns))
    for call in calls:
        await line.apply(call)
    assert await line.partition() == listed


def _uids(line: Line, values: tuple[str, ...]) -> set[str]:
    named = {"email": EMAILS, "phone": PHONES, "user_id": MEMBERS, "anonymous_id": COOKIES}
    return {line.uid(name, value) for name, known in named.items() for value in known if value in values}
