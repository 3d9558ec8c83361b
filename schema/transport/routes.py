"""Where GraphQL is served, HTTP and WebSocket, and what is too long for it."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from access.gate import Gate
from base.settings import Settings
from resolvers.context import Services
from schema.build import build_schema
from schema.execution.engine import Engine
from schema.transport import access
from schema.transport.http import ROUTE, GraphQLOverHttp
from schema.transport.websocket import GraphQLOverWebSocket

PREFLIGHT_MAX_AGE_S = 86_400


def routes(services: Services, settings: Settings, gate: Gate) -> list[BaseRoute]:
    """The routes of /graphql, and the one download."""
    engine = Engine(build_schema(), services, open_schema=settings.mode == "local")
    origins = [one.strip() for one in settings.allowed_origins.split(",") if one.strip()]
    app = _for_origins(GraphQLOverHttp(engine, gate), origins, ["GET", "POST"])
    download = _for_origins(access.AccessDownload(services, gate), origins, ["GET"])
    return [
        Route(ROUTE, endpoint=app, methods=None),
        Route(access.ROUTE, endpoint=download, methods=["GET", "OPTIONS"] if origins else ["GET"]),
        WebSocketRoute(ROUTE, endpoint=GraphQLOverWebSocket(engine, gate, frozenset(origins))),
    ]


def _for_origins(app: ASGIApp, origins: list[str], methods: list[str]) -> ASGIApp:
    """An application that pages of these origins may ask."""
    # Only where it is needed: without an allowed origin no browser page but our own may ask anyway.
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=methods,
        allow_headers=["authorization", "content-type", "x-request-id", access.PURPOSE_HEADER],
        expose_headers=["x-request-id", "content-disposition"],
        max_age=PREFLIGHT_MAX_AGE_S,
    )
