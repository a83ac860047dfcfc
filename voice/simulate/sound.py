"""How a scripted caller sounds: a neural voice with pauses, on a line with noise and a codec."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voice.audio.g711 import decode_alaw, decode_ulaw, encode_alaw, encode_ulaw
from voice.audio.level import FULL_SCALE, mixed
from voice.audio.resample import resample
from voice.line.line import FRAME_MS, Samples
from voice.simulate.script import Conditions
from voice.speaking.voice import Voice
from voice.speaking.words import to_words

RATE = 8_000  # of the telephone
SPEECH_DB = -22.0  # active speech of a caller, relative to full scale
NOISE_S = 20  # then it begins anew
BABBLE_VOICES = 6
BABBLE = "babble.ulaw"
_PAUSE = re.compile(r"\[(\d+(?:\.\d+)?)\]")
SILENT_BELOW = 0.03  # of the loudest 20 ms: not counted as speech when its level is set


@dataclass(slots=True)
class CallerVoices:
    """Renders what callers say. Each text is rendered once and kept in `folder` as µ-law, which can lie in a repository."""

    folder: Path
    open_voice: Callable[[str], Voice]  # by the name of a speaker
    _open: dict[str, Voice] = field(default_factory=dict)

    def say(self, text: str, conditions: Conditions) -> Samples:
        """At `RATE`, with the pauses that `[1.5]` asks for (in seconds)."""
        parts = _PAUSE.split(text)
        pieces = [
            self._rendered(part, conditions)
            if number % 2 == 0
            else np.zeros(round(float(part) * RATE), np.int16)
            for number, part in enumerate(parts)
            if part.strip()
        ]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)

    def babble(self) -> Samples:
        """People talking in the room, none of whom can be understood: several voices at once, backwards, from all that
        has been rendered. Of `NOISE_S` seconds, kept in the folder like everything else: new texts do not change it."""
        path = self.folder / BABBLE
        if not path.is_file():
            path.write_bytes(encode_ulaw(self._babble()))
        return decode_ulaw(path.read_bytes())

    def _babble(self) -> Samples:
        files = sorted(self.folder.glob("*.ulaw"))
        if not files:
            raise FileNotFoundError(f"no speech in {self.folder} to make babble of")
        speech = np.concatenate([decode_ulaw(file.read_bytes())[::-1] for file in files])
        size = NOISE_S * RATE
        shifts = np.linspace(0, len(speech), BABBLE_VOICES, endpoint=False, dtype=int)
        voices = np.stack([np.resize(np.roll(speech, -shift), size) for shift in shifts])
        return levelled(voices.sum(axis=0) / BABBLE_VOICES, SPEECH_DB)

    def _rendered(self, text: str, conditions: Conditions) -> Samples:
        name = hashlib.sha256(f"{conditions.voice}|{conditions.speed}|{text}".encode()).hexdigest()[:16]
        path = self.folder / f"{name}.ulaw"
        if not path.is_file():
            voice = self._voice(conditions.voice)
            sound = resample(voice.render(to_words(text), speed=conditions.speed), voice.rate, RATE)
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_ulaw(levelled(trimmed(sound), SPEECH_DB)))
        return decode_ulaw(path.read_bytes())

    def _voice(self, speaker: str) -> Voice:
        if speaker not in self._open:
            self._open[speaker] = self.open_voice(speaker)
        return self._open[speaker]


class Microphone:
    """What leaves the caller's telephone: what they say, the noise around them, and the codec."""

    def __init__(self, conditions: Conditions, noise: Samples | None) -> None:
        gain = 10 ** (-conditions.snr_db / 20)
        self._noise = None if noise is None else np.asarray(noise * gain, np.int16)
        self._speech = np.zeros(0, np.int16)
        self._at = 0
        self._encode, self._decode = (
            (encode_alaw, decode_alaw) if conditions.codec == "alaw" else (encode_ulaw, decode_ulaw)
        )

    @property
    def speaking(self) -> bool:
        return bool(len(self._speech))

    def say(self, samples: Samples) -> None:
        self._speech = np.concatenate((self._speech, samples))

    def frame(self) -> Samples:
        """The next 20 ms."""
        size = RATE * FRAME_MS // 1000
        frame = np.zeros(size, np.int16)
        said, self._speech = self._speech[:size], self._speech[size:]
        frame[: len(said)] = said
        if self._noise is not None:
            frame = mixed(frame, np.take(self._noise, np.arange(self._at, self._at + size), mode="wrap"))
            self._at += size
        return self._decode(self._encode(frame))


def noise_for(conditions: Conditions, voices: CallerVoices) -> Samples | None:
    """Of the loudness of speech; the microphone takes it down by the distance wished."""
    if conditions.noise == "babble":
        return voices.babble()
    if conditions.noise == "white":
        return levelled(np.random.default_rng(1).standard_normal(NOISE_S * RATE), SPEECH_DB)
    return None


def levelled(sound: NDArray[Any], level_db: float) -> Samples:
    """At this level where there is sound, clipped where it does not fit."""
    values = sound.astype(np.float64)
    power = _frame_powers(values)
    active = power[power > SILENT_BELOW**2 * power.max()] if len(power) and power.max() else power
    if not len(active):
        return sound.astype(np.int16)
    gain = FULL_SCALE * 10 ** (level_db / 20) / np.sqrt(active.mean())
    return np.asarray(np.clip(values * gain, -FULL_SCALE, FULL_SCALE - 1), np.int16)


def trimmed(sound: Samples) -> Samples:
    """Without the silence that a voice puts around its words: scripts say where pauses are."""
    power = _frame_powers(sound.astype(np.float64))
    spoken = np.flatnonzero(power > SILENT_BELOW**2 * power.max()) if len(power) else power
    if not len(spoken):
        return sound
    size = RATE * FRAME_MS // 1000
    return sound[spoken[0] * size : (spoken[-1] + 1) * size]


def _frame_powers(values: NDArray[Any]) -> NDArray[Any]:
    size = RATE * FRAME_MS // 1000
    whole = values[: len(values) // size * size].reshape(-1, size)
    return np.asarray((whole**2).mean(axis=1))
