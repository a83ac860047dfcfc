"""Vosk: recognises while somebody speaks, with several readings and the time of each word."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

from vosk import KaldiRecognizer, Model, SetLogLevel  # type: ignore[import-untyped]

from voice.hearing.recogniser import Heard, Hint, Reading, Word
from voice.hearing.written import written
from voice.line.line import Samples

MOST_READINGS = 3
_QUIET = -1  # Kaldi's own log tells what people say


class VoskRecogniser:
    """`folder`: an unpacked Vosk model. Raises OSError when it is none."""

    name = "vosk"

    def __init__(self, folder: Path) -> None:
        SetLogLevel(_QUIET)
        try:
            self._model = Model(str(folder))
        except Exception as problem:  # the package raises nothing narrower
            raise OSError(f"{folder} holds no Vosk model") from problem

    def recognise(self, samples: Samples, rate: int, hint: Hint) -> Heard:
        stream = self.stream(rate, hint)
        stream.accept(samples)
        return stream.finish()

    def stream(self, rate: int, hint: Hint) -> VoskStream:
        """Sound of any rate; Vosk's large models have a fixed vocabulary, so that the hint does nothing."""
        recogniser = KaldiRecognizer(self._model, rate)
        recogniser.SetWords(True)
        recogniser.SetMaxAlternatives(MOST_READINGS)
        return VoskStream(recogniser, rate)


class VoskStream:
    """One utterance. Vosk cuts it at pauses of its own choice; the parts are put together again."""

    def __init__(self, recogniser: Any, rate: int) -> None:
        self._recogniser, self._rate = recogniser, rate
        self._parts: list[tuple[Reading, ...]] = []
        self._partial, self._samples, self._took_s = "", 0, 0.0

    def accept(self, samples: Samples) -> str | None:
        """The reading so far, where it changed."""
        began = time.perf_counter()
        if self._recogniser.AcceptWaveform(samples.tobytes()):
            self._parts.append(readings_of(json.loads(self._recogniser.Result())))
            going_on = ""
        else:
            going_on = json.loads(self._recogniser.PartialResult())["partial"]
        self._samples += len(samples)
        self._took_s += time.perf_counter() - began
        done = "".join(part[0].text for part in self._parts if part)
        latest = done + written(going_on)
        if latest == self._partial:
            return None
        self._partial = latest
        return latest

    def finish(self) -> Heard:
        began = time.perf_counter()
        self._parts.append(readings_of(json.loads(self._recogniser.FinalResult())))
        readings = _joined([part for part in self._parts if part])
        return Heard(
            readings=readings,
            engine=VoskRecogniser.name,
            sound_s=self._samples / self._rate,
            took_s=self._took_s + time.perf_counter() - began,
            why_nothing="" if readings else "silence",
        )


def readings_of(result: dict[str, Any]) -> tuple[Reading, ...]:
    """The readings of one of Vosk's results, best first; its times count from the beginning of the utterance.

    Its scores are log-likelihoods: a reading's share is its confidence.
    """
    found = [(written(one["text"]), one) for one in result.get("alternatives", ()) if one["text"].strip()]
    if not found:
        return ()
    best = max(one["confidence"] for _, one in found)
    weights = [math.exp(one["confidence"] - best) for _, one in found]
    return tuple(
        Reading(text, weight / sum(weights), _words(one, weight / sum(weights)))
        for (text, one), weight in zip(found, weights, strict=True)
    )


def _words(one: dict[str, Any], confidence: float) -> tuple[Word, ...]:
    return tuple(
        Word(word["word"], word["start"], word["end"], word.get("conf", confidence))
        for word in one.get("result", ())
    )


def _joined(parts: list[tuple[Reading, ...]]) -> tuple[Reading, ...]:
    """Several parts as one: the best reading of each, and the other readings of the last part."""
    if len(parts) <= 1:
        return parts[0] if parts else ()
    before = [part[0] for part in parts[:-1]]
    text = "".join(reading.text for reading in before)
    words = tuple(word for reading in before for word in reading.words)
    sure = min(reading.confidence for reading in before)
    return tuple(
        Reading(text + last.text, min(sure, last.confidence), words + last.words) for last in parts[-1]
    )
