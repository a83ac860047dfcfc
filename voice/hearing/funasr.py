"""A FunASR server on another machine, by its WebSocket protocol (offline mode: one answer at the end)."""

from __future__ import annotations

import json
import time
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from config.hearing import HearingWords
from voice.hearing.recogniser import Heard, HearingError, Hint, Reading
from voice.hearing.written import written
from voice.line.line import Samples

TIMEOUT_S = 15.0
CONFIDENCE = 0.75  # the protocol carries none
# How strongly an expected phrase is preferred; 20 is what FunASR's own clients send.
_HOT_WORD_WEIGHT = 20
_PIECE_BYTES = 64_000


class FunAsrRecogniser:
    """`url`: ws:// or wss:// of `funasr-wss-server`. A connection for each utterance, so that none can be stale."""

    name = "funasr"

    def __init__(self, url: str, words: HearingWords) -> None:
        if not url.startswith(("ws://", "wss://")):
            raise HearingError(f"{url} is no WebSocket address")
        self._url, self._words = url, words

    def recognise(self, samples: Samples, rate: int, hint: Hint) -> Heard:
        """Raises HearingError when the server fails."""
        began = time.perf_counter()
        try:
            with connect(
                self._url,
                subprotocols=[Subprotocol("binary")],
                open_timeout=TIMEOUT_S,
                close_timeout=1,
                compression=None,
            ) as server:
                server.send(
                    json.dumps(_opening(rate, (*hint.phrases, *self._words.hot_words)), ensure_ascii=False)
                )
                sound = samples.astype("<i2").tobytes()
                for start in range(0, len(sound), _PIECE_BYTES):
                    server.send(sound[start : start + _PIECE_BYTES])
                server.send(json.dumps({"is_speaking": False}))
                answer = json.loads(server.recv(timeout=TIMEOUT_S))
        except (OSError, WebSocketException) as problem:
            raise HearingError(f"the FunASR server does not answer: {problem}") from problem
        except ValueError as problem:
            raise HearingError("the FunASR server sent no JSON") from problem
        text = written(str(answer.get("text", ""))) if isinstance(answer, dict) else ""
        return Heard(
            readings=(Reading(text, CONFIDENCE),) if text else (),
            engine=self.name,
            sound_s=len(samples) / rate,
            took_s=time.perf_counter() - began,
            why_nothing="" if text else "silence",
        )


def _opening(rate: int, expected: tuple[str, ...]) -> dict[str, Any]:
    return {
        "mode": "offline",
        "wav_name": "utterance",
        "wav_format": "pcm",
        "audio_fs": rate,
        "is_speaking": True,
        "itn": False,
        "hotwords": json.dumps(dict.fromkeys(expected, _HOT_WORD_WEIGHT), ensure_ascii=False),
    }
