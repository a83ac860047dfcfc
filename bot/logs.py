"""Structured logs to standard error, one JSON object a line. What people say and who they are is never logged."""

from __future__ import annotations

import io
import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog


class _StandardError(io.TextIOBase):
    """Standard error as it is at the moment; a line is lost rather than a call when nobody reads it any more."""

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):  # the reader is gone (EPIPE), or the stream is closed
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()


def configure(level: str) -> None:
    """`level` is debug, info, warning or error; anything else is taken as info."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _StandardError())),
    )
