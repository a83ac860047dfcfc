"""Questions asked in a call that we make: one after another, again where an answer was not understood, and what was answered.

Whoever is in danger, wants a person, or has a wish of their own is heard by the conversation from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bot.spoken_message import LOUDEST, SLOWEST, has_any, meaning_of
from config.outbound import Asked, CallKind, OutboundRules
from config.wording import sentences
from nlu.danger import find_danger
from nlu.understanding import Expecting
from voice.conversation import Answer, Answering, Completeness, Judging, Said


@dataclass(frozen=True, slots=True)
class Given:
    """One answer: the words, and what they mean where the question is closed."""

    text: str
    yes: bool | None = None
    stars: int | None = None  # satisfaction, 1 to 5

    def to_json(self) -> dict[str, object]:
        return {
            key: value
            for key, value in (("text", self.text), ("yes", self.yes), ("stars", self.stars))
            if value is not None
        }


class Questionnaire:
    """Implements `voice.conversation.Answering`. `converse` opens the conversation of this caller, when it is needed."""

    def __init__(
        self,
        kind: CallKind,
        values: Mapping[str, str],
        rules: OutboundRules,
        converse: Callable[[], Answering],
        *,
        call_id: str,
    ) -> None:
        self.call_id = call_id
        self._kind, self._rules, self._converse = kind, rules, converse
        self._opening = sentences(kind.opening.format(**values))
        self._at = -1  # the question that is open; -1: the opening has not been said
        self._asked_again = False
        self._pace = self._loudness = 0
        self._conversation: Answering | None = None
        self.given: dict[str, Given] = {}
        self.no_more_calls = False  # the person wants none

    @property
    def complete(self) -> bool:
        return self._at >= len(self._kind.questions)

    async def answer(self, said: Said) -> Answer:
        """Silence and what is no answer are asked again, once; then the next question comes."""
        if self._conversation is not None:
            return await self._conversation.answer(said)
        self._pace, self._loudness = said.pace, said.loudness
        if self._at < 0:
            self._at = 0
            return self._ask(self._opening)
        if said.text is None:
            return self._ask(())
        if has_any(said.text, self._rules.no_more_calls):
            self.no_more_calls = True
            return self._end(self._rules.no_more_calls_closing)
        question, meaning = self._kind.questions[self._at], meaning_of(said.text)
        if meaning == "human" or find_danger(said.text) is not None:
            return await self._go_over(said)
        if meaning == "goodbye":
            return self._end(self._kind.closing)
        if meaning in ("repeat", "slower", "louder"):
            self._pace = min(self._pace + (meaning == "slower"), SLOWEST)
            self._loudness = min(self._loudness + (meaning == "louder"), LOUDEST)
            return self._ask(())
        given = self._understood(question, said.text, meaning)
        if given is None and not self._asked_again:
            self._asked_again = True
            return self._ask(sentences(self._rules.not_understood))
        self.given[question.key] = given or Given(said.text)
        self._at, self._asked_again = self._at + 1, False
        if question.goes_on and meaning != "deny":
            return await self._go_over(said)
        return self._end(self._kind.closing) if self.complete else self._ask(())

    async def completeness(self, text: str) -> Completeness:
        if isinstance(self._conversation, Judging):
            return await self._conversation.completeness(text)
        return Completeness.OPEN

    async def hung_up(self, reason: str) -> None:
        """What was answered so far stays in `given`."""
        if self._conversation is not None:
            await self._conversation.hung_up(reason)

    def _understood(self, question: Asked, text: str, meaning: str | None) -> Given | None:
        yes = {"affirm": True, "deny": False}.get(meaning or "")
        match question.asks:
            case Expecting.SATISFACTION:
                stars = self._rules.stars_of(text)
                return Given(text, stars=stars) if stars else None
            case Expecting.CONFIRM:
                return Given(text, yes=yes) if yes is not None else None
            case _:
                return Given(text, yes=yes)

    async def _go_over(self, said: Said) -> Answer:
        self._conversation = self._converse()
        return await self._conversation.answer(said)

    def _ask(self, before: tuple[str, ...]) -> Answer:
        question = self._kind.questions[self._at]
        answer = self._said((*before, *sentences(question.text)), asks=question.asks)
        if question.asks != Expecting.SATISFACTION:
            return answer
        return replace(answer, choices=tuple((word, word) for word in self._rules.stars_offered))

    def _end(self, text: str) -> Answer:
        given = {key: one.to_json() for key, one in self.given.items()}
        event = {"event": "questionnaire", "answers": given}
        return replace(self._said(sentences(text)), ended=True, events=(event,))

    def _said(self, words: tuple[str, ...], asks: str | None = None) -> Answer:
        return Answer(words, asks=asks, pace=self._pace, loudness=self._loudness)
