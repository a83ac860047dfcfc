"""Structured logs to standard error, one JSON object a line, of our own code and of the libraries under it.

What people say and who they are is never logged: no parameters of SQL statements, no contents of refused rows.
"""

from __future__ import annotations

import io
import logging
import re
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

# Whose lines are shown from the level that is set; of everybody else only warnings and worse.
OURS = ("backend", "bot", "nlu", "voice", "uvicorn")
# PostgreSQL tells which row it refused, with all that stands in it.
_ROW = re.compile(r"^(DETAIL|CONTEXT):.*?(?=^\[SQL|^The above|^During handling|\Z)", re.DOTALL | re.MULTILINE)


class _StandardError(io.TextIOBase):
    """Standard error as it is at the moment; a line is lost rather than a call when nobody reads it any more."""

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):  # the reader is gone (EPIPE), or the stream is closed
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()


def without_rows(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """A processor: what the database says about a refused row stays out of the log."""
    for key in ("event", "exception", "problem"):
        if isinstance(text := line.get(key), str):
            line[key] = _ROW.sub(r"\1: left out\n", text)
    return line


_COMMON: tuple[structlog.typing.Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
)
_LAST: tuple[structlog.typing.Processor, ...] = (
    structlog.processors.format_exc_info,
    without_rows,
    structlog.processors.JSONRenderer(ensure_ascii=False),
)
_HANDLER = logging.StreamHandler(cast(TextIO, _StandardError()))
_HANDLER.setFormatter(
    structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_COMMON,
        processors=(structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_LAST),
    )
)


def configure(level: str) -> None:
    """`level` is debug, info, warning or error; anything else is taken as info."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[*_COMMON, *_LAST],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _StandardError())),
    )
    root = logging.getLogger()
    if _HANDLER not in root.handlers:
        root.addHandler(_HANDLER)
    root.setLevel(max(number, logging.WARNING))
    for name in OURS:
        logging.getLogger(name).setLevel(number)
