"""Voice messages of the text channels: sound in, words out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import uuid4

import structlog

from voice.hearing.media import MEDIA_RATE, MediaError, decoded
from voice.hearing.recogniser import Hearing, HearingError, Hint

_log = structlog.get_logger(__name__)


def voice_message_hearing(
    hearing: Hearing, loop: asyncio.AbstractEventLoop
) -> Callable[[bytes, str], str | None]:
    """A function that hears one message. `loop` is the one that `hearing` belongs to.

    The function blocks and may be called from any thread but that of `loop`. It gives None where nothing was understood,
    where the sound can not be read and where nothing can recognise now: the sender is then asked to write or to call.
    """

    def hear(data: bytes, media_type: str) -> str | None:
        try:
            samples = decoded(data)
            waiting = asyncio.run_coroutine_threadsafe(
                hearing.recognise(samples, MEDIA_RATE, Hint(), call_id=f"message-{uuid4().hex}"), loop
            )
            return waiting.result().text
        except (MediaError, HearingError) as problem:
            _log.warning("voice_message_not_heard", media_type=media_type, bytes=len(data), why=str(problem))
            return None

    return hear
