"""What is known of how a caller speaks, carried from call to call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from config.turn_taking import Endpoint, MannerRules

# How much one more utterance changes what is known of level and speed.
NEWS = 0.25
# The same where it was softer: that may have been somebody else in the room, while nobody else is louder.
NEWS_OF_SOFTER = 0.1
# What is left of a too early turn after one more turn that was not.
FADING = 0.9


@dataclass(frozen=True, slots=True)
class CallerProfile:
    """Habits of a caller, nothing of what they said. `None`: not known yet."""

    pauses_ms: tuple[int, ...] = ()  # between words within one turn, the latest last
    resumed_ms: int = 0  # the pause after which they went on though we had taken the turn; fades
    level_db: float | None = None  # of their speech, relative to full scale
    chars_per_s: float | None = None  # while they speak, without the pauses
    pace: int = 0  # steps slower and louder that they wished for
    loudness: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> CallerProfile:
        """Read what `to_json` wrote; fields that this version does not know are left out."""
        known = {key: value for key, value in raw.items() if key in cls.__dataclass_fields__}
        known["pauses_ms"] = tuple(known.get("pauses_ms", ()))
        return cls(**known)

    def spoke(
        self,
        *,
        pauses_ms: Sequence[int],
        level_db: float,
        chars: int,
        speech_ms: int,
        kept: int,
        resumed_ms: int = 0,
    ) -> CallerProfile:
        """After one more utterance with these pauses in it; the latest `kept` pauses are remembered.

        `resumed_ms`: the pause before it, where it was the rest of a turn that we had taken too early.
        """
        if resumed_ms:
            pauses_ms = (resumed_ms, *pauses_ms)
        rate = chars * 1000 / speech_ms if speech_ms and chars else None
        return replace(
            self,
            pauses_ms=(*self.pauses_ms, *pauses_ms)[-kept:],
            resumed_ms=max(resumed_ms, round(self.resumed_ms * FADING)),
            level_db=_blend(
                self.level_db, level_db, NEWS_OF_SOFTER if level_db < (self.level_db or 0) else NEWS
            ),
            chars_per_s=_blend(self.chars_per_s, rate, NEWS),
        )

    def usual_pause_ms(self, rules: Endpoint) -> int:
        """The pause that this caller rarely exceeds within a sentence: a quantile over theirs and the usual ones.

        The usual ones count less and less as pauses of this caller come in.
        """
        spare = max(0, len(rules.usual_pauses_ms) - len(self.pauses_ms) // 2)
        seen = sorted((*self.pauses_ms, *rules.usual_pauses_ms[:spare]))
        return seen[min(len(seen) - 1, int(rules.quantile * len(seen)))]

    def slow_steps(self, rules: MannerRules) -> int:
        """How many steps slower than normal suits somebody who speaks at this speed."""
        if self.chars_per_s is None:
            return 0
        return sum(self.chars_per_s < limit for limit in rules.slow_speaker)

    def hard_of_hearing(self, rules: MannerRules) -> bool:
        slower, louder = rules.hard_of_hearing
        return self.pace >= slower and self.loudness >= louder


class Profiles(Protocol):
    """Where profiles are kept. An unknown or withheld number has an empty one."""

    def load(self, caller: str) -> CallerProfile: ...
    def save(self, caller: str, profile: CallerProfile) -> None: ...


class NoProfiles:
    """Everybody calls for the first time, and nothing is kept: for calls that must go the same way every time."""

    def load(self, caller: str) -> CallerProfile:
        return CallerProfile()

    def save(self, caller: str, profile: CallerProfile) -> None:
        """Forgotten."""


def _blend(known: float | None, new: float | None, news: float) -> float | None:
    if known is None or new is None:
        return new if known is None else known
    return known + news * (new - known)
