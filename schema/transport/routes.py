"""Where GraphQL is served, HTTP and WebSocket, and what is too long for it."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from access.gate import Gate
from access.meter import Meter
from access.origins import Origins
from base.settings import Settings
from resolvers.context import Services
from schema.build import build_schema
from schema.execution.admission import Admission
from schema.execution.engine import Engine
from schema.transport import access
from schema.transport.http import ROUTE, GraphQLOverHttp
from schema.transport.websocket import GraphQLOverWebSocket

PREFLIGHT_MAX_AGE_S = 86_400


def routes(services: Services, settings: Settings, gate: Gate, meter: Meter) -> list[BaseRoute]:
    """The routes of /graphql, and the one download.

    Raises:
        ConfigurationFault: limits or trusted documents cannot be read.
    """
    admission = Admission.of(settings, meter)
    engine = Engine(build_schema(), services, open_schema=settings.mode == "local", admission=admission)
    origins = Origins(settings.allowed_origins)
    app = _for_origins(GraphQLOverHttp(engine, gate, origins), origins, ["GET", "POST"])
    download = _for_origins(access.AccessDownload(services, gate, origins), origins, ["GET"])
    return [
        Route(ROUTE, endpoint=app, methods=None),
        Route(access.ROUTE, endpoint=download, methods=["GET", "OPTIONS"] if origins.allowed else ["GET"]),
        WebSocketRoute(ROUTE, endpoint=GraphQLOverWebSocket(engine, gate, origins)),
    ]


def _for_origins(app: ASGIApp, origins: Origins, methods: list[str]) -> ASGIApp:
    """An application that pages of these origins may ask."""
    # Only where it is needed: without an allowed origin no browser page but our own may ask anyway.
    if not origins.allowed:
        return app
    return CORSMiddleware(
        app,
        allow_origins=sorted(origins.allowed),
        allow_methods=methods,
        allow_headers=["authorization", "content-type", "x-request-id", access.PURPOSE_HEADER],
        expose_headers=["x-request-id", "retry-after", "content-disposition"],
        max_age=PREFLIGHT_MAX_AGE_S,
    )
