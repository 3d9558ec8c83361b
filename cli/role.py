"""Runs one role in this process. Imports are late: each role loads only what it needs."""

from __future__ import annotations

import asyncio
import importlib
import os
import shutil
from collections.abc import Coroutine
from typing import TYPE_CHECKING

import uvloop

from base import logs
from base.errors import ConfigurationFault, Unavailable
from base.settings import Settings, load_settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

# Role → module and function that takes the settings and runs until it is told to stop.
WORKER_ROLES = {
    "ingest": ("workers.applier.run", "run"),
    "worker": ("workers.jobs", "run"),
    "analytics": ("workers.projection.run", "run"),
}
# Requests that are on their way get this long at a stop; subscriptions are told to come back at once.
API_GRACE_S = 5
# Longer than SDKs and load balancers keep an idle connection: the side that sends requests should be the one to close.
KEEP_ALIVE_S = 75
# The largest message a subscriber may send; a GraphQL document is far below.
WS_MAX_BYTES = 1_048_576
# Connections that wait while every process is busy. Source: uvicorn's default.
BACKLOG = 2048


def run_role(name: str) -> None:
    """Run until SIGTERM or Ctrl-C.

    Raises:
        ConfigurationFault: no such role, or a key is missing.
    """
    settings = load_settings()
    if name != "api" and name not in WORKER_ROLES:
        raise ConfigurationFault(f"There is no role {name!r}; there are api, ingest, worker and analytics.")
    check_keys(settings)
    asyncio.run(_check_versions(settings))
    if name == "api":
        _run_api(settings)
        return
    logs.configure(settings.log_level, name)
    module, function = WORKER_ROLES[name]
    started = getattr(importlib.import_module(module), function)(settings)
    if isinstance(started, Coroutine):
        asyncio.Runner(loop_factory=uvloop.new_event_loop).run(started)


def check_keys(settings: Settings) -> None:
    """Refuse to start without the keys: an empty token would let everybody in.

    Raises:
        ConfigurationFault: names the first missing one.
    """
    keys = {
        "KITH_WRITE_KEY": settings.write_key,
        "KITH_ADMIN_TOKEN": settings.admin_token,
        "KITH_SECRET_KEY": settings.secret_key,
    }
    for name, value in keys.items():
        if not value:
            raise ConfigurationFault(f"{name} is not set. Set it, or let `kith run` generate it once.")


async def _check_versions(settings: Settings) -> None:
    """Refuse to start with other secrets than the graph was written with, if it can be asked now."""
    from graph.client import GraphClient
    from graph.repositories.keys import check_versions

    graph = GraphClient.of(settings)
    try:
        await check_versions(graph)
    except Unavailable:
        # Roles start without Neo4j; what does not open later says so then.
        pass
    finally:
        await graph.close()


def _run_api(settings: Settings) -> None:
    import uvicorn

    from cli.connections import BoundedHttp

    if settings.api_processes > 1:
        _share_metrics(settings)
    uvicorn.run(
        "cli.role:create_api",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.api_processes,
        loop="uvloop",
        http=BoundedHttp,
        # The older implementation rests on an interface that the websockets package has deprecated.
        ws="websockets-sansio",
        ws_max_size=WS_MAX_BYTES,
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        limit_concurrency=settings.max_connections,
        timeout_graceful_shutdown=API_GRACE_S,
        timeout_keep_alive=KEEP_ALIVE_S,
    )


def create_api() -> Starlette:
    """The application of one API process, with its logs set up; uvicorn calls it in each process it starts."""
    import server

    settings = load_settings()
    logs.configure(settings.log_level, "api")
    app: Starlette = server.create_app()
    return app


def _share_metrics(settings: Settings) -> None:
    # prometheus_client keeps its values in files then, and /metrics can add up all processes. It reads the variable
    # when it is imported first, and refuses files that another run left.
    folder = settings.data_dir.resolve() / "metrics" / f"api-{settings.port}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
