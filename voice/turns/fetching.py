"""A person is being rung while the caller waits: what they say and press meanwhile, and what is said to them."""

from __future__ import annotations

import re

from config.turn_taking import TurnRules, Words
from voice.conversation import Completeness
from voice.turns.phrase import bare


class Fetching:
    """Knows whether somebody is being rung, and when the caller was last told so."""

    def __init__(self, rules: TurnRules) -> None:
        self._rules = rules
        self._told_ms: int | None = None  # None: nobody is being rung
        self._times_told = 0

    @property
    def on(self) -> bool:
        return self._told_ms is not None

    def begin(self, now_ms: int) -> None:
        self._told_ms, self._times_told = now_ms, 0

    def end(self) -> None:
        self._told_ms = None

    def is_due(self, now_ms: int) -> bool:
        """Nobody must think that the line is dead."""
        return self._told_ms is not None and now_ms - self._told_ms >= self._rules.silence.fetching_ms

    def tell(self, now_ms: int) -> str:
        """The sentence that is due: the first one also tells how to get back."""
        self._told_ms = now_ms
        self._times_told += 1
        return "fetching" if self._times_told > 1 else "fetching_first"

    def leads_back(self, text: str) -> bool:
        """The caller would rather not wait: «算了，不用了»."""
        return _leading_back(self._rules.words).fullmatch(bare(text)) is not None


def may_be_danger(completeness: Completeness | None) -> bool:
    """While nothing is asked, only danger is an answer (`Completeness.ANSWERED`). What nobody could judge may be some."""
    return completeness in (None, Completeness.ANSWERED)


def _leading_back(words: Words) -> re.Pattern[str]:
    """Any of the phrases, once or several times, with little words around."""
    back, around = _any_of(words.turns_back), _any_of((*words.fillers, *words.around_back))
    return re.compile(f"{around}*(?:{back}{around}*)+")


def _any_of(phrases: tuple[str, ...]) -> str:
    return f"(?:{'|'.join(map(re.escape, sorted(phrases, key=len, reverse=True)))})"
