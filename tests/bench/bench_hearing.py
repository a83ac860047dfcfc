"""Hearing: wrong characters, closed answers, speed, and the voice detectors, on small synthetic recordings at 8 kHz.

`--speech FOLDER`: other recordings, with a `said.tsv` beside them (file, what was asked or -, what is said).
"""

from __future__ import annotations

import argparse
import re
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from pypinyin import lazy_pinyin
from rapidfuzz.distance import Levenshtein

from config.hearing import load_hearing_words
from tests.bench.figure import Figure
from tests.bench.machine import percentile
from tests.unit.voice.hearing.speech import FOLDER, RATE, Spoken, spoken, white_noise
from voice.hearing.closed import mean_alike
from voice.hearing.detect import make_detector
from voice.hearing.engines import open_recogniser
from voice.hearing.recogniser import HearingError, Hint, Recogniser
from voice.hearing.same import same_answer
from voice.hearing.settings import HearingSettings
from voice.line.line import Samples

WORDS = load_hearing_words()
OFFERED = {
    "beneficiary": ("王桂兰", "李秀英", "马建国"),
    "which_item": ("打扫卫生", "订饭送饭", "帮忙洗澡", "陪看病取药", "家里维修", "买东西跑腿"),
}
NOISE_DB = 15
FRAME = RATE // 50
_FIGURES = str.maketrans("0123456789幺两", "零一二三四五六七八九一二")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one recording: what went wrong and how long it took."""

    said: Spoken
    heard: str
    confidence: float
    agreed: bool | None
    sound_s: float
    took_s: float

    @property
    def right(self) -> bool:
        """Of a closed question: the answer that was meant, in whatever word for it."""
        hint = hint_of(self.said)
        return same_answer(self.said.text, self.heard) or (
            bool(hint.asks) and mean_alike(self.said.text, self.heard, hint, WORDS)
        )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--speech", type=Path, default=FOLDER)
    recordings = spoken(arguments.parse_args().speech)
    noises = {
        "clean": None,
        f"babble {NOISE_DB} dB": babble(recordings),
        f"white {NOISE_DB} dB": white_noise(60),
    }
    for settings in (HearingSettings(grammar=False), HearingSettings()):
        recogniser = open_recogniser(settings)
        if settings.grammar and recogniser.name == "whisper":
            print("no grammar model: `nuanxian models fetch pocketsphinx-zh-8k`")
            continue
        recogniser.recognise(recordings[0].samples, RATE, Hint())
        for name, noise in noises.items():
            report(f"{recogniser.name}, {name}", [measure(recogniser, row, noise) for row in recordings])
    detectors(recordings, noises)


def figures(recogniser: Recogniser, recordings: list[Spoken]) -> list[Figure]:
    """What `make bench-voice` shows: wrong characters and closed answers, clean and in babble."""
    found = []
    for name, noise in (("clean", None), (f"babble {NOISE_DB} dB", babble(recordings))):
        outcomes = [measure(recogniser, row, noise) for row in recordings]
        open_ones = [one for one in outcomes if one.said.asks is None]
        closed = [one for one in outcomes if one.said.asks is not None]
        found.append(
            Figure(f"wrong characters, {name}", f"{wrong_share(open_ones):.1%} of {len(open_ones)} sentences")
        )
        value = f"{share(closed):.1%} of {len(closed)} (what becomes of them in the end: bench_closed)"
        found.append(Figure(f"closed answers right when heard once, {name}", value))
    return found


def report(name: str, outcomes: list[Outcome]) -> None:
    open_ones = [one for one in outcomes if one.said.asks is None]
    closed = [one for one in outcomes if one.said.asks is not None]
    took, sound = [one.took_s for one in outcomes], sum(one.sound_s for one in outcomes)
    print(f"{name}: CER {wrong_share(open_ones):.0%}, syllables wrong {wrong_share(open_ones, sounds=True):.0%} "
          f"of {len(open_ones)} open; closed right {share(closed):.0%} of {len(closed)}; "
          f"p50 {percentile(took, 0.5):.0f} ms, p95 {percentile(took, 0.95):.0f} ms, "
          f"real-time factor {sum(took) / sound:.2f}")  # fmt: skip
    asked = sorted({one.said.asks or "" for one in closed})
    print(
        "   ",
        ", ".join(f"{asks} {share([one for one in closed if one.said.asks == asks]):.0%}" for asks in asked),
    )
    if both := [one for one in closed if one.agreed is not None]:
        agreeing = [one for one in both if one.agreed]
        print(
            f"    both opinions agree in {len(agreeing)} of {len(both)}; right when they do {share(agreeing):.0%}"
        )
    for low, high in pairwise((0.0, 0.5, 0.8, 0.9, 1.01)):
        within = [one for one in outcomes if low <= one.confidence < high and one.heard]
        if within:
            print(f"    confidence {low:.1f}-{min(high, 1):.1f}: right {share(within):.0%} of {len(within)}")


def measure(recogniser: Recogniser, row: Spoken, noise: Samples | None) -> Outcome:
    samples = row.samples if noise is None else with_noise(row.samples, noise)
    heard = recogniser.recognise(samples, RATE, hint_of(row))
    best = heard.readings[0] if heard.readings else None
    return Outcome(row, best.text if best else "", best.confidence if best else 0.0, heard.agreed,
                   heard.sound_s, heard.took_s)  # fmt: skip


def hint_of(row: Spoken) -> Hint:
    return Hint(row.asks, OFFERED.get(row.asks or "", ()))


def share(outcomes: list[Outcome]) -> float:
    return sum(one.right for one in outcomes) / max(1, len(outcomes))


def wrong_share(outcomes: list[Outcome], *, sounds: bool = False) -> float:
    pairs = [(plain(one.said.text), plain(one.heard)) for one in outcomes]
    if sounds:
        pairs = [(lazy_pinyin(said), lazy_pinyin(heard)) for said, heard in pairs]  # type: ignore[misc]
    return sum(Levenshtein.distance(*pair) for pair in pairs) / max(1, sum(len(said) for said, _ in pairs))


def plain(text: str) -> str:
    return re.sub(r"[\W_]", "", text).translate(_FIGURES)


def with_noise(samples: Samples, noise: Samples, db: float = NOISE_DB) -> Samples:
    """`noise` under the speech, so many decibels below the mean of its loud parts."""
    speech = samples.astype(np.float64)
    loud = speech[np.abs(speech) > 0.05 * np.abs(speech).max()]
    under = np.resize(noise, len(samples)).astype(np.float64)
    gain = np.sqrt((loud**2).mean() / (under**2).mean()) / 10 ** (db / 20)
    return np.clip(speech + gain * under, -32768, 32767).astype(np.int16)


def babble(recordings: list[Spoken], voices: int = 6) -> Samples:
    """Several people at once: a minute of the recordings over each other."""
    chance = np.random.default_rng(1)
    length = 60 * RATE
    loop = np.concatenate([row.samples for row in recordings]).astype(np.float64)
    talk = sum(np.roll(np.resize(loop, length), int(chance.integers(length))) for _ in range(voices))
    return np.clip(np.asarray(talk) / 2, -32768, 32767).astype(np.int16)


def detectors(recordings: list[Spoken], noises: dict[str, Samples | None]) -> None:
    """Share of the frames judged right: loud frames of speech, and frames where nobody speaks nearby."""
    for name in ("silero", "ten"):
        try:
            detector = make_detector(name)  # type: ignore[arg-type]
        except HearingError as problem:
            print(f"{name}: {problem}")
            continue
        told, seconds, took = [], 0.0, 0.0
        for noise_name, noise in noises.items():
            found = missed = 0
            for row in recordings:
                speech = row.samples if noise is None else with_noise(row.samples, noise)
                loud = frames(row.samples) > 0.1 * frames(row.samples).max()
                began = time.perf_counter()
                detector.reset()
                said = probabilities(detector, speech) > 0.5
                took += time.perf_counter() - began
                seconds += len(speech) / RATE
                found += int((said & loud).sum())
                missed += int((~said & loud).sum())
            told.append(f"{noise_name} {found / (found + missed):.0%}")
        alone = [np.zeros(10 * RATE, np.int16), white_noise(10), (white_noise(10) // 8).astype(np.int16)]
        detector.reset()
        false = np.mean([float((probabilities(detector, sound) > 0.5).mean()) for sound in alone])
        print(f"{name}: speech found {', '.join(told)}; noise taken for speech {false:.1%}; "
              f"{took / seconds:.2%} of a core a call")  # fmt: skip


def probabilities(detector: object, sound: Samples) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    starts = range(0, len(sound) - FRAME + 1, FRAME)
    return np.array([detector.probability(sound[at : at + FRAME], RATE) for at in starts])  # type: ignore[attr-defined]


def frames(sound: Samples) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    whole = sound[: len(sound) // FRAME * FRAME].astype(np.float64).reshape(-1, FRAME)
    return np.sqrt((whole**2).mean(axis=1))


if __name__ == "__main__":
    main()
