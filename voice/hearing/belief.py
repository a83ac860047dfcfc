"""Is this text what was said, or did whisper make it up? And how sure can one be of it?"""

from __future__ import annotations

import math
import re
import zlib
from dataclasses import dataclass

import numpy as np

from config.hearing import Belief, HearingWords
from voice.line.line import Samples

# So many characters of the prompt in a row are an echo of it, not an answer that happens to have its words.
_ECHO_CHARACTERS = 9
_FRAME_MS = 20
# Shorter texts always pack badly.
_COMPRESSIBLE_BYTES = 60
_MARKS = re.compile(r"[\W_]+")
_OVER_AND_OVER = re.compile(r"(?P<once>.{1,3}?)(?P=once)+")
_DIGITS = frozenset("0123456789零一二三四五六七八九幺两")


@dataclass(frozen=True, slots=True)
class Decoded:
    """What came out of whisper for one stretch of sound."""

    text: str
    logprob: float  # natural logarithm, mean over the tokens
    no_speech: float  # probability that nobody spoke
    sound_s: float


def why_disbelieved(decoded: Decoded, prompt: str, words: HearingWords) -> str:
    """«silence», «noise» or «hallucination» where the text is not to be used; "" where it is."""
    belief, said = words.belief, _MARKS.sub("", decoded.text)
    if not said:
        return "silence"
    if decoded.no_speech > belief.no_speech and decoded.logprob < belief.sure_logprob:
        return "noise"
    if decoded.logprob < belief.worst_logprob:
        return "noise"
    most = decoded.sound_s * belief.most_characters_a_second + belief.spare_characters
    if (
        len(said) > most
        or any(phrase in said for phrase in words.hallucinations)
        or (_packs_too_well(said, belief.compression) and not _cries(said, words))
        or _echoes(said, _MARKS.sub("", prompt))
        or _stammers(said, words)
    ):
        return "hallucination"
    return ""


def confidence(decoded: Decoded, words: HearingWords) -> float:
    """0..1, calibrated: of the texts with 0.8 about four in five are right."""
    curve = words.confidence
    exponent = curve.constant + curve.logprob * decoded.logprob + curve.no_speech * decoded.no_speech
    return 1 / (1 + math.exp(-exponent))


def fits_in_time(answer: str, samples: Samples, rate: int, belief: Belief) -> bool:
    """Nobody needs three seconds of loud speech for a «嗯»: so much sound is other people talking, or television."""
    size = max(1, rate * _FRAME_MS // 1000)
    frames = samples[: len(samples) // size * size].reshape(-1, size).astype(np.float64)
    power = np.square(frames).mean(axis=1)
    loud = np.count_nonzero(power > power.max(initial=0.0) * 10 ** (-belief.softer_db / 10))
    spoken = len(_MARKS.sub("", answer))
    return bool(loud * _FRAME_MS / 1000 <= belief.spare_s + belief.longest_syllable_s * spoken)


def is_hum(samples: Samples, rate: int, belief: Belief) -> bool:
    """A motor, a telephone that shakes on the table: no voice is without sound above `hum_below_hz`."""
    power = np.square(np.abs(np.fft.rfft(samples - samples.mean(dtype=np.float64))))
    above = np.fft.rfftfreq(len(samples), 1 / rate) > belief.hum_below_hz
    return bool(power[above].sum() < belief.least_above_hum * power.sum())


def _packs_too_well(text: str, limit: float) -> bool:
    raw = text.encode()
    return len(raw) >= _COMPRESSIBLE_BYTES and len(raw) / len(zlib.compress(raw)) > limit


def _stammers(said: str, words: HearingWords) -> bool:
    """The same over and over, as whisper reads a rattle. People say so only «对对对», and never so often."""
    found = max(_OVER_AND_OVER.finditer(said), key=lambda run: len(run[0]), default=None)
    if found is None or _DIGITS.issuperset(found["once"]) or found["once"] in words.cries:
        return False
    times, whole = len(found[0]) // len(found["once"]), found[0] == said
    if words.said_again.issuperset(found["once"]) or not whole:
        return times >= words.belief.most_repeats
    return times >= words.belief.repeats


def _cries(said: str, words: HearingWords) -> bool:
    """«救命救命救命……»: however often it is said, it is heard."""
    found = _OVER_AND_OVER.fullmatch(said)
    return found is not None and found["once"] in words.cries


def _echoes(said: str, prompt: str) -> bool:
    return any(
        said[start : start + _ECHO_CHARACTERS] in prompt for start in range(len(said) - _ECHO_CHARACTERS + 1)
    )
