"""Who may talk, who waits at which place, and who has waited too long. Pure: the time is handed in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    talking: int  # calls served at once
    waiting: int  # calls that may wait; one more is too many
    longest_s: float  # nobody waits longer for a place


@dataclass(frozen=True, slots=True)
class Talking:
    """The call has a place."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """`ahead`: how many are in front; 0 is next."""

    ahead: int


@dataclass(frozen=True, slots=True)
class TooMany:
    """No room even to wait."""


@dataclass(frozen=True, slots=True)
class TooLong:
    """Has waited for the longest time; keeps its place as long as nobody else takes it over."""

    ahead: int


Standing = Talking | Waiting | TooMany | TooLong


class WaitingQueue:
    """First come, first served. A call is known by its id from `arrive` to `leave`."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._talking: set[str] = set()
        self._since_s: dict[str, float] = {}  # of those who wait, in the order of arrival

    def arrive(self, call: str, now_s: float) -> Standing:
        if len(self._talking) < self.limits.talking and not self._since_s:
            self._talking.add(call)
        elif len(self._since_s) < self.limits.waiting:
            self._since_s[call] = now_s
        else:
            return TooMany()
        return self.standing(call, now_s)

    def standing(self, call: str, now_s: float) -> Standing:
        """Raises KeyError for a call that is not here."""
        if call in self._talking:
            return Talking()
        waited_s = now_s - self._since_s[call]
        ahead = list(self._since_s).index(call)
        return TooLong(ahead) if waited_s >= self.limits.longest_s else Waiting(ahead)

    def leave(self, call: str) -> None:
        """Talked to the end, hung up while waiting, or handed to a person; whoever is next moves up."""
        self._talking.discard(call)
        self._since_s.pop(call, None)
        while self._since_s and len(self._talking) < self.limits.talking:
            first = next(iter(self._since_s))
            del self._since_s[first]
            self._talking.add(first)

    @property
    def counts(self) -> tuple[int, int]:
        """Talking, waiting."""
        return len(self._talking), len(self._since_s)
