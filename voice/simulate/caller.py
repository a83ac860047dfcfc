"""What a scripted caller does next, by what happens in the call."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from voice.call import Event
from voice.simulate.script import CallScript, Move

NOTHING_ELSE = "没有了"
ASKS_FOR_MORE = re.compile(r"(别的|其他|还有).{0,6}(吗|么|没有|不)[？?]?$")
# Nothing left to say and nothing asked: the caller listens this long and hangs up.
LEAVES_AFTER_MS = 3_000


@dataclass(frozen=True, slots=True)
class Planned:
    """A move, and how long after the event it comes."""

    move: Move
    in_ms: int


class ScriptedCaller:
    """First what the script says, then answers to what is asked. Fed with the events of the call."""

    def __init__(self, script: CallScript) -> None:
        self._answers = script.answers
        self._says, self._then = list(script.says), list(script.then)
        self._given: dict[str, int] = {}
        self._asks: str | None = None
        self._reply = ""
        self.stuck: str | None = None  # what was asked that the script has no answer to

    def on(self, event: Event) -> Planned | None:
        """What follows from this event, if anything."""
        match event["event"]:
            case "reply":
                self._asks, self._reply = None, event["text"]
                if self._says and self._says[0].over_ms is not None:
                    move = self._says.pop(0)
                    return Planned(move, move.over_ms or 0)
            case "asks":
                self._asks = event["asks"]
                return self._over_the_question()
            case "listening":
                move = self._says.pop(0) if self._says else self._answer()
                return Planned(move, move.after_ms)
        return None

    def _over_the_question(self) -> Planned | None:
        """An answer that does not wait until the question has been asked to its end."""
        given = self._answers.get(str(self._asks))
        answer = given[self._turn(given)] if isinstance(given, list) else given
        if self._says or not isinstance(answer, dict) or "over_ms" not in answer:
            return None
        move = Move(**self._chosen(given))
        return Planned(move, move.over_ms or 0)

    def _answer(self) -> Move:
        if ASKS_FOR_MORE.search(self._reply) and self._asks in (None, "which_item", "confirm"):
            return self._then.pop(0) if self._then else Move(NOTHING_ELSE)
        if self._asks is None:
            return Move(hang_up=True, after_ms=LEAVES_AFTER_MS)
        answer = self._chosen(self._answers.get(self._asks))
        if answer is None:
            self.stuck = f"asked {self._asks!r} and had no answer: {self._reply}"
            return Move(hang_up=True)
        return Move(**answer) if isinstance(answer, dict) else Move(str(answer))

    def _chosen(self, answers: Any) -> Any:
        """The next of several, the last one for ever."""
        if not isinstance(answers, list):
            return answers
        answer, asks = answers[self._turn(answers)], str(self._asks)
        self._given[asks] = self._given.get(asks, 0) + 1
        return answer

    def _turn(self, answers: list[Any]) -> int:
        """Which of several is due."""
        return min(self._given.get(str(self._asks), 0), len(answers) - 1)
