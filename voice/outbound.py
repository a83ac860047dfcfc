"""Calls that the line makes: who may be called when, how often again, and whether a person or a machine answered.

Pure: the time comes in. What is due is decided here; dialling is the line's business, and what was answered is kept by
whoever asked for the call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from config.outbound import CallKind, MachineRules, OutboundRules
from voice.audio.level import level_dbfs
from voice.line.line import FRAME_MS, Samples

TONE_SHARE = 0.9  # of the power of a frame that a beep has at one frequency
QUIETEST = 200.0  # root mean square of a beep
SILENCE_AFTER_HELLO_MS = 900
SMOOTH_FRAMES = 8  # a syllable and its soft end
BACKGROUND_QUANTILE = 0.05  # softer than this share of all frames is not the room, but a gap in its sound


class Result(StrEnum):
    """How a call ended, as far as calling again goes. The first four are `voice.line.line.NotAnswered`."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    MACHINE = "machine"
    CUT_OFF = "cut_off"  # the line broke, or the process that made the call died
    UNACKNOWLEDGED = "unacknowledged"  # answered, but nobody said that they had heard
    REACHED = "reached"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call that somebody wants made. `tried`: what came of the calls so far, the latest last."""

    id: str
    number: str
    kind: CallKind
    due: datetime  # local, naive; not before this
    expires: datetime | None = None  # a reminder is of no use after the visit
    values: Mapping[str, str] = field(default_factory=dict)
    tried: tuple[tuple[datetime, Result], ...] = ()


class Verdict(StrEnum):
    """Why a call is not made, for the record."""

    DONE = "done"
    EXPIRED = "expired"
    DO_NOT_CALL = "do_not_call"
    GIVEN_UP = "given_up"


def next_try(
    wanted: Wanted, now: datetime, rules: OutboundRules, do_not_call: Collection[str]
) -> datetime | Verdict:
    """When this call may be made next, `now` at the earliest; or why it is not made any more.

    An emergency rings at any hour, and at numbers of the do-not-call list: it is no call of that sort.
    """
    if wanted.number in do_not_call and not wanted.kind.emergency:
        return Verdict.DO_NOT_CALL
    moment = max(wanted.due, now)  # what is late must not ring in quiet hours or too late, either
    if wanted.tried:
        last, result = wanted.tried[-1]
        if result is Result.REACHED:
            return Verdict.DONE
        retries = rules.urgent_retries if wanted.kind.emergency else rules.retries
        waits = retries.get(result.value, ())
        failed = sum(before is result for _, before in wanted.tried)
        if failed > len(waits):
            return Verdict.GIVEN_UP
        moment = max(moment, last + waits[failed - 1])
    if not wanted.kind.emergency:
        moment = after_quiet_hours(moment, rules)
    return Verdict.EXPIRED if wanted.expires is not None and moment >= wanted.expires else moment


def after_quiet_hours(moment: datetime, rules: OutboundRules) -> datetime:
    """This moment, or the end of the quiet hours that it lies in."""
    for _ in range(len(rules.quiet_hours) + 1):
        hours = next((hours for hours in rules.quiet_hours if hours.has(moment.time())), None)
        if hours is None:
            return moment
        day = moment.date() if hours.end is not None else moment.date() + timedelta(days=1)
        moment = datetime.combine(day, hours.end or datetime.min.time())
    raise ValueError("the quiet hours leave no time to call")


def due_now(
    calls: Iterable[Wanted],
    now: datetime,
    rules: OutboundRules,
    *,
    do_not_call: Collection[str] = (),
    busy: Collection[str] = (),
    under_way: int = 0,
) -> list[Wanted]:
    """The calls to make now: emergencies first, then the longest due; never more than the rules allow at once, and never
    two to the same number. `busy`: numbers that are being talked with."""
    ready = []
    for wanted in calls:
        when = next_try(wanted, now, rules, do_not_call)
        if isinstance(when, datetime) and when <= now and wanted.number not in busy:
            ready.append((not wanted.kind.emergency, wanted.due, wanted))
    ready.sort(key=lambda one: one[:2])
    first_of_number = {wanted.number: wanted for *_, wanted in reversed(ready)}
    chosen = [wanted for *_, wanted in ready if first_of_number[wanted.number] is wanted]
    return chosen[: max(0, rules.at_once - under_way)]


class MachineEar:
    """Tells an answering machine from a person by the first thing that is said: people say «喂» and wait.

    What a machine says comes out of the line loud, and out of silence. Voices in the room around somebody who has answered are
    softer, or go on without a gap: they are no announcement, however long they last.
    """

    def __init__(self, rules: MachineRules, rate: int) -> None:
        self._rules, self._rate = rules, rate
        self._speech_ms = self._silent_ms = self._tone_ms = self._heard_ms = 0
        self._recent: deque[float] = deque(maxlen=SMOOTH_FRAMES)
        self._levels: list[float] = []  # of all frames, smoothed
        self._spoken: list[float] = []  # and those in which somebody speaks, as they are

    def hears(self, samples: Samples, *, speaks: bool) -> Result | None:
        """Add the next 20 ms. MACHINE or REACHED once it is clear."""
        self._heard_ms += FRAME_MS
        self._recent.append(level_dbfs(samples))
        self._levels.append(max(self._recent))
        if speaks:
            self._spoken.append(self._recent[-1])
        self._tone_ms = self._tone_ms + FRAME_MS if self._is_beep(samples) else 0
        if self._tone_ms >= self._rules.beep_ms:
            return Result.MACHINE
        if speaks:
            self._speech_ms += FRAME_MS
            self._silent_ms = 0
        elif self._speech_ms:
            self._silent_ms += FRAME_MS
        nearby_ms = self._nearby_ms() if self._speech_ms > self._rules.longest_hello_ms else 0
        if nearby_ms > self._rules.longest_hello_ms:
            return Result.MACHINE
        return Result.REACHED if self._waits_for_us() else None

    def _nearby_ms(self) -> int:
        """For how long somebody has spoken into the telephone itself, as far as that can be told by now."""
        background_db = float(np.quantile(self._levels, BACKGROUND_QUANTILE))
        least_db = max(self._rules.nearby_db, background_db + self._rules.above_room_db)
        return FRAME_MS * sum(level >= least_db for level in self._spoken)

    def _waits_for_us(self) -> bool:
        """They have said hello and are silent, have said nothing at all, or it is time to try."""
        nothing_said = self._heard_ms >= self._rules.silent_ms and not self._speech_ms
        said = self._silent_ms >= SILENCE_AFTER_HELLO_MS
        return said or nothing_said or self._heard_ms >= self._rules.longest_ms

    def _is_beep(self, samples: Samples) -> bool:
        sound = samples.astype(np.float64)
        if np.sqrt(np.mean(sound**2)) < QUIETEST:
            return False
        power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
        peak = int(power.argmax())
        frequency = peak * self._rate / len(sound)
        low, high = self._rules.beep_hz
        near = power[max(0, peak - 2) : peak + 3].sum()
        return bool(low <= frequency <= high and near >= TONE_SHARE * power.sum())
