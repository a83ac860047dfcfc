"""whisper on CTranslate2, short windows, with a domain prompt; on closed questions with the words of the answers only."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import ctranslate2  # type: ignore[import-untyped]
import numpy as np
from tokenizers import Tokenizer

from config.hearing import HearingWords
from voice.audio.level import level_dbfs
from voice.hearing.belief import Decoded, confidence, fits_in_time, is_hum, why_disbelieved
from voice.hearing.closed import is_closed, made_of, vocabulary
from voice.hearing.known_words import respelled
from voice.hearing.log_mel import LONGEST_S, log_mel
from voice.hearing.pieces import cut_at_quiet
from voice.hearing.recogniser import Heard, Hint, Reading, Word
from voice.hearing.weighing import by_share, candidates, readings, unsure, weighed, written_otherwise
from voice.hearing.word_times import likelihood, shares, shifted, spells, words_of
from voice.hearing.written import written
from voice.line.line import Samples

BEAM = 3  # against 1: a sixth fewer wrong characters and fewer loops, for 40 ms
# So much less likely (mean over the tokens, natural logarithm) an answer may be than the free reading and still be meant;
# up to three times as much where the grammar heard it, too.
CLOSED_MARGIN = 2.5
# Where anything else may be said as well, hardly less, unless the free reading was a guess.
OPEN_MARGIN, SURE_OF_IT = 0.5, 0.5
# And it has at most so many characters less than the free one.
MOST_LEFT_OUT = 2
END = "。"  # what a text ends with when all was said
# Room behind the speech in which the end is looked for; the encoder's frames.
ROOM_S, FRAMES_A_SECOND = 0.5, 50
LEAST = 1e-9  # probability
GUESSED = 0.2  # a reading that is less sure holds no words to be found by their sound
# Shorter or softer than this nobody has spoken, and whisper would invent something.
SHORTEST_S, SILENCE_DBFS = 0.1, -60.0
_UNFINISHED = "�"  # what a part of a character is decoded to
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
        if is_hum(samples, rate, self._words.belief):
            return Heard((), self.name, len(samples) / rate, 0.0, why_nothing="noise")
        pieces = cut_at_quiet(samples, rate, LONGEST_S - 2)
        heard = [self._piece(piece, rate, hint, opinion) for piece in pieces]
        starts_s = [sum(map(len, pieces[:place])) / rate for place in range(len(pieces))]
        read = [(start_s, one.readings) for start_s, one in zip(starts_s, heard, strict=True) if one.readings]
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
            if not fits_in_time(closed[0].text, samples, rate, self._words.belief):
                closed = unsure(closed)
            return _Piece(closed, closed=made_of(closed[0].text, vocabulary(hint, self._words)))
        if why:
            return _Piece((), why)
        read, *others = self._respelled(self._readings(decoded, written(best.text)), hint)
        return _Piece((replace(read, words=self._words_of(encoded, sound_s, decoded, read)), *others))

    def _closed(
        self, encoded: Any, sound_s: float, decoded: list[Decoded], opinion: str, hint: Hint
    ) -> tuple[Reading, ...]:
        """The answers that this can be, best first; none where it is something else."""
        texts = [written(one.text) for one in decoded]
        read = by_share((text, one.logprob) for text, one in zip(texts, decoded, strict=True))
        found = candidates(read, opinion, hint, self._words)
        if not found:
            return ()
        if meant := written_otherwise(texts[0], found, hint, self._words):
            return (Reading(meant, confidence(decoded[0], self._words)),)
        likely = self._likely(encoded, sound_s, [*(one.text for one in found), texts[0]])
        answers = weighed(dict(zip(found, likely, strict=False)), hint, self._words)
        free, tokens = likely[-1]
        best = answers[0]
        margin = CLOSED_MARGIN * (1 + 2 * best.agreed)
        if hint.asks in self._words.anything_else and confidence(decoded[0], self._words) >= SURE_OF_IT:
            margin = OPEN_MARGIN
        if best.likely < free / tokens - margin or _leaves_out(best.text, texts[0]):
            return ()
        return readings(answers, hint, self._words)

    def _likely(self, encoded: Any, sound_s: float, texts: list[str]) -> list[tuple[float, int]]:
        """How likely each text is as what was said, as a natural logarithm, and in how many tokens it is written.

        It has to end with a mark: otherwise the beginning of what was said would be as likely as all of it.
        """
        tokens = [self._tokens(text + END) for text in texts]
        told = self._aligned(encoded, sound_s, tokens)
        return [
            (float(np.log(np.maximum(one.text_token_probs, LEAST)).sum()), len(each))
            for one, each in zip(told, tokens, strict=True)
        ]

    def _words_of(
        self, encoded: Any, sound_s: float, decoded: list[Decoded], read: Reading
    ) -> tuple[Word, ...]:
        """The words of the best reading with their times; a word that the other readings lack is less sure."""
        tokens = self._tokens(read.text)
        [told] = self._aligned(encoded, sound_s, [tokens])
        begins: dict[int, float] = {}
        for token, frame in told.alignments:
            begins.setdefault(token, frame / FRAMES_A_SECOND)
        pieces, starts = self._whole_characters(tokens)
        best, *others = ((written(one.text), one.logprob) for one in decoded)
        weights = [(text, likelihood(sure, len(text), (best[1], len(best[0])))) for text, sure in others]
        words = words_of(
            pieces, [begins.get(at, sound_s) for at in starts], shares(read.text, weights), sound_s
        )
        return words if spells(words, read) else ()

    def _whole_characters(self, tokens: list[int]) -> tuple[list[str], list[int]]:
        """The text of the tokens, those put together that make up one character, and where each begins."""
        pieces: list[str] = []
        starts: list[int] = []
        start = 0
        for end in range(1, len(tokens) + 1):
            piece = self._tokenizer.decode(tokens[start:end])
            if _UNFINISHED not in piece:
                pieces.append(piece)
                starts.append(start)
                start = end
        return pieces, starts

    def _aligned(self, encoded: Any, sound_s: float, texts: list[list[int]]) -> list[Any]:
        """Of each text how likely its tokens are and when (in the encoder's frames) each was said."""
        frames = min(int((sound_s + ROOM_S) * FRAMES_A_SECOND), encoded.shape[1])
        heard = np.ascontiguousarray(np.asarray(encoded)[:, :frames])
        return list(
            self._model.align(
                ctranslate2.StorageView.from_array(np.repeat(heard, len(texts), axis=0)),
                self._start,
                texts,
                [2 * frames] * len(texts),  # the library counts those of the spectrogram
            )
        )

    def _readings(self, decoded: list[Decoded], best: str) -> tuple[Reading, ...]:
        sure = {best: confidence(decoded[0], self._words)}
        for other in decoded[1:]:
            text = written(other.text)
            if text and not why_disbelieved(other, "", self._words):
                sure.setdefault(text, confidence(other, self._words))
        return tuple(Reading(text, value) for text, value in sure.items())

    def _respelled(self, readings: tuple[Reading, ...], hint: Hint) -> tuple[Reading, ...]:
        """With the words of this service in the best reading; how it was read then stands behind it. Names are left alone."""
        best, *others = readings
        if hint.asks == "name" or best.confidence < GUESSED:
            return readings
        text = respelled(best.text, self._words.known_words)
        if text == best.text:
            return readings
        return (replace(best, text=text), best, *(one for one in others if one.text != text))

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
            yield Decoded(text.replace(_UNFINISHED, "").strip(), score, result.no_speech_prob, sound_s)

    def _tokens(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)


def _leaves_out(answer: str, read: str) -> bool:
    """It is a mere piece of what was read: «明天上午» of «明天上午，不对，后天上午»."""
    return len(_NOT_SAID.sub("", read)) - len(_NOT_SAID.sub("", answer)) > MOST_LEFT_OUT


def _joined(read: list[tuple[float, tuple[Reading, ...]]]) -> tuple[Reading, ...]:
    """The pieces of a long utterance, each with when it began, as one; the least sure piece says how sure the whole is."""
    if not read:
        return ()
    if len(read) == 1:
        [(start_s, (first, *others))] = read
        return (replace(first, words=shifted(first.words, start_s)), *others)
    best = [(start_s, readings[0]) for start_s, readings in read]
    text = "，".join(reading.text for _, reading in best)
    words = tuple(word for start_s, reading in best for word in shifted(reading.words, start_s))
    return (Reading(text, float(np.min([reading.confidence for _, reading in best])), words),)
