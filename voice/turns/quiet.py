"""The silence ladder: how long nobody has said anything, and what is due at which step."""

from __future__ import annotations

from config.turn_taking import Silence
from voice.turns.actions import Reason


class Quiet:
    """Counts silence while the floor is free. Our own prompts do not end it; only the caller does."""

    def __init__(self, rules: Silence) -> None:
        self._rules = rules
        self._silent_ms = 0
        self._steps = 0
        self._closing = False
        self.lasting_ms = 0  # since anybody spoke

    def reset(self) -> None:
        """The caller has done something."""
        self._silent_ms = self._steps = self.lasting_ms = 0
        self._closing = False

    def interrupted(self) -> None:
        """There is sound that may be speech: nothing is due meanwhile."""
        self.lasting_ms = 0

    def closing(self) -> None:
        """We have said goodbye."""
        self._closing = True
        self.lasting_ms = 0

    def add(self, ms: int, *, patient: bool) -> int | Reason | None:
        """More silence. Gives its length where a word is due, a reason where the call is over.

        `patient`: never hang up on somebody in danger who fell silent.
        """
        self._silent_ms += ms
        self.lasting_ms += ms
        if self._closing:
            return Reason.DONE if self.lasting_ms >= self._rules.after_goodbye_ms else None
        if self._steps < len(self._rules.steps_ms):
            if self._silent_ms < self._rules.steps_ms[self._steps]:
                return None
            self._steps += 1
            self.lasting_ms = 0
            return self._silent_ms
        return Reason.SILENCE if self._silent_ms >= self._rules.hang_up_ms and not patient else None
