"""Two recognisers asked about one closed answer: what they say together."""

from __future__ import annotations

from dataclasses import replace

from config.hearing import HearingWords
from voice.hearing.closed import has_grammar, mean_alike, meaning
from voice.hearing.recogniser import Heard, Hint, Recogniser, Weighing
from voice.hearing.same import same_answer
from voice.hearing.weighing import DISAGREED
from voice.line.line import Samples


class BothOpinions:
    """The default engine, and the grammar beside it on closed questions."""

    def __init__(self, first: Recogniser, second: Recogniser, words: HearingWords) -> None:
        self.name = f"{first.name}+{second.name}"
        self._first, self._second, self._words = first, second, words

    def recognise(self, samples: Samples, rate: int, hint: Hint) -> Heard:
        if not has_grammar(hint, self._words):
            return self._first.recognise(samples, rate, hint)
        if isinstance(self._first, Weighing):
            return self._together(self._first, samples, rate, hint)
        heard = self._first.recognise(samples, rate, hint)
        if heard.why_nothing == "silence":
            return heard
        return merged(heard, self._second.recognise(samples, rate, hint), hint, self._words)

    def _together(self, first: Weighing, samples: Samples, rate: int, hint: Hint) -> Heard:
        """The first weighs what the second heard with what it heard itself."""
        theirs = self._second.recognise(samples, rate, hint)
        heard = first.recognise_with(samples, rate, hint, theirs.text or "")
        agreed = None
        if heard.text and theirs.text:
            same = meaning(heard.text, hint, self._words) == meaning(theirs.text, hint, self._words)
            agreed = same and heard.readings[0].confidence > DISAGREED
        return replace(heard, engine=self.name, took_s=heard.took_s + theirs.took_s, agreed=agreed)


def merged(first: Heard, second: Heard, hint: Hint, words: HearingWords) -> Heard:
    """One `Heard` of two. Agreement: both would have to err alike. Disagreement: both readings, neither sure."""
    engine, took_s = f"{first.engine}+{second.engine}", first.took_s + second.took_s
    if not first.readings or not second.readings:
        # The grammar alone hears answers in noise too: its word needs a first opinion.
        return replace(first, engine=engine, took_s=took_s)
    ours, theirs = first.readings[0], second.readings[0]
    if same_answer(ours.text, theirs.text) or mean_alike(ours.text, theirs.text, hint, words):
        sure = 1 - (1 - ours.confidence) * (1 - theirs.confidence)
        readings = (replace(ours, confidence=sure), *first.readings[1:])
        return replace(first, readings=readings, engine=engine, took_s=took_s, agreed=True)
    best_first = sorted((ours, theirs), key=lambda reading: reading.confidence, reverse=True)
    limited = [replace(reading, confidence=min(reading.confidence, DISAGREED)) for reading in best_first]
    others = (other for other in first.readings[1:] if not same_answer(other.text, theirs.text))
    return replace(first, readings=(*limited, *others), engine=engine, took_s=took_s, agreed=False)
