"""What is said in the calls that we make: a message with its acknowledgement, or the conversation that was cut off."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from config.outbound import CallKind, OutboundRules
from config.wording import sentences
from nlu.answers import bare_answer, strip_marks
from nlu.understanding import Expecting
from voice.conversation import Answer, Answering, Completeness, Judging, Said

CONFIRM = Expecting.CONFIRM
COURTESIES = frozenset({"thanks", "greet", "goodbye"})  # beside an answer they change nothing
_PARTS = re.compile(r"[，。！、,!\s]+")
SLOWEST, LOUDEST = 3, 2  # steps, as in `voice.conversation.Answer`


class SpokenMessage:
    """Says a text, again on request, until it was acknowledged where that is wanted. Implements `Answering`.

    `machine`: one seems to have answered. What it says is no answer; a key that is pressed is.
    """

    def __init__(self, kind: CallKind, text: str, rules: OutboundRules, *, machine: bool = False) -> None:
        self._kind, self._rules, self._machine = kind, rules, machine
        self._at_most = kind.to_machine if machine else kind.at_most
        self._message = sentences(kind.opening.format(text=text) + kind.offer)
        self._times = 0
        self._pace = self._loudness = 0
        self.acknowledged = False
        self.no_more_calls = False  # the person wants none

    async def answer(self, said: Said) -> Answer:
        """Key 1 comes as a yes, the star as «say it again»; silence as no text."""
        if self._machine and not said.by_key:
            said = replace(said, text=None, alternatives=())
        kind, meaning = self._kind, meaning_of(said.text or "")
        self._pace, self._loudness = said.pace, said.loudness
        if not kind.emergency and has_any(said.text, self._rules.no_more_calls):
            self.no_more_calls = True
            return self._ends(self._rules.no_more_calls_closing)
        if not self._times:
            return self._says_it()
        if kind.acknowledged and (meaning == "affirm" or self._heard(said.text)):
            self.acknowledged = True
            return replace(self._ends(kind.closing), events=({"event": "acknowledged"},))
        if meaning in ("repeat", "slower", "louder"):
            self._pace = min(self._pace + (meaning == "slower"), SLOWEST)
            self._loudness = min(self._loudness + (meaning == "louder"), LOUDEST)
            return self._says_it()
        understood = not kind.acknowledged and (said.text is None or meaning is not None)
        return self._ends(kind.closing) if understood or self._times >= self._at_most else self._says_it()

    async def hung_up(self, reason: str) -> None:
        """What was acknowledged so far stays."""

    def _says_it(self) -> Answer:
        self._times += 1
        asks = CONFIRM.value if self._kind.acknowledged else None
        urgent = self._kind.emergency
        return Answer(self._message, asks=asks, urgent=urgent, pace=self._pace, loudness=self._loudness)

    def _ends(self, text: str) -> Answer:
        return Answer(sentences(text), ended=True, pace=self._pace, loudness=self._loudness)

    def _heard(self, text: str | None) -> bool:
        return has_any(text, self._rules.heard) and not has_any(text, self._rules.not_heard)


class GoingOn:
    """A conversation that was cut off, taken up by us: a word about that comes first. Implements `Answering`."""

    def __init__(self, kind: CallKind, conversation: Answering) -> None:
        self._first = sentences(kind.opening)
        self._conversation = conversation

    async def answer(self, said: Said) -> Answer:
        answer = await self._conversation.answer(said)
        first, self._first = self._first, ()
        return replace(answer, sentences=(*first, *answer.sentences))

    async def completeness(self, text: str) -> Completeness:
        judge = self._conversation
        return await judge.completeness(text) if isinstance(judge, Judging) else Completeness.OPEN

    async def hung_up(self, reason: str) -> None:
        await self._conversation.hung_up(reason)


def meaning_of(text: str) -> str | None:
    """The label of a short answer; «好，谢谢» is a yes. None for silence, and for what is more than an answer."""
    if whole := bare_answer(text, expecting=CONFIRM):
        return whole
    parts = {bare_answer(part, expecting=CONFIRM) for part in _PARTS.split(text) if part}
    firm = parts - COURTESIES
    return firm.pop() if len(firm) == 1 else None


def has_any(text: str | None, words: Iterable[str]) -> bool:
    """Whether one of these words is said, whatever stands around it."""
    bare = strip_marks(text or "")
    return any(word in bare for word in words)
