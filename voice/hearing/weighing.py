"""Which of the possible answers was meant: by how likely whisper finds each, what it read freely, and what the grammar heard."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from config.hearing import HearingWords
from voice.hearing.closed import answers, meaning
from voice.hearing.network import Network, alike
from voice.hearing.recogniser import Hint, Reading
from voice.hearing.same import sounds_of

# Answers that are weighed: so many near each reading, and so many in all. Each costs about 10 ms.
_NEAR_EACH, MOST = 4, 14
# How much further from what was heard each digit too many is.
_A_DIGIT = 0.2
DISAGREED = 0.5  # how sure an answer is at most about which two opinions differ: the conversation asks back
_ONE_OF_TWO = 0.4  # two alike were written as one
_FIGURES = str.maketrans("0123456789", "零一二三四五六七八九")
_MARKS = re.compile(r"[\W_]+")
_AS_SPOKEN = str.maketrans("0123456789幺洞两", "零一二三四五六七八九一零二")
_MOBILE_DIGITS = 11
_MOBILE = re.compile("(?=(一[三四五六七八九][零一二三四五六七八九]{9}))")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer, and how near (0..1) it is to what was read freely and to what the grammar heard; 0: not near."""

    text: str
    read: float = 0.0  # to the reading that it is nearest to
    grammar: float = 0.0
    believed: float = 0.0  # to all readings, each by its share


@dataclass(frozen=True, slots=True)
class Weighed:
    """An answer with its weight, the logarithm of how much speaks for it."""

    text: str
    weight: float
    likely: float  # of it what whisper finds: natural logarithm, mean over the tokens
    agreed: float = 0.0  # 0..1: how near it is both to what was read and to what the grammar heard
    alone: float = 0.0  # the weight without what the grammar heard


def candidates(
    readings: Mapping[str, float], grammar: str, hint: Hint, words: HearingWords
) -> list[Candidate]:
    """The answers that sound like one of the readings or like what the grammar heard, nearest first.

    `readings`: what was read freely, each with its share (0..1) of all that may have been said.
    """
    possible = answers(hint, words)
    near = [(_near(reading, possible, hint), share) for reading, share in readings.items()]
    heard = _near(grammar, answers(hint, words, besides=False), hint) if grammar else {}
    read: dict[str, float] = {}
    believed: dict[str, float] = {}
    for texts, share in near:
        for text, value in texts.items():
            read[text] = max(read.get(text, 0.0), value)
            believed[text] = believed.get(text, 0.0) + share * value
    every = dict.fromkeys((*read, *heard, *words.always.get(hint.asks or "", ())))
    found = [
        Candidate(text, read.get(text, 0.0), heard.get(text, 0.0), believed.get(text, 0.0)) for text in every
    ]
    return sorted(found, key=lambda one: one.read + one.grammar, reverse=True)[:MOST]


def by_share(readings: Iterable[tuple[str, float]]) -> dict[str, float]:
    """How much (0..1) of all that may have been said each text has; those alike are put together.

    `readings`: texts with their natural logarithms, means over the tokens.
    """
    likely = list(readings)
    best = max(logprob for _, logprob in likely)
    weights = [(text, math.exp(logprob - best)) for text, logprob in likely]
    whole = sum(weight for _, weight in weights)
    found: dict[str, float] = {}
    for text, weight in weights:
        found[text] = found.get(text, 0.0) + weight / whole
    return found


def written_otherwise(read: str, found: Sequence[Candidate], hint: Hint, words: HearingWords) -> str | None:
    """To an open question the answer that sounds just like what was read («6个蛮头»): nothing else is looked for then."""
    if hint.asks not in words.anything_else:
        return None
    sounds = sounds_of(read)
    return next((one.text for one in found if sounds_of(one.text) == sounds), None)


def _near(reading: str, possible: Network, hint: Hint) -> dict[str, float]:
    """How near (0..1) the possible answers are to this reading; those that are near enough."""
    spoken = reading.translate(_FIGURES)
    near = {text: 1 - distance for text, distance in alike(spoken, possible, most=_NEAR_EACH)}
    return _with_numbers(near, reading) if hint.asks == "phone" else near


def _with_numbers(near: Mapping[str, float], reading: str) -> dict[str, float]:
    """Digits written in one way, and the whole numbers that the reading comes near to."""
    alike_written: dict[str, float] = {}
    for text, value in near.items():
        plain = text.translate(_AS_SPOKEN)
        alike_written[plain] = max(alike_written.get(plain, 0.0), value)
    for number, distance in _whole_numbers(_MARKS.sub("", reading).translate(_AS_SPOKEN)):
        alike_written[number] = max(alike_written.get(number, 0.0), 1 - distance)
    return alike_written


def _whole_numbers(digits: str) -> Iterator[tuple[str, float]]:
    """Mobile numbers in a run of digits, and how far they are from it: noise makes digits more, two alike become one."""
    for match in _MOBILE.finditer(digits):
        yield match[1], _A_DIGIT * (len(digits) - len(match[1]))
    if len(digits) == _MOBILE_DIGITS - 1:
        for place, digit in enumerate(digits):
            for match in _MOBILE.finditer(digits[:place] + digit + digits[place:]):
                yield match[1], _ONE_OF_TWO


def weighed(found: Mapping[Candidate, tuple[float, int]], hint: Hint, words: HearingWords) -> list[Weighed]:
    """Heaviest first. `found`: how likely whisper finds each (natural logarithm of the whole) and its tokens."""
    by = words.weights
    each = [
        Weighed(
            one.text,
            likely / tokens**by.length
            + by.read * one.read
            + by.believed * one.believed
            + by.grammar * one.grammar
            + by.whole * (hint.asks == "phone" and _is_whole_number(one.text)),
            likely / tokens,
            min(one.read, one.grammar),
            likely / tokens**by.length + by.read * one.read + by.believed * one.believed,
        )
        for one, (likely, tokens) in found.items()
    ]
    return sorted(each, key=lambda one: one.weight, reverse=True)


def readings(answers: list[Weighed], hint: Hint, words: HearingWords) -> tuple[Reading, ...]:
    """One reading for each meaning. How sure the best is hangs on how much lighter the next meaning is.

    Where whisper alone would have meant something else the two disagree: neither is sure then.
    """
    best: dict[str, Weighed] = {}
    for one in answers:
        best.setdefault(meaning(one.text, hint, words), one)
    first, *others = best.values()
    lead = first.weight - others[0].weight if others else math.inf
    sure = 1 / (1 + math.exp(-(words.weights.sure + words.weights.sure_by_lead * min(lead, 20.0))))
    alone = max(answers, key=lambda one: one.alone)
    if meaning(alone.text, hint, words) != meaning(first.text, hint, words):
        sure = min(sure, DISAGREED)
    rest = (Reading(one.text, (1 - sure) / len(others)) for one in others)
    return (Reading(first.text, sure), *rest)


def unsure(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """The same, so that the conversation asks back."""
    return tuple(replace(one, confidence=min(one.confidence, DISAGREED)) for one in readings)


def _is_whole_number(text: str) -> bool:
    return len(text) == _MOBILE_DIGITS and _MOBILE.match(text.translate(_AS_SPOKEN)) is not None
