"""pocketsphinx with a grammar of the answers that can come: a second opinion on closed questions."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from pocketsphinx import Decoder  # type: ignore[import-untyped]

from config.hearing import HearingWords
from voice.audio.resample import resample
from voice.hearing.closed import jsgf, vocabulary
from voice.hearing.recogniser import Heard, Hint, Reading
from voice.line.line import Samples

TELEPHONE_RATE = 8000
SHORTEST_S = 0.1
MOST_SEARCHES = 32
# The model knows no digital silence, which it takes for words: a hiss of this many steps is laid under everything.
_HISS = 20
# Of the sound before the first and after the last loud sample this much is kept; more invites words into the noise.
_MARGIN_S = 0.2
_LOUD_SHARE = 0.05  # of the peak
# Its own posterior hardly tells right from wrong, so that its word counts this much, as measured.
_CONFIDENCE = 0.6


class GrammarRecogniser:
    """`folder`: `ptm3_8k/` and `mandarin_notone.dic` of the CMU Sphinx project. Only for closed questions."""

    name = "grammar"

    def __init__(self, folder: Path, words: HearingWords) -> None:
        self._words = words
        self._spoken = _pronunciations(folder / "mandarin_notone.dic")
        self._decoder = Decoder(
            hmm=str(folder / "ptm3_8k"), lm=None, dict=None, samprate=TELEPHONE_RATE, loglevel="FATAL"
        )
        self._searches: list[str] = []  # names, oldest first

    def recognise(self, samples: Samples, rate: int, hint: Hint) -> Heard:
        """The one answer of the grammar that sounds most like this, with no readings where none does."""
        began = time.perf_counter()
        if len(samples) < SHORTEST_S * rate:
            return Heard((), self.name, len(samples) / rate, 0.0, why_nothing="silence")
        self._decoder.activate_search(self._search(hint))
        sound = self._prepared(resample(samples, rate, TELEPHONE_RATE))
        self._decoder.start_utt()
        self._decoder.process_raw(sound.tobytes(), full_utt=True)
        self._decoder.end_utt()
        best = self._decoder.hyp()
        text = best.hypstr.replace(" ", "") if best else ""
        return Heard(
            readings=(Reading(text, _CONFIDENCE),) if text else (),
            engine=self.name,
            sound_s=len(samples) / rate,
            took_s=time.perf_counter() - began,
            why_nothing="" if text else "noise",
        )

    def _search(self, hint: Hint) -> str:
        """The name of the search for these answers, made on first use. The oldest makes room: names differ from call to call."""
        name = f"{hint.asks}:{','.join(hint.phrases)}"
        if name in self._searches:
            return name
        for word in vocabulary(hint, self._words):
            if self._decoder.lookup_word(word) is None and (spoken := self._pronounced(word)):
                self._decoder.add_word(word, spoken, False)
        self._decoder.add_jsgf_string(name, jsgf(hint, self._words))
        self._searches.append(name)
        if len(self._searches) > MOST_SEARCHES:
            self._decoder.remove_search(self._searches.pop(0))
        return name

    def _pronounced(self, word: str) -> str:
        """Phones of a word, from its characters where the dictionary lacks it; "" where one is unknown."""
        if word in self._spoken:
            return self._spoken[word]
        phones = [self._spoken.get(character, "") for character in word]
        return " ".join(phones) if all(phones) else ""

    def _prepared(self, sound: Samples) -> Samples:
        loudness = np.abs(sound.astype(np.int32))
        loud = np.flatnonzero(loudness > loudness.max(initial=0) * _LOUD_SHARE)
        if len(loud):
            margin = int(_MARGIN_S * TELEPHONE_RATE)
            sound = sound[max(0, loud[0] - margin) : loud[-1] + margin]
        hiss = np.random.default_rng(0).normal(
            0, _HISS, len(sound)
        )  # the same for the same sound, whoever spoke before
        hissing = sound + hiss
        return np.asarray(np.clip(hissing, -32768, 32767), np.int16)


def _pronunciations(dictionary: Path) -> dict[str, str]:
    """Word → phones, of its usual pronunciation."""
    spoken: dict[str, str] = {}
    with dictionary.open(encoding="utf-8") as lines:
        for line in lines:
            word, *phones = line.split()
            spoken.setdefault(word.partition("(")[0], " ".join(phones))
    return spoken
