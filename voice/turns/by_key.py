"""When to offer the keys of the telephone: the second time that the same thing is asked, and where a yes was not clear."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace

from config.turn_taking import TurnRules
from config.wording import sentences
from voice.conversation import Answer
from voice.hearing.recogniser import Heard
from voice.turns.phrase import bare

MOST_KEYS = 9
# Questions whose answers are told with their keys. (For a time any day can be said; the keys are only three of them.)
ASKED_BY_KEY = frozenset({"confirm", "beneficiary", "which_item"})
_READ_NUMBER = re.compile(r"\d{3} ?\d{4}")


@dataclass(slots=True)
class KeyOffers:
    """Counts what was asked since the last order."""

    rules: TurnRules
    _asked: Counter[str] = field(default_factory=Counter)
    _before: Answer | None = None
    _doubted: Answer | None = None  # the question to which an answer was doubted already …
    _doubts: int = 0  # … and how often
    _number_asked: Answer | None = None  # the latest question that a number may answer, by its own words

    def with_keys(self, answer: Answer) -> Answer:
        """The answer, with the keys said behind a question that is asked again."""
        if any(event["event"] == "order" for event in answer.events):
            self._asked.clear()
        before, self._before = self._before, answer
        if answer.asks is None:
            return answer
        self._asked[answer.asks] += 1
        corrects = answer.asks == "detail" and before and _READ_NUMBER.search("".join(before.sentences))
        if self._asked[answer.asks] >= self.rules.unclear.keys_from_time:
            told = sentences(self.rules.says["keys_number"]) if corrects else self._keys(answer)
            answer = replace(answer, sentences=(*answer.sentences, *told))
        if corrects:
            self._number_asked = answer
        return answer

    def takes_number(self, question: Answer) -> bool:
        """A number was read back, and something of it is wrong: it can be pressed anew."""
        return question is self._number_asked

    def doubts(self, heard: Heard | None, question: Answer) -> int:
        """How often answers to this question were too weak, this yes or no among them; 0: it is believed.

        A weak yes is believed when it is heard again, as what it leads to is read back. A no that is hardly one never is.
        """
        if heard is None or not heard.closed or question.asks != "confirm":
            return 0
        again = question is self._doubted
        if heard.readings[0].confidence >= self._enough(heard.readings[0].text, again=again):
            return 0
        self._doubts = self._doubts + 1 if again else 1
        self._doubted = question
        return self._doubts

    def _enough(self, text: str, *, again: bool) -> float:
        """How sure (0..1) this answer must be."""
        if not again:
            return self.rules.unclear.sure_yes
        return 0.0 if bare(text) in self.rules.words.affirm else self.rules.unclear.least_no

    def _keys(self, answer: Answer) -> tuple[str, ...]:
        if answer.asks == "phone":
            return sentences(self.rules.says["keys_phone"])
        return choices_by_key(answer, self.rules) if answer.asks in ASKED_BY_KEY else ()


def choices_by_key(answer: Answer, rules: TurnRules) -> tuple[str, ...]:
    """«对，请按1。不对，请按2。»"""
    labels = [label for label, _ in answer.choices[:MOST_KEYS]]
    if not labels and answer.asks == "confirm":
        labels = list(rules.keys.yes_no)
    told = rules.says["by_key"]
    return tuple(told.format(label=label, key=number) for number, label in enumerate(labels, start=1))
