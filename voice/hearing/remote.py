"""A recogniser on another machine that speaks OpenAI's transcription interface (also vLLM, speaches, LocalAI, FunASR)."""

from __future__ import annotations

import json
import time
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from uuid import uuid4

from pydantic import SecretStr

from config.hearing import HearingWords
from voice.hearing.belief import Decoded, confidence, why_disbelieved
from voice.hearing.recogniser import Heard, HearingError, Hint, Reading
from voice.hearing.wav import wav_bytes
from voice.hearing.written import written
from voice.line.line import Samples

TIMEOUT_S = 15.0
# Servers that send no log-probabilities: their word counts this much.
CONFIDENCE = 0.75
_LONGEST_ANSWER = 1 << 20  # bytes


class OpenAiRecogniser:
    """`url` ends before `/audio/transcriptions`: https://host/v1. Raises HearingError when the server fails."""

    name = "openai"

    def __init__(self, url: str, key: SecretStr | None, model: str, words: HearingWords) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise HearingError(f"{url} is no http address")
        self._url, self._key, self._model, self._words = url.rstrip("/"), key, model, words

    def recognise(self, samples: Samples, rate: int, hint: Hint) -> Heard:
        began = time.perf_counter()
        prompt = "，".join((*hint.phrases, self._words.prompts.get(hint.asks or "", self._words.open_prompt)))
        fields = {
            "model": self._model,
            "language": "zh",
            "prompt": prompt,
            "temperature": "0",
            "response_format": "verbose_json",
        }
        answer = self._ask(*multipart(fields, wav_bytes(samples, rate)))
        readings, why = self._believed(answer, len(samples) / rate, prompt)
        return Heard(readings, self.name, len(samples) / rate, time.perf_counter() - began, why_nothing=why)

    def _believed(
        self, answer: dict[str, Any], sound_s: float, prompt: str
    ) -> tuple[tuple[Reading, ...], str]:
        text, segments = written(str(answer.get("text", ""))), answer.get("segments") or []
        if not text:
            return (), "silence"
        if not segments or any("avg_logprob" not in segment for segment in segments):
            return (Reading(text, CONFIDENCE),), ""
        worst = min(segments, key=lambda segment: float(segment["avg_logprob"]))
        decoded = Decoded(text, float(worst["avg_logprob"]), float(worst.get("no_speech_prob", 0)), sound_s)
        if why := why_disbelieved(decoded, prompt, self._words):
            return (), why
        return (Reading(text, confidence(decoded, self._words)),), ""

    def _ask(self, content_type: str, body: bytes) -> dict[str, Any]:
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        request = Request(f"{self._url}/audio/transcriptions", body, headers)  # noqa: S310 (checked above)
        try:
            with urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                content = json.loads(answer.read(_LONGEST_ANSWER))
        except HTTPError as refusal:
            raise HearingError(f"the recognition server refused: HTTP {refusal.code}") from refusal
        except (OSError, HTTPException) as problem:
            raise HearingError(f"the recognition server does not answer: {problem}") from problem
        except ValueError as problem:
            raise HearingError("the recognition server sent no JSON") from problem
        if not isinstance(content, dict):
            raise HearingError("the recognition server sent no transcription")
        return content


def multipart(fields: dict[str, str], wav: bytes) -> tuple[str, bytes]:
    """A form with the sound as `file` (RFC 7578): its content type and its body."""
    boundary = uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    sound = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="utterance.wav"\r\n'
        "Content-Type: audio/wav\r\n\r\n"
    )
    body = "".join((*parts, sound)).encode() + wav + f"\r\n--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", body
