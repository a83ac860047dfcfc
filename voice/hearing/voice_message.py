"""Voice messages of the text channels: sound in, words out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from voice.hearing.media import MEDIA_RATE, MediaError, decoded
from voice.hearing.pieces import cut_at_quiet
from voice.hearing.recogniser import Hearing, HearingError, Hint
from voice.line.line import Samples

# All messages together have one turn among the calls, and a long one is heard piece by piece: nobody on the telephone
# waits for more than one piece.
MESSAGES = "messages"
LONGEST_PIECE_S = 12.0

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
            pieces = cut_at_quiet(decoded(data), MEDIA_RATE, LONGEST_PIECE_S)
            return asyncio.run_coroutine_threadsafe(_heard(hearing, pieces), loop).result()
        except (MediaError, HearingError) as problem:
            _log.warning("voice_message_not_heard", media_type=media_type, bytes=len(data), why=str(problem))
            return None

    return hear


async def _heard(hearing: Hearing, pieces: Sequence[Samples]) -> str | None:
    heard = [await hearing.recognise(piece, MEDIA_RATE, Hint(), call_id=MESSAGES) for piece in pieces]
    return "，".join(one.text for one in heard if one.text) or None
