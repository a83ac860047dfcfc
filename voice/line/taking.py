"""A call in the hands of whoever takes it."""

from __future__ import annotations

import structlog

from voice.line.line import Connection, OnCall

log = structlog.get_logger(__name__)


async def take_call(on_call: OnCall, connection: Connection) -> None:
    """For the length of the call. However the taker ends, the call is over afterwards."""
    try:
        await on_call(connection)
    except Exception:
        log.exception("line.call_failed", call=connection.id)
    finally:
        await connection.hang_up()
