"""Sounds on a telephone in which nobody speaks to us, made by rule: hiss, hum, television, music, keys, fax, coughs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voice.audio.g711 import decode_ulaw, encode_ulaw
from voice.line.line import Samples
from voice.simulate.sound import BABBLE, levelled

RATE = 8_000
CALLERS = Path(__file__).parents[3] / "calls" / "voices"
LENGTHS_S = (0.4, 0.8, 1.6, 3.0, 6.0)
LEVELS_DB = (-18.0, -26.0, -34.0, -42.0)
_KEYS_HZ = [(low, high) for low in (697, 770, 852, 941) for high in (1209, 1336, 1477)]

Wave = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Noise:
    """A piece of sound without anything to understand."""

    kind: str
    level_db: float
    samples: Samples  # at `RATE`, as the codec of the telephone leaves it


def noises() -> Iterator[Noise]:
    """Each kind in every length and loudness; always the same ones."""
    for kind, make in MAKERS.items():
        for length_number, length_s in enumerate(LENGTHS_S):
            for level_number, level_db in enumerate(LEVELS_DB):
                random = np.random.default_rng([len(kind), length_number, level_number])
                sound = levelled(make(round(length_s * RATE), random), level_db)
                yield Noise(kind, level_db, decode_ulaw(encode_ulaw(sound)))


def _time(size: int) -> Wave:
    return np.asarray(np.arange(size) / RATE)


def _tone(hz: float, size: int) -> Wave:
    return np.asarray(np.sin(2 * np.pi * hz * _time(size)))


def _shaped(size: int, random: np.random.Generator, gain: Callable[[Wave], Wave]) -> Wave:
    """Noise with this gain at each frequency (Hz)."""
    spectrum = np.fft.rfft(random.standard_normal(size))
    return np.fft.irfft(spectrum * gain(np.fft.rfftfreq(size, 1 / RATE)), size)


def white(size: int, random: np.random.Generator) -> Wave:
    return random.standard_normal(size)


def pink(size: int, random: np.random.Generator) -> Wave:
    return _shaped(size, random, lambda hz: 1 / np.sqrt(np.maximum(hz, 50)))


def wind(size: int, random: np.random.Generator) -> Wave:
    gusts = 1 + np.abs(np.interp(_time(size), np.arange(9), random.standard_normal(9)))
    return _shaped(size, random, lambda hz: 1 / np.maximum(hz, 80)) * gusts


def hum(size: int, random: np.random.Generator) -> Wave:
    return np.asarray(sum(_tone(50 * n, size) / n for n in (1, 2, 3, 4, 6))) + 0.02 * random.standard_normal(
        size
    )


def fan(size: int, random: np.random.Generator) -> Wave:
    return pink(size, random) * 8 * (1 + 0.4 * _tone(7, size)) + 0.3 * _tone(118, size)


def babble(size: int, random: np.random.Generator) -> Wave:
    """Six people at once, backwards: nobody can be understood."""
    voices = decode_ulaw((CALLERS / BABBLE).read_bytes())
    return np.take(voices, random.integers(len(voices)) + np.arange(size), mode="wrap").astype(np.float64)


def television(size: int, random: np.random.Generator) -> Wave:
    """Through a wall: voices without their high tones, with music."""
    spectrum = np.fft.rfft(babble(size, random))
    muffled = np.fft.irfft(spectrum * (np.fft.rfftfreq(size, 1 / RATE) < 900), size)
    return muffled / (np.abs(muffled).max() + 1) + 0.3 * music(size, random)


def music(size: int, random: np.random.Generator) -> Wave:
    """A melody with overtones and vibrato over three-note chords."""
    scale = 220 * 2 ** (np.array([0, 2, 4, 7, 9, 12, 14, 16]) / 12)
    beat = RATE // 3
    sound = np.zeros(size)
    for start in range(0, size, beat):
        length = min(beat, size - start)
        hz = float(random.choice(scale))
        phase = 2 * np.pi * hz * _time(length) + 0.3 * _tone(5.5, length)
        melody = sum(np.sin(n * phase) / n**1.5 for n in range(1, 7))
        chord = sum(_tone(hz / 2 * ratio, length) for ratio in (1, 1.26, 1.5))
        sound[start : start + length] += (melody + 0.4 * chord) * np.exp(-2 * _time(length))
    return sound


def singing_bowl(size: int, random: np.random.Generator) -> Wave:
    """Music on hold: long tones that beat against each other."""
    return np.asarray(sum(_tone(hz + random.uniform(-2, 2), size) for hz in (262, 330, 392, 523)))


def drums(size: int, random: np.random.Generator) -> Wave:
    since_s = _time(size) % 0.35
    return random.standard_normal(size) * np.exp(-since_s * 25) + _tone(90, size) * np.exp(-since_s * 12)


def keys(size: int, random: np.random.Generator) -> Wave:
    """Somebody presses keys: two tones, 120 ms each with as much rest."""
    press = round(0.12 * RATE)
    sound = np.zeros(size)
    for start in range(0, size, 2 * press):
        low, high = _KEYS_HZ[random.integers(len(_KEYS_HZ))]
        length = min(press, size - start)
        sound[start : start + length] = _tone(low, length) + _tone(high, length)
    return sound


def fax(size: int, random: np.random.Generator) -> Wave:
    """Its call tone and then its data."""
    bits = np.repeat(random.integers(0, 2, size // 27 + 1), 27)[:size]
    data = np.sin(2 * np.pi * np.cumsum(np.where(bits, 1650.0, 1850.0)) / RATE)
    return np.where(_time(size) < 0.5, _tone(1100, size), data)


def busy(size: int, random: np.random.Generator) -> Wave:
    return _tone(450, size) * (_time(size) % 0.7 < 0.35)


def beeps(size: int, random: np.random.Generator) -> Wave:
    """A microwave oven, a smoke alarm that wants a battery."""
    return _tone(random.uniform(900, 3000), size) * (_time(size) % 1.0 < 0.2)


def cough(size: int, random: np.random.Generator) -> Wave:
    since_s = _time(size) % 0.6
    rough = _shaped(size, random, lambda hz: np.exp(-(((hz - 700) / 900) ** 2)))
    return rough * np.minimum(since_s * 80, 1) * np.exp(-since_s * 14)


def breath(size: int, random: np.random.Generator) -> Wave:
    rises = np.maximum(_tone(0.35, size), 0) ** 2 + 0.02
    return _shaped(size, random, lambda hz: np.exp(-(((hz - 1500) / 1200) ** 2))) * rises


def knocks(size: int, random: np.random.Generator) -> Wave:
    since_s = _time(size) % 0.45
    return _shaped(size, random, lambda hz: np.exp(-(((hz - 300) / 300) ** 2))) * np.exp(-since_s * 60)


def dog(size: int, random: np.random.Generator) -> Wave:
    """Barks: a falling tone with overtones."""
    since_s = _time(size) % 0.55
    phase = 2 * np.pi * np.cumsum(600 * np.exp(-since_s * 3)) / RATE
    return np.asarray(sum(np.sin(n * phase) / n for n in (1, 2, 3, 4))) * np.exp(-since_s * 12)


def baby(size: int, random: np.random.Generator) -> Wave:
    """Crying: long voiced tones that rise and fall."""
    melody = 420 + 90 * _tone(0.9, size) + 8 * _tone(6, size)
    phase = 2 * np.pi * np.cumsum(melody) / RATE
    return np.asarray(sum(np.sin(n * phase) / n for n in range(1, 8))) * (_time(size) % 1.4 < 1.0)


MAKERS: dict[str, Callable[[int, np.random.Generator], Wave]] = {
    make.__name__: make
    for make in (
        white, pink, wind, hum, fan, babble, television, music, singing_bowl, drums, keys, fax, busy, beeps, cough,
        breath, knocks, dog, baby,
    )
}  # fmt: skip
