"""The nightly check of identity."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from base import clock, logs, metrics
from base.valkey import PREFIX
from ingest.forgetting import forget_erased
from workers.claims import claim
from workers.identity.review import refresh
from workers.tasks.services import TaskServices

# When people sleep; a worker that was down then checks the next night.
NIGHT_HOUR = 3
CHECKED_KEY = PREFIX + "identity-checked:"
# Longer than a night, so that nobody checks twice in one.
REMEMBER_S = 48 * 3600

_log = logs.get_logger()


async def check_identity_at_night(services: TaskServices, zone: ZoneInfo) -> bool:
    """Check identity once a night, in one worker, and bring the review list and the quarantine up to date. What is
    wrong is counted and logged; nothing of it is changed.

    Returns:
        Whether this worker checked now.

    Raises:
        Unavailable, RedisError: Neo4j or Redis is away; the next turn tries again.
    """
    now = datetime.fromtimestamp(clock.now_ms() / 1000, zone)
    key = f"{CHECKED_KEY}{now:%Y-%m-%d}"
    if now.hour != NIGHT_HOUR or await services.redis.exists(key):
        return False
    async with claim(services.redis, "check_identity") as mine:
        if not mine:
            return False
        report = await services.check.run(repair=False)
        await refresh(services.graph, report.large)
        # What was accepted before an erasure and put aside after it.
        await forget_erased(services.graph, services.quarantine, services.live.keyring)
        await services.redis.set(key, 1, ex=REMEMBER_S)
    for kind, count in report.faults.items():
        metrics.IDENTITY_FAULTS.labels(kind).set(count)
    faults = sum(report.faults.values())
    level = _log.warning if faults else _log.info
    level("identity_checked", identifiers=report.identifier_count, customers=report.customer_count, faults=faults)
    if faults:
        services.faults["identity"] = f"{faults} faults of identity: run `kith check identity`."
    else:
        services.faults.pop("identity", None)
    return True
