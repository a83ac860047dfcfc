"""Is this text what was said, or did whisper make it up? And how sure can one be of it?"""

from __future__ import annotations

import math
import re
import zlib
from dataclasses import dataclass

from config.hearing import HearingWords

# So many characters of the prompt in a row are an echo of it, not an answer that happens to have its words.
_ECHO_CHARACTERS = 9
# Shorter texts always pack badly.
_COMPRESSIBLE_BYTES = 60
_MARKS = re.compile(r"[\W_]+")


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
        or _packs_too_well(said, belief.compression)
        or _echoes(said, _MARKS.sub("", prompt))
    ):
        return "hallucination"
    return ""


def confidence(decoded: Decoded, words: HearingWords) -> float:
    """0..1, calibrated: of the texts with 0.8 about four in five are right."""
    curve = words.confidence
    exponent = curve.constant + curve.logprob * decoded.logprob + curve.no_speech * decoded.no_speech
    return 1 / (1 + math.exp(-exponent))


def _packs_too_well(text: str, limit: float) -> bool:
    raw = text.encode()
    return len(raw) >= _COMPRESSIBLE_BYTES and len(raw) / len(zlib.compress(raw)) > limit


def _echoes(said: str, prompt: str) -> bool:
    return any(
        said[start : start + _ECHO_CHARACTERS] in prompt for start in range(len(said) - _ECHO_CHARACTERS + 1)
    )
