"""The keys of the telephone as answers: a choice, a number, a person."""

from __future__ import annotations

from dataclasses import dataclass

from config.turn_taking import Keys
from voice.turns.phrase import MOBILE_DIGITS


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked last. `choices`: what each stands for, in the order of the keys. `number`: the answer may be one."""

    asks: str | None = None
    choices: tuple[str, ...] = ()
    number: bool = False

    def wants_number(self, rules: Keys) -> bool:
        """0 may begin the answer, and no single digit is one."""
        return self.number or self.asks in rules.numeric


class KeyPad:
    """Collects keys until they mean something: a text that answers the question."""

    def __init__(self, rules: Keys) -> None:
        self._rules = rules
        self._digits = ""
        self._last_ms = 0

    @property
    def collecting(self) -> bool:
        return bool(self._digits)

    def press(self, key: str, question: Question, at_ms: int) -> str | None:
        """The answer that is complete with this key, if it is."""
        rules = self._rules
        if key == rules.repeat:
            return None if self._taken() else rules.repeat_text
        if key == "#":
            return self._meaning(self._taken())
        if not key.isdigit():
            return None
        if not self._digits and not question.wants_number(rules):
            if key == rules.person:
                return rules.person_text
            if chosen := _choice(int(key), question, rules):
                return chosen
        self._digits += key
        self._last_ms = at_ms
        complete = len(self._digits) == MOBILE_DIGITS and self._digits.startswith("1")
        return self._taken() if complete else None

    def due(self, now_ms: int) -> str | None:
        """The number that ended because no more keys came."""
        if self._digits and now_ms - self._last_ms >= self._rules.between_ms:
            return self._meaning(self._taken())
        return None

    def _taken(self) -> str:
        digits, self._digits = self._digits, ""
        return digits

    def _meaning(self, digits: str) -> str | None:
        return self._rules.person_text if digits == self._rules.person else digits or None


def _choice(number: int, question: Question, rules: Keys) -> str | None:
    choices = question.choices or (rules.yes_no if question.asks == "confirm" else ())
    return choices[number - 1] if 1 <= number <= len(choices) else None
