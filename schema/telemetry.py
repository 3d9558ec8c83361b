"""Traces of operations, sent where OTEL_EXPORTER_OTLP_ENDPOINT says; without it nothing is loaded or measured."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from base.errors import ConfigurationFault

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
SERVICE_NAME = "kith-api"

_Span = Callable[[str, str], AbstractContextManager[object]]
_NOTHING: AbstractContextManager[object] = nullcontext()


def _untraced(_kind: str, _name: str) -> AbstractContextManager[object]:
    return _NOTHING


_span: _Span = _untraced


def configure() -> None:
    """Start sending traces when an endpoint is set.

    Raises:
        ConfigurationFault: it is set, and the optional packages are not installed.
    """
    if not os.environ.get(ENDPOINT):
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as fault:
        raise ConfigurationFault(f"{ENDPOINT} is set: install the extra `telemetry`") from fault
    provider = TracerProvider(
        resource=Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", SERVICE_NAME)})
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    tracer = trace.get_tracer("kith")

    def traced(kind: str, name: str) -> AbstractContextManager[object]:
        return tracer.start_as_current_span(f"{kind} {name}", attributes={"graphql.operation.type": kind})

    global _span
    _span = traced


def span(kind: str, name: str | None) -> AbstractContextManager[object]:
    """Covers one operation; kind is query, mutation or subscription. Names only, never values."""
    return _span(kind, name or "anonymous")
