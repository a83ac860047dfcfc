"""A caller, ears, and somebody who answers, all by script: what a call needs besides the line.

Sound stands for words: each phrase is a tone of its own length, and the fake recogniser knows which phrases were begun
within the sound it is given. The voice detector hears tones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from voice.call import Desk, Event
from voice.conversation import Answer, Answering, Said
from voice.hearing.recogniser import Heard, HearingError, Hint, Reading
from voice.line.line import Samples
from voice.stand_in import StandInVoice
from voice.turns.profile import CallerProfile

RATE = 8_000
MONDAY = datetime(2026, 11, 23, 9, 10)
HUM_HZ, VOICE_HZ = 200, 180


def speech(ms: int, level_db: float = -20.0) -> Samples:
    """Something with the pitch and the overtones of a voice."""
    at = np.arange(RATE * ms // 1000) / RATE
    sound = sum(np.sin(2 * np.pi * VOICE_HZ * n * at) / n for n in range(1, 12))
    return _at_level(np.asarray(sound), level_db)


def hum(ms: int, level_db: float = -20.0) -> Samples:
    """«嗯»: a pitch without overtones."""
    return _at_level(np.sin(2 * np.pi * HUM_HZ * np.arange(RATE * ms // 1000) / RATE), level_db)


def noise(ms: int, level_db: float = -20.0, seed: int = 1) -> Samples:
    """A cough, a rustle: no pitch."""
    return _at_level(np.random.default_rng(seed).standard_normal(RATE * ms // 1000), level_db)


def silence(ms: int) -> Samples:
    return np.zeros(RATE * ms // 1000, np.int16)


def _at_level(sound: np.ndarray, level_db: float) -> Samples:
    scaled = sound / np.sqrt(np.mean(sound**2)) * 32768 * 10 ** (level_db / 20)
    return np.asarray(np.clip(scaled, -32768, 32767), np.int16)


class LevelDetector:
    """Takes everything louder than -50 dB for speech."""

    def probability(self, samples: Samples, rate: int) -> float:
        return 0.95 if np.sqrt(np.mean(samples.astype(float) ** 2)) > 100 else 0.02

    def reset(self) -> None:
        """Keeps nothing."""


@dataclass
class ScriptedHearing:
    """Reads sound by its length: `texts` maps the shortest length of speech (ms) to what it says, longest first."""

    texts: dict[int, str]
    alive: bool = True
    asked: list[tuple[float, Hint]] = field(default_factory=list)

    def detector(self) -> LevelDetector:
        return LevelDetector()

    async def recognise(self, samples: Samples, rate: int, hint: Hint, *, call_id: str) -> Heard:
        await asyncio.sleep(0)
        self.asked.append((len(samples) / rate, hint))
        if not self.alive:
            raise HearingError("no recogniser is alive")
        spoken_ms = int(np.count_nonzero(np.abs(samples) > 100) * 1000 / rate)
        text = next((said for ms, said in sorted(self.texts.items(), reverse=True) if spoken_ms >= ms), None)
        readings = (Reading(text, 0.9),) if text else ()
        return Heard(readings, "scripted", len(samples) / rate, 0.0, "" if text else "silence")

    async def close(self) -> None:
        """Holds nothing."""


@dataclass
class ScriptedAnswers:
    """Gives these answers one after another, the last one for ever; keeps what was said."""

    answers: Sequence[Answer]
    said: list[Said] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    broken: bool = False

    def begin(self, *, caller: str, call_id: str) -> Answering:
        return self

    async def answer(self, said: Said) -> Answer:
        await asyncio.sleep(0)
        if self.broken:
            raise RuntimeError("the store is gone")
        self.said.append(said)
        return self.answers[min(len(self.said), len(self.answers)) - 1]

    async def hung_up(self, reason: str) -> None:
        self.left.append(reason)

    def texts(self) -> list[str | None]:
        return [said.text for said in self.said]


@dataclass
class KeptProfiles:
    """Profiles in memory."""

    known: dict[str, CallerProfile] = field(default_factory=dict)

    def load(self, caller: str) -> CallerProfile:
        return self.known.get(caller, CallerProfile())

    def save(self, caller: str, profile: CallerProfile) -> None:
        self.known[caller] = profile


def kinds(events: Sequence[Event]) -> list[str]:
    return [event["event"] for event in events]


def desk(hearing: ScriptedHearing, answers: ScriptedAnswers, **given: object) -> Desk:
    from config.turn_taking import load_turn_rules

    parts = {
        "hearing": hearing,
        "speaking": StandInVoice(),
        "answers": answers,
        "profiles": KeptProfiles(),
        "rules": load_turn_rules(),
        "clock": lambda: MONDAY,
    }
    return Desk(**(parts | given))  # type: ignore[arg-type]
