"""Speech shaped for one caller and one line: slower, louder, deeper, at the level and rate of the line. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import soxr
from numpy.typing import NDArray

from voice.line.line import Samples
from voice.speaking.voice import Manner

Floats = NDArray[np.float32]  # full scale is 1.0

LEVEL_DBOV = (
    -20.0
)  # active speech level on the line: what ITU-T G.711 networks are planned for, with room above it
CEILING = 10 ** (-1 / 20)  # the limiter keeps every sample 1 dB below full scale
STEP_SLOWER = 0.85  # of the pace, each step (Manner.pace)
STEP_LOUDER_DB = 6.0
DEEPER = 0.86  # of the pitch, 2.6 semitones lower: hearing goes from the high tones down
FADE_MS = 6
OVERLAP_MS = 14

_FRAME_S = 0.02
_EDGE_S = 0.03  # what is kept of the silence before and behind speech
_PAUSE_DB = 30.0  # frames that much below the loudest are no speech
_WINDOW_S = 0.030  # of the time-stretch: two to three periods of a low voice
_SEARCH_S = 0.010


def shaped(samples: Samples, rate: int, manner: Manner, line_rate: int) -> Samples:
    """Speech at the normal level (`levelled`) as this caller hears it, at the rate of the line in samples a second."""
    sound = as_floats(samples)
    deeper = DEEPER if manner.deep else 1.0
    # Played slower by resampling, speech gets longer and deeper; the stretch makes up for the length.
    sound = stretched(sound, rate, deeper / STEP_SLOWER**manner.pace)
    if deeper != 1.0:
        sound = soxr.resample(sound, rate * deeper, rate)
    if line_rate != rate:
        sound = soxr.resample(sound, rate, line_rate)
    return as_int16(limited(sound * np.float32(_gain(STEP_LOUDER_DB * manner.loudness)), line_rate))


def levelled(sound: Floats, rate: int) -> Floats:
    """Speech at `LEVEL_DBOV`."""
    level = active_level(sound, rate)
    return limited(sound * np.float32(_gain(LEVEL_DBOV - level)), rate) if level > -80 else sound


def active_level(sound: Floats, rate: int) -> float:
    """The level of the speech without its pauses in dBov, after the idea of ITU-T P.56; -inf for silence."""
    frame = int(rate * _FRAME_S)
    frames = sound[: len(sound) // frame * frame].reshape(-1, frame)
    powers = np.mean(np.square(frames, dtype=np.float64), axis=1)
    if not powers.size or powers.max() <= 0:
        return -np.inf
    spoken = powers[powers > powers.max() * _gain(-2 * _PAUSE_DB)]
    return float(10 * np.log10(spoken.mean()))


def limited(sound: Floats, rate: int) -> Floats:
    """No sample above `CEILING`; the gain goes down before a peak and comes back after it, so that nothing crackles."""
    needed = np.minimum(1.0, CEILING / np.maximum(np.abs(sound), 1e-9)).astype(np.float32)
    if not needed.size or needed.min() >= 1.0:
        return sound
    reach = max(1, int(rate * 0.005))
    held = np.lib.stride_tricks.sliding_window_view(
        np.pad(needed, reach, constant_values=1.0), 2 * reach + 1
    ).min(-1)
    window = np.hanning(2 * reach + 3)[1:-1]
    smooth = np.convolve(np.pad(held, reach, mode="edge"), window / window.sum(), mode="valid")
    return (sound * np.minimum(smooth, needed)).astype(np.float32)


def stretched(sound: Floats, rate: int, factor: float) -> Floats:
    """`factor` times as long at the same pitch: WSOLA (Verhelst and Roelands, 1993)."""
    window_length, search = int(rate * _WINDOW_S) // 2 * 2, int(rate * _SEARCH_S)
    hop = window_length // 2
    if abs(factor - 1) < 0.01 or len(sound) < 2 * window_length:
        return sound
    window = _hann(window_length)
    hops = int(len(sound) * factor) // hop
    padded = np.pad(sound, (search, window_length + 2 * search))
    out = np.zeros((hops + 1) * hop, np.float32)
    out[:hop] = sound[:hop] * window[hop:]
    place = 0  # in `sound`: where the piece before begins
    for step in range(hops):
        wanted = int(step * hop / factor)
        follows = padded[
            search + place + hop : search + place + hop + window_length
        ]  # would join without a seam
        near = padded[wanted : wanted + 2 * search + window_length]
        place = wanted + _best(near, follows) - search if step else 0
        out[step * hop : step * hop + window_length] += (
            padded[search + place : search + place + window_length] * window
        )
    return out[: int(len(sound) * factor)]


def _best(near: Floats, follows: Floats) -> int:
    """Where in `near` the piece lies that is most like `follows` (normalised cross-correlation)."""
    like = np.correlate(near, follows, mode="valid")
    energy = np.concatenate([[0.0], np.cumsum(np.square(near, dtype=np.float64))])
    length = len(follows)
    return int(np.argmax(like / np.sqrt(energy[length:] - energy[:-length] + 1e-6)))


def overlap(rate: int) -> int:
    """By how many samples pieces that were cut from running speech overlap their neighbours."""
    return int(rate * OVERLAP_MS / 1000) // 2 * 2


def joined(pieces: Sequence[Samples], rate: int) -> Samples:
    """Pieces of running speech that overlap by `overlap`, cross-faded; the outer edges fade in and out."""
    length = overlap(rate)
    result = pieces[0].astype(np.float32)
    for piece in pieces[1:]:
        shared = min(length, len(result), len(piece))
        ramp = np.linspace(0, 1, shared, dtype=np.float32)
        result[len(result) - shared :] = result[len(result) - shared :] * ramp[::-1] + piece[:shared] * ramp
        result = np.concatenate([result, piece[shared:].astype(np.float32)])
    return faded(result.astype(np.int16), rate)


def faded(samples: Samples, rate: int) -> Samples:
    length = min(int(rate * FADE_MS / 1000), len(samples) // 2)
    if not length:
        return samples
    ramp = np.linspace(0, 1, length, dtype=np.float32)
    result = samples.astype(np.float32)
    result[:length] *= ramp
    result[-length:] *= ramp[::-1]
    return result.astype(np.int16)


def trimmed(samples: Samples, rate: int) -> Samples:
    """Without the silence before and behind the speech."""
    start, end = padded_span(samples, rate)
    return samples[start:end]


def padded_span(samples: Samples, rate: int) -> tuple[int, int]:
    """`speech_span` and a little more, so that no weak consonant is lost at the edges."""
    start, end = speech_span(samples, rate)
    keep = int(rate * _EDGE_S)
    return max(0, start - keep), min(len(samples), end + keep)


def speech_span(samples: Samples, rate: int) -> tuple[int, int]:
    """First and last sample of the speech; (0, 0) for silence. Quiet consonants at the edges count as speech."""
    frame = rate // 200
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame).astype(np.float32)
    loud = np.sqrt(np.mean(np.square(frames), axis=1)) if len(frames) else np.zeros(0)
    if not loud.size or loud.max() < 30:
        return 0, 0
    spoken = np.flatnonzero(loud > max(30.0, loud.max() * 0.01))
    return int(spoken[0]) * frame, int(spoken[-1] + 1) * frame


def as_floats(samples: Samples) -> Floats:
    return samples.astype(np.float32) / np.float32(32768)


def as_int16(sound: Floats) -> Samples:
    return np.asarray(np.clip(np.round(sound * 32767), -32768, 32767), np.int16)


def silence(ms: float, rate: int) -> Samples:
    return np.zeros(int(rate * ms / 1000), np.int16)


def tone(rate: int, *, hz: float = 425, ms: int = 400) -> Samples:
    """A soft tone: something is sounding on the line although no voice can be had."""
    at = np.arange(int(rate * ms / 1000)) / rate
    return faded(as_int16((0.1 * np.sin(2 * np.pi * hz * at)).astype(np.float32)), rate)


def _gain(db: float) -> float:
    return float(10 ** (db / 20))


@lru_cache(maxsize=4)
def _hann(length: int) -> Floats:
    return np.hanning(length + 1)[:-1].astype(np.float32)
