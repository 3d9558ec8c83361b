"""Where GraphQL is served: one path, HTTP and WebSocket."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route, WebSocketRoute

from access.gate import Gate
from access.meter import Meter
from access.origins import Origins
from base.settings import Settings
from resolvers.context import Services
from schema.build import build_schema
from schema.execution.admission import Admission
from schema.execution.engine import Engine
from schema.transport.http import ROUTE, GraphQLOverHttp
from schema.transport.websocket import GraphQLOverWebSocket

PREFLIGHT_MAX_AGE_S = 86_400


def routes(services: Services, settings: Settings, gate: Gate, meter: Meter) -> list[BaseRoute]:
    """The routes of /graphql.

    Raises:
        ConfigurationFault: limits or trusted documents cannot be read.
    """
    admission = Admission.of(settings, meter)
    engine = Engine(build_schema(), services, open_schema=settings.mode == "local", admission=admission)
    origins = Origins(settings.allowed_origins)
    http = GraphQLOverHttp(engine, gate, origins)
    # Only where it is needed: without an allowed origin no browser page but our own may ask anyway.
    app = (
        CORSMiddleware(
            http,
            allow_origins=sorted(origins.allowed),
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type", "x-request-id"],
            expose_headers=["x-request-id", "retry-after"],
            max_age=PREFLIGHT_MAX_AGE_S,
        )
        if origins.allowed
        else http
    )
    return [
        Route(ROUTE, endpoint=app, methods=None),
        WebSocketRoute(ROUTE, endpoint=GraphQLOverWebSocket(engine, gate, origins)),
    ]
