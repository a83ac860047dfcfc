"""A caller who knows what they mean and listens: says it, hears whether it was understood, and puts it right."""

from __future__ import annotations

import re
from dataclasses import dataclass

from voice.call import Event
from voice.simulate.caller import LEAVES_AFTER_MS, Planned
from voice.simulate.script import Means, Move

YES_KEY, NO_KEY = "1", "2"
OFFERS_KEYS = re.compile(r"按(?!零)")
ALL_RIGHT = "都对，没有错"  # to «what is wrong?»
# Whoever had to speak so often gives up.
MOST_TURNS = 8


@dataclass(slots=True)
class AttentiveCaller:
    """Answers until the line has what was meant. Presses keys where the line offers them."""

    means: Means
    turns: int = 0
    said: int = 0  # how often the answer that is looked at was given
    stuck: str | None = None
    _asks: str | None = None
    _reply: str = ""
    _right: bool = False  # what was read back last is what is meant
    _yeses: int = 0

    def on(self, event: Event) -> Planned | None:
        """What follows from this event, if anything."""
        match event["event"]:
            case "reply":
                self._asks, self._reply = None, event["text"]
            case "asks":
                self._asks = event["asks"]
                if self._asks == "confirm" and re.search(self.means.read_back, self._reply):
                    self._right = re.search(self.means.reads, self._reply) is not None
            case "listening":
                move = self._move()
                return Planned(move, move.after_ms)
        return None

    def _move(self) -> Move:
        if self._asks is None or self.turns >= MOST_TURNS:
            return Move(hang_up=True, after_ms=LEAVES_AFTER_MS)
        self.turns += 1
        offered = OFFERS_KEYS.search(self._reply) is not None
        if self._asks == "confirm":
            return self._judges(by_key=offered)
        if self._asks == self.means.asks:
            return self._answers(by_key=offered)
        if self._asks == "detail":  # the line wants to know what is wrong
            return self._corrects(by_key=offered)
        self.stuck = f"asked {self._asks!r}: {self._reply}"
        return Move(hang_up=True)

    def _judges(self, *, by_key: bool) -> Move:
        """Yes or no, to what was read back."""
        means, right = self.means, self._right
        self.said += means.asks == "confirm" and right == means.is_yes
        if by_key:
            return Move(keys=YES_KEY if right else NO_KEY)
        if means.asks == "confirm" and right == means.is_yes:
            return Move(_next(means.says, self.said))
        self._yeses += right
        return Move(_next(means.yes, self._yeses) if right else means.no)

    def _corrects(self, *, by_key: bool) -> Move:
        if self._right:
            return Move(ALL_RIGHT)
        if by_key and self.means.keys:
            return Move(keys=self.means.keys)
        return Move(self.means.instead)

    def _answers(self, *, by_key: bool) -> Move:
        self.said += 1
        if by_key and self.means.keys:
            return Move(keys=self.means.keys)
        return Move(_next(self.means.says, self.said))


def _next(ways: tuple[str, ...], time: int) -> str:
    """One way to say it after another, the last one for ever."""
    return ways[min(time, len(ways)) - 1]
