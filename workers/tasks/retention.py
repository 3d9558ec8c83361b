"""What is kept no longer goes at night."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from base import clock, logs
from base.valkey import PREFIX
from graph.client import Transaction
from graph.repositories import retention as repository
from graph.repositories.retention import Kept, RetentionRepository, RetentionRule
from workers.claims import claim
from workers.retention.removing import Removing
from workers.tasks.identity import NIGHT_HOUR, REMEMBER_S
from workers.tasks.services import TaskServices

DONE_KEY: Final = PREFIX + "retention-done:"
DAY_MS: Final = timedelta(days=1) // timedelta(milliseconds=1)

_log = logs.get_logger()


async def keep_retention_at_night(services: TaskServices, zone: ZoneInfo) -> bool:
    """Remove what is too old once a night, in one worker. One that dies in between leaves the rest to the next turn.

    Returns:
        Whether this worker did so now.

    Raises:
        Unavailable, RedisError: Neo4j or Redis is away; the next turn tries again.
    """
    now = datetime.fromtimestamp(clock.now_ms() / 1000, zone)
    key = f"{DONE_KEY}{now:%Y-%m-%d}"
    if now.hour != NIGHT_HOUR or await services.redis.exists(key):
        return False
    async with claim(services.redis, "retention") as mine:
        if not mine:
            return False
        await keep_retention(services)
        await services.redis.set(key, 1, ex=REMEMBER_S)
    return True


async def keep_retention(services: TaskServices) -> dict[str, int]:
    """Remove what is too old now; returns how much, by the key of the rule.

    Raises:
        Unavailable: Neo4j is away.
    """
    rules = await RetentionRepository(services.graph).list_all()
    removing = Removing(services.graph, services.publisher, services.live)
    removed: dict[str, int] = {}
    for rule in rules:
        if rule.kind is Kept.EVENT:
            started_ms = clock.now_ms()
            removed[rule.key] = await removing.remove_events(rule.name, started_ms - rule.days * DAY_MS)
            await _note(services, rule, started_ms, removed[rule.key])
    # All attributes in one pass over the identifiers.
    attributes = {rule.name: rule for rule in rules if rule.kind is Kept.ATTRIBUTE}
    if attributes:
        started_ms = clock.now_ms()
        before_ms = {name: started_ms - rule.days * DAY_MS for name, rule in attributes.items()}
        for name, count in (await removing.remove_values(before_ms)).items():
            removed[attributes[name].key] = count
            await _note(services, attributes[name], started_ms, count)
    if any(removed.values()):
        _log.info("retention_kept", rules=len(rules), removed=sum(removed.values()))
    return removed


async def _note(services: TaskServices, rule: RetentionRule, started_ms: int, removed: int) -> None:
    async def work(tx: Transaction) -> None:
        await repository.end_run(tx, rule.key, started_ms, clock.now_ms(), removed)

    await services.graph.write("end_retention_run", work)
