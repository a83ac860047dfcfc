"""whisper on CTranslate2, short windows, with a domain prompt; on closed questions with the words of the answers only."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import ctranslate2  # type: ignore[import-untyped]
import numpy as np
from tokenizers import Tokenizer

from config.hearing import HearingWords
from voice.audio.level import level_dbfs
from voice.hearing.belief import Decoded, confidence, why_disbelieved
from voice.hearing.closed import is_closed, made_of, vocabulary
from voice.hearing.log_mel import LONGEST_S, log_mel
from voice.hearing.pieces import cut_at_quiet
from voice.hearing.recogniser import Heard, Hint, Reading
from voice.hearing.weighing import candidates, readings, weighed
from voice.hearing.written import written
from voice.line.line import Samples

BEAM = 3  # against 1: a sixth fewer wrong characters and fewer loops, for 40 ms
# So much less likely (mean over the tokens, natural logarithm) an answer may be than the free reading and still be meant;
# up to three times as much where the grammar heard it, too.
CLOSED_MARGIN = 2.5
# And it has at most so many characters less than the free one.
MOST_LEFT_OUT = 2
END = "。"  # what a text ends with when all was said
# Room behind the speech in which the end is looked for; the encoder's frames.
ROOM_S, FRAMES_A_SECOND = 0.5, 50
LEAST = 1e-9  # probability
# Shorter or softer than this nobody has spoken, and whisper would invent something.
SHORTEST_S, SILENCE_DBFS = 0.1, -60.0
_NOT_SAID = re.compile(r"[\W_]+")
_TOKENS_A_SECOND, _SPARE_TOKENS = 9, 8


class _Piece(NamedTuple):
    """The readings of a piece of sound, best first; or why there are none."""

    readings: tuple[Reading, ...]
    why: str = ""
    closed: bool = False  # it is nothing but an answer to the question


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

    def recognise(self, samples: Samples, rate: int, hint: Hint) -> Heard:
        """Blocking. Longer than 28 s is recognised piece by piece and put together, best readings only."""
        return self.recognise_with(samples, rate, hint, "")

    def recognise_with(self, samples: Samples, rate: int, hint: Hint, opinion: str) -> Heard:
        """Like `recognise`; `opinion`: what another recogniser heard, weighed with the rest where the question is closed."""
        began = time.perf_counter()
        if len(samples) < SHORTEST_S * rate or level_dbfs(samples) < SILENCE_DBFS:
            return Heard((), self.name, len(samples) / rate, 0.0, why_nothing="silence")
        pieces = cut_at_quiet(samples, rate, LONGEST_S - 2)
        heard = [self._piece(piece, rate, hint, opinion) for piece in pieces]
        read = [one.readings for one in heard if one.readings]
        return Heard(
            readings=_joined(read),
            engine=self.name,
            sound_s=len(samples) / rate,
            took_s=time.perf_counter() - began,
            why_nothing="" if read else heard[0].why,
            closed=len(heard) == 1 and heard[0].closed,
        )

    def _piece(self, samples: Samples, rate: int, hint: Hint, opinion: str) -> _Piece:
        """What was read of up to 28 s."""
        sound_s = len(samples) / rate
        encoded = self._model.encode(ctranslate2.StorageView.from_array(log_mel(samples, rate)))
        prompt = self._prompt(hint)
        decoded = list(self._decode(encoded, sound_s, prompt=prompt))
        best, why = decoded[0], why_disbelieved(decoded[0], prompt, self._words)
        spoken = why != "silence" and best.no_speech < self._words.belief.no_speech
        closed = (
            self._closed(encoded, sound_s, decoded, opinion, hint)
            if spoken and is_closed(hint, self._words)
            else ()
        )
        if closed:
            return _Piece(closed, closed=made_of(closed[0].text, vocabulary(hint, self._words)))
        return _Piece((), why) if why else _Piece(self._readings(decoded, written(best.text)))

    def _closed(
        self, encoded: Any, sound_s: float, decoded: list[Decoded], opinion: str, hint: Hint
    ) -> tuple[Reading, ...]:
        """The answers that this can be, best first; none where it is something else."""
        texts = [written(one.text) for one in decoded]
        found = candidates(texts, opinion, hint, self._words)
        if not found:
            return ()
        likely = self._likely(encoded, sound_s, [*(one.text for one in found), texts[0]])
        answers = weighed(dict(zip(found, likely, strict=False)), hint, self._words)
        free, tokens = likely[-1]
        best = answers[0]
        margin = CLOSED_MARGIN * (1 + 2 * best.agreed)
        if best.likely < free / tokens - margin or _leaves_out(best.text, texts[0]):
            return ()
        return readings(answers, hint, self._words)

    def _likely(self, encoded: Any, sound_s: float, texts: list[str]) -> list[tuple[float, int]]:
        """How likely each text is as what was said, as a natural logarithm, and in how many tokens it is written.

        It has to end with a mark: otherwise the beginning of what was said would be as likely as all of it.
        """
        frames = min(int((sound_s + ROOM_S) * FRAMES_A_SECOND), encoded.shape[1])
        heard = np.ascontiguousarray(np.asarray(encoded)[:, :frames])
        tokens = [self._tokens(text + END) for text in texts]
        told = self._model.align(
            ctranslate2.StorageView.from_array(np.repeat(heard, len(tokens), axis=0)),
            self._start,
            tokens,
            [frames] * len(tokens),
        )
        return [
            (float(np.log(np.maximum(one.text_token_probs, LEAST)).sum()), len(each))
            for one, each in zip(told, tokens, strict=True)
        ]

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

    def _decode(self, encoded: Any, sound_s: float, *, prompt: str) -> Iterator[Decoded]:
        """The best texts of this sound, best first."""
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
        )[0]
        for tokens, score in zip(result.sequences_ids, result.scores, strict=True):
            text = self._tokenizer.decode([token for token in tokens if token < self._end])
            # Characters that were not finished when the tokens ran out.
            yield Decoded(text.replace("�", "").strip(), score, result.no_speech_prob, sound_s)

    def _tokens(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)


def _leaves_out(answer: str, read: str) -> bool:
    """It is a mere piece of what was read: «明天上午» of «明天上午，不对，后天上午»."""
    return len(_NOT_SAID.sub("", read)) - len(_NOT_SAID.sub("", answer)) > MOST_LEFT_OUT


def _joined(read: list[tuple[Reading, ...]]) -> tuple[Reading, ...]:
    """The pieces of a long utterance as one; the least sure piece says how sure the whole is."""
    if len(read) <= 1:
        return read[0] if read else ()
    best = [readings[0] for readings in read]
    text = "，".join(reading.text for reading in best)
    return (Reading(text, float(np.min([reading.confidence for reading in best]))),)
