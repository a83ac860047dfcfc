"""whisper on CTranslate2, short windows, with a domain prompt; on closed questions with the words of the answers only."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import ctranslate2  # type: ignore[import-untyped]
import numpy as np
from tokenizers import Tokenizer

from config.hearing import HearingWords
from voice.audio.level import level_dbfs
from voice.hearing.belief import Decoded, confidence, why_disbelieved
from voice.hearing.closed import is_closed, nearest, vocabulary
from voice.hearing.log_mel import LONGEST_S, log_mel
from voice.hearing.pieces import cut_at_quiet
from voice.hearing.recogniser import Heard, Hint, Reading
from voice.hearing.written import written
from voice.line.line import Samples

BEAM = 3  # against 1: a sixth fewer wrong characters and fewer loops, for 40 ms
# So much less likely (mean over the tokens, natural logarithm) a reading in the words of the answers may be than a free
# one and still be meant.
CLOSED_MARGIN = 0.6
# And it has at most so many characters less than the free one.
MOST_LEFT_OUT = 2
# A short answer so likely leaves hardly a free reading that could outweigh it by the margin: none is made.
SURE_CLOSED, SHORT_ANSWER_S = -0.35, 2.0
# Shorter or softer than this nobody has spoken, and whisper would invent something.
SHORTEST_S, SILENCE_DBFS = 0.1, -60.0
_NOT_SAID = re.compile(r"[\W_]+")
_TOKENS_A_SECOND, _SPARE_TOKENS = 9, 8
_MARKS = "，。、？,.?"


class WhisperRecogniser:
    """The default. `folder`: a whisper model converted for CTranslate2, with its tokenizer. Raises OSError, ValueError."""

    name = "whisper"

    def __init__(self, folder: Path, words: HearingWords, *, threads: int) -> None:
        self._model = ctranslate2.models.Whisper(str(folder), compute_type="int8", intra_threads=threads)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._words = words
        known = self._tokenizer.token_to_id
        names = ("<|startoftranscript|>", "<|zh|>", "<|transcribe|>", "<|notimestamps|>")
        self._start = [known(name) for name in names]
        self._previous, self._end = known("<|startofprev|>"), known("<|endoftext|>")
        self._all_but = lru_cache(maxsize=64)(self._tokens_but)

    def recognise(self, samples: Samples, rate: int, hint: Hint) -> Heard:
        """Blocking. Longer than 28 s is recognised piece by piece and put together, best readings only."""
        began = time.perf_counter()
        if len(samples) < SHORTEST_S * rate or level_dbfs(samples) < SILENCE_DBFS:
            return Heard((), self.name, len(samples) / rate, 0.0, why_nothing="silence")
        heard = [self._piece(piece, rate, hint) for piece in cut_at_quiet(samples, rate, LONGEST_S - 2)]
        read = [readings for readings, _ in heard if readings]
        whys = [why for _, why in heard if why]
        return Heard(
            readings=_joined(read),
            engine=self.name,
            sound_s=len(samples) / rate,
            took_s=time.perf_counter() - began,
            why_nothing="" if read else whys[0],
        )

    def _piece(self, samples: Samples, rate: int, hint: Hint) -> tuple[tuple[Reading, ...], str]:
        """The readings of up to 28 s, best first; or why there are none."""
        sound_s = len(samples) / rate
        encoded = self._model.encode(ctranslate2.StorageView.from_array(log_mel(samples, rate)))
        closed = self._closed(encoded, sound_s, hint) if is_closed(hint, self._words) else None
        if closed is not None and sound_s <= SHORT_ANSWER_S and self._is_sure(closed):
            return self._readings([closed], self._meant(closed, hint)), ""
        prompt = self._prompt(hint)
        open_readings = list(self._decode(encoded, sound_s, prompt=prompt))
        best, why = open_readings[0], why_disbelieved(open_readings[0], prompt, self._words)
        if closed is not None and why != "silence" and (why or _outweighs(closed, best)):
            return self._readings([closed, *open_readings], self._meant(closed, hint)), ""
        return ((), why) if why else (self._readings(open_readings, written(best.text)), "")

    def _closed(self, encoded: Any, sound_s: float, hint: Hint) -> Decoded | None:
        """The best reading in the words of the answers, if it can be believed."""
        # Names need to be told; examples of yes, no and times only draw away from what was said.
        offered = vocabulary(hint, self._words)
        closed = next(self._decode(encoded, sound_s, prompt=self._phrases(hint), only=offered))
        return None if why_disbelieved(closed, "", self._words) else closed

    def _is_sure(self, closed: Decoded) -> bool:
        """So likely that no free reading could outweigh it: that one need not be made."""
        return closed.logprob >= SURE_CLOSED and closed.no_speech < self._words.belief.no_speech

    def _meant(self, closed: Decoded, hint: Hint) -> str:
        # Parts of two characters can join into a third: left out.
        offered = "".join(vocabulary(hint, self._words))
        said = "".join(character for character in written(closed.text) if character in offered)
        return nearest(said, hint, self._words)

    def _readings(self, decoded: list[Decoded], best: str) -> tuple[Reading, ...]:
        sure = {best: confidence(decoded[0], self._words)}
        for other in decoded[1:]:
            text = written(other.text)
            if text and not why_disbelieved(other, "", self._words):
                sure.setdefault(text, confidence(other, self._words))
        return tuple(Reading(text, value) for text, value in sure.items())

    def _prompt(self, hint: Hint) -> str:
        usual = self._words.prompts.get(hint.asks or "", self._words.open_prompt)
        return self._phrases(hint) + usual

    def _phrases(self, hint: Hint) -> str:
        return "".join(f"{phrase}，" for phrase in hint.phrases[: self._words.most_phrases])

    def _decode(
        self, encoded: Any, sound_s: float, *, prompt: str = "", only: frozenset[str] | None = None
    ) -> Iterator[Decoded]:
        """The best texts of this sound, best first; written with the tokens of the words `only`, where given."""
        before = [self._previous, *self._tokens(f" {prompt}")] if prompt else []
        start = [*before, *self._start]
        result = self._model.generate(
            encoded,
            [start],
            beam_size=BEAM,
            num_hypotheses=BEAM,
            max_length=len(start) + int(_SPARE_TOKENS + _TOKENS_A_SECOND * sound_s),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=[-1] if only is None else self._all_but(only),
        )[0]
        for tokens, score in zip(result.sequences_ids, result.scores, strict=True):
            text = self._tokenizer.decode([token for token in tokens if token < self._end])
            # Characters that were not finished when the tokens ran out.
            yield Decoded(text.replace("�", "").strip(), score, result.no_speech_prob, sound_s)

    def _tokens(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _tokens_but(self, words: frozenset[str]) -> list[int]:
        """Every token that is not needed to write these words."""
        pieces = {*words, *"".join(words), *_MARKS}
        needed = {self._end, *(token for piece in pieces for token in self._tokens(piece))}
        return [token for token in range(self._tokenizer.get_vocab_size()) if token not in needed]


def _outweighs(closed: Decoded, best: Decoded) -> bool:
    """Likely enough beside the free reading, and no mere piece of it: «明天上午» of «明天上午，不对，后天上午»."""
    left_out = len(_NOT_SAID.sub("", best.text)) - len(_NOT_SAID.sub("", closed.text))
    return closed.logprob >= best.logprob - CLOSED_MARGIN and left_out <= MOST_LEFT_OUT


def _joined(read: list[tuple[Reading, ...]]) -> tuple[Reading, ...]:
    """The pieces of a long utterance as one; the least sure piece says how sure the whole is."""
    if len(read) <= 1:
        return read[0] if read else ()
    best = [readings[0] for readings in read]
    text = "，".join(reading.text for reading in best)
    return (Reading(text, float(np.min([reading.confidence for reading in best]))),)
