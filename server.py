"""Builds the application of one API process: connections, routes, health. No logic."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Lifespan

from access.directory import GraphDirectory
from access.gate import Directory, Gate
from access.headers import SecurityHeaders
from access.meter import Meter
from access.routes import Told
from access.routes import routes as auth_routes
from access.sign_in import SignIn
from access.users import Users
from access.write_keys import WriteKeyFollower
from audit.entry import Entry, Outcome
from audit.log import AuditLog
from base.clock import now_ms
from base.errors import ConfigurationFault, KithError, Unavailable
from base.keys import Keyring
from base.settings import Settings, load_settings
from base.valkey import connect
from delivery.customers import CustomerUpdates
from delivery.hub import ChangeHub
from delivery.publisher import ChangePublisher
from graph.client import GraphClient
from graph.repositories.access import AccessRepository
from graph.repositories.customer import CustomerRepository
from graph.warm import warm
from ingest.gateway import routes as ingest_routes
from ingest.gateway import write_keys
from ingest.stream import IngestStream
from resolvers.customers.profiles import ProfileReader
from resolvers.services import make_services
from schema.telemetry import configure as configure_telemetry
from schema.transport.routes import routes as graphql_routes
from workers.decisions.desk import Desk
from workers.decisions.privacy import PrivacyDesk
from workers.decisions.review import ReviewDesk
from workers.heartbeat import beating
from workers.lists.lists import SegmentLists
from workers.lists.values import TagValues
from workers.live.context import LiveContext
from workers.live.labels import Labels
from workers.projection.client import ColumnStore
from workers.queue import JobQueue

# A probe that waits longer than its caller is of no use.
READY_TIMEOUT_S = 3.0


# Whom an entry of the operation log names when a phone number is nobody's.
NOBODY: Final = "nobody"


def create_app(settings: Settings | None = None, directory: Directory | None = None) -> Starlette:
    """The application; connects when it is first used.

    Args:
        directory: who holds which token, beside the admin token; given, it stands for what is stored.

    Raises:
        ConfigurationFault: a key is missing or cannot be used.
    """
    settings = settings or load_settings()
    keyring = Keyring(settings.secret_key)
    graph = GraphClient.of(settings)
    redis = connect(settings.redis_url)
    hub = ChangeHub(redis, keyring)
    customer_updates = CustomerUpdates(hub, CustomerRepository(graph))
    stream = IngestStream(redis, keyring)
    jobs = JobQueue(redis)
    live = LiveContext(keyring, ZoneInfo(settings.time_zone))
    publisher = ChangePublisher(redis, graph)
    desk = Desk(graph, publisher, live)
    sign_in = SignIn(graph, redis, keyring, settings.phone_region)
    audit = AuditLog(graph, redis, keyring)
    meter = Meter(redis)
    services = make_services(
        settings,
        graph,
        keyring,
        pending=stream,
        jobs=jobs,
        columns=ColumnStore(redis, keyring),
        updates=hub,
        customer_updates=customer_updates,
        desk=desk,
        privacy=PrivacyDesk(graph, publisher, live),
        lists=SegmentLists(graph, publisher, live),
        review_desk=ReviewDesk(graph, desk),
        labels=Labels(graph, publisher, live),
        tag_values=TagValues(graph, publisher, live),
        audit=audit,
        user_office=Users(graph, keyring, sign_in.hasher, settings.phone_region),
    )

    access = AccessRepository(graph)
    gate = Gate(settings.admin_token, directory or GraphDirectory(access, sign_in.sessions.find))
    keys = write_keys(settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        configure_telemetry()
        # A stream that Redis lost is rebuilt first: who subscribes "from now on" must not get history as news.
        with contextlib.suppress(Unavailable):
            await publisher.catch_up()
        await hub.start()
        following = asyncio.create_task(WriteKeyFollower(access, keys.tell).run())
        services.usage.start()
        warming = asyncio.create_task(_warm_up(graph, services.profiles))
        try:
            async with beating(redis, "api", settings.instance):
                yield
        finally:
            warming.cancel()
            following.cancel()
            await asyncio.gather(warming, following, return_exceptions=True)
            await services.usage.stop()
            await hub.stop()
            await customer_updates.stop()
            await redis.aclose()
            await graph.close()

    async def ready(_request: Request) -> Response:
        return await _readiness(graph, redis)

    return _Application(
        settings.hsts_s,
        lifespan=lifespan,
        routes=[
            *graphql_routes(services, settings, gate, meter),
            *ingest_routes(stream, settings, keys, meter),
            *auth_routes(sign_in, settings.allowed_origins, partial(_record, audit)),
            Route("/healthz", _health),
            Route("/readyz", ready),
            Route("/metrics", _metrics),
        ],
    )


class _Application(Starlette):
    """Its headers stand around everything, so that what answers for a fault has them too."""

    def __init__(self, hsts_s: int, *, routes: Sequence[BaseRoute], lifespan: Lifespan[Starlette]):
        super().__init__(routes=routes, lifespan=lifespan)
        self._hsts_s = hsts_s

    def build_middleware_stack(self) -> ASGIApp:
        return SecurityHeaders(super().build_middleware_stack(), self._hsts_s)


async def _record(audit: AuditLog, told: Told) -> None:
    await audit.write(
        Entry(
            at_ms=now_ms(),
            module="access",
            action=told.action,
            user=told.user.id if told.user else NOBODY,
            user_name=told.user.name if told.user else NOBODY,
            roles=tuple(told.user.roles) if told.user else (),
            ip=told.address,
            outcome=Outcome.REFUSED if told.code else Outcome.OK,
            code=told.code,
        )
    )


async def _warm_up(graph: GraphClient, profiles: ProfileReader) -> None:
    # Only to save the first callers' time: without Neo4j the API starts all the same, and says so.
    with contextlib.suppress(KithError, ConfigurationFault):
        await profiles.warm_up()
        await warm(graph, ("segment", "tag", "customer", "event", "registry"))


async def _health(_request: Request) -> Response:
    return _json(200, {"status": "ok"})


async def _readiness(graph: GraphClient, redis: Redis) -> Response:
    """200 when both stores answer, else 503 and which one does not."""
    states = {"neo4j": await _state(graph.verify()), "redis": await _state(redis.ping())}
    fit = all(state == "ok" for state in states.values())
    return _json(200 if fit else 503, {"status": "ready" if fit else "unavailable", **states})


async def _state(probe: Awaitable[object]) -> str:
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            await probe
    except (KithError, ConfigurationFault, RedisError, TimeoutError, OSError):
        return "unavailable"
    return "ok"


async def _metrics(_request: Request) -> Response:
    registry: CollectorRegistry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _json(status: int, document: dict[str, str]) -> Response:
    return Response(msgspec.json.encode(document), status, media_type="application/json")
