"""Structured logs: readable on a terminal, one JSON object a line elsewhere. Names and counts, never values."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

import structlog

from base.secret import guard_crashes, mask

if TYPE_CHECKING:
    from structlog.typing import Processor


# "text" asks for readable lines where no terminal can be seen.
FORMAT_VARIABLE = "KITH_LOG_FORMAT"


def configure(level: str, role: str) -> None:
    """Set up logging for this process; libraries that use `logging` come out in the same form."""
    # Behind `kith run` a role writes into a pipe, but a person reads it.
    terminal = sys.stderr.isatty() or os.environ.get(FORMAT_VARIABLE) == "text"
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if terminal
        else structlog.processors.JSONRenderer()
    )
    tail: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if not terminal:
        tail.append(structlog.processors.format_exc_info)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Masking(foreign_pre_chain=shared, processors=[*tail, renderer]))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # At DEBUG the driver of Neo4j writes down every parameter, which is people's data.
    for noisy in ("neo4j", "httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(role=role)
    guard_crashes()


class _Masking(structlog.stdlib.ProcessorFormatter):
    """Looks at each whole line, stacks and other libraries' lines included, before anybody else does."""

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


def get_logger() -> structlog.stdlib.BoundLogger:
    """The logger of the calling module."""
    return structlog.stdlib.get_logger()
