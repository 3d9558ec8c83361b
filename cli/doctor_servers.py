"""What `kith doctor` looks at on the other side of the connections: Neo4j, Redis, clocks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from base.clock import now_ms
from base.errors import ConfigurationFault, Unavailable
from base.keys import Keyring
from base.settings import RUNTIME_FILE, Settings
from base.valkey import connect
from cli.findings import Finding, fault, ok, warning
from graph.client import GraphClient
from graph.repositories import keys, system

MIN_NEO4J = (5, 26)
# The stream commands with XAUTOCLAIM's list of deleted entries, and appendonly directories. Valkey counts as 7.2 too.
MIN_REDIS = (7, 0)
# Windows of rules are seconds long at the shortest; identity and retries do not depend on clocks.
CLOCK_WARNING_MS = 1_000
CLOCK_FAULT_MS = 60_000


async def examine(settings: Settings) -> list[Finding]:
    """Findings about both servers; where nothing is named and nothing runs, that is said once."""
    local = (settings.data_dir / RUNTIME_FILE).is_file()
    if not local and not (os.environ.get("NEO4J_URI") or os.environ.get("REDIS_URL")):
        return [ok("connections", "no server is named and none runs here; `make run` starts both")]
    return [*await _neo4j(settings), *await _redis(settings)]


async def _neo4j(settings: Settings) -> list[Finding]:
    graph = GraphClient.of(settings)
    try:
        await graph.verify()
        # The first run of a statement is planned, which can take a second: the clocks are compared by the second.
        await system.get_server(graph)
        asked_ms = now_ms()
        server = await system.get_server(graph)
        clock = _clock("Neo4j", asked_ms, server.now_ms)
    except Unavailable:
        advice = "Start it (`make run`), or correct NEO4J_URI; the log is under KITH_DATA_DIR/logs."
        return [fault("Neo4j", "cannot be reached", advice)]
    except ConfigurationFault as problem:
        return [fault("Neo4j", str(problem), "Correct NEO4J_USER and NEO4J_PASSWORD.")]
    finally:
        await graph.close()
    text = f"{server.version} {server.edition}"
    found = [ok("Neo4j", text)]
    if _numbers(server.version) < MIN_NEO4J:
        found = [fault("Neo4j", f"{text} is too old", "Use 5.26 or newer.")]
    return [*found, clock, *await _keys(settings)]


async def _keys(settings: Settings) -> list[Finding]:
    """Whether the secrets are those of the graph; nothing where there is none, or none of a usable form."""
    try:
        keyring = Keyring(settings.secret_key)
    except ConfigurationFault:
        return []
    graph = GraphClient.of(settings)
    try:
        await keys.check_versions(graph)
        met = [one.version for one in await keys.list_versions(graph) if not one.retired]
        rotation = await keys.find_rotation(graph, keyring)
    except ConfigurationFault as problem:
        return [fault("keys of the graph", str(problem), "Set KITH_SECRET_KEY to what the data was written with.")]
    finally:
        await graph.close()
    text = f"current is version {keyring.current} of {', '.join(map(str, met)) or 'none so far'}"
    if len(met) > 1 and (rotation is None or not rotation.done):
        return [warning("keys of the graph", f"{text}; older ones may be in use", "Run `kith keys rotate`.")]
    return [ok("keys of the graph", text)]


async def _redis(settings: Settings) -> list[Finding]:
    redis = connect(settings.redis_url)
    try:
        return await _examine_redis(redis)
    except ValueError as problem:
        return [fault("Redis", f"REDIS_URL cannot be used: {problem}", "Correct REDIS_URL.")]
    except (RedisError, OSError) as problem:
        advice = "Start it (`make run`), or correct REDIS_URL; the log is under KITH_DATA_DIR/logs."
        return [fault("Redis", f"cannot be reached ({type(problem).__name__})", advice)]
    finally:
        await redis.aclose()


async def _examine_redis(redis: Redis) -> list[Finding]:
    info: Mapping[str, Any] = await redis.info()
    name = "Valkey" if "valkey_version" in info else "Redis"
    text = str(info.get("valkey_version", info["redis_version"]))
    findings = [ok(name, text)]
    if _numbers(str(info["redis_version"])) < MIN_REDIS:
        findings = [fault(name, f"{text} is too old", "Use Redis 7 or newer, or Valkey.")]
    if info.get("aof_last_write_status", "ok") != "ok":
        findings.append(fault(name, "cannot write its append-only file", "Look at its disk and its log."))
    asked_ms = now_ms()
    seconds, microseconds = await redis.time()
    clock = _clock(name, asked_ms, seconds * 1000 + microseconds // 1000)
    return [*findings, *await _redis_settings(redis, name), clock]


async def _redis_settings(redis: Redis, name: str) -> list[Finding]:
    try:
        names = ("appendonly", "appendfsync", "maxmemory-policy")
        found = {key: value for one in names for key, value in (await redis.config_get(one)).items()}
    except ResponseError:
        advice = "Make sure of appendonly yes and maxmemory-policy noeviction by other means."
        return [warning(name, "does not show its settings", advice)]
    findings = []
    if found.get("appendonly") == "yes":
        findings.append(ok(name, "keeps an append-only file"))
    else:
        advice = "Set appendonly yes; until then a restart loses calls that were acknowledged."
        findings.append(fault(name, "keeps no append-only file", advice))
    if found.get("appendonly") == "yes" and found.get("appendfsync") == "everysec":
        # Source: flushAppendOnlyFile in aof.c; measured, see `local.valkey_server`.
        advice = "Set appendfsync always; or leave it, where a killed Redis may lose calls of its last 2 seconds."
        findings.append(warning(name, "answers before it writes while its disk is slow (appendfsync everysec)", advice))
    if found.get("maxmemory-policy") != "noeviction":
        advice = "Set maxmemory-policy noeviction; until then a full memory drops acknowledged calls."
        findings.append(fault(name, f"may evict data ({found.get('maxmemory-policy')})", advice))
    return findings


def _clock(name: str, asked_ms: int, server_ms: int) -> Finding:
    subject = f"clock of {name}"
    # The server read its clock between the question and the answer, so anything in between agrees.
    skew_ms = max(asked_ms - server_ms, server_ms - now_ms(), 0)
    text = f"{skew_ms / 1000:.1f} s away from this machine's"
    if skew_ms >= CLOCK_FAULT_MS:
        return fault(subject, text, "Set both clocks by NTP; windows of rules are wrong by this much.")
    if skew_ms >= CLOCK_WARNING_MS:
        return warning(subject, text, "Set both clocks by NTP.")
    return ok(subject, "agrees")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("-")[0].split(".")[:2] if part.isdigit())
