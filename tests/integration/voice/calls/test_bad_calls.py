"""Calls in which something breaks or somebody misbehaves: they go on, with the keys and a person, and say so in the log."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import structlog

from tests.unit.voice.fakes import (
    KeptProfiles,
    LevelDetector,
    ScriptedAnswers,
    ScriptedHearing,
    desk,
    kinds,
    silence,
    speech,
)
from tests.unit.voice.test_call import GREETING, PLACE, Played, Script, _caller, play
from voice.call import Call
from voice.conversation import Answer
from voice.hearing.pool import HearingPool
from voice.hearing.recogniser import Heard, Hint, Reading
from voice.line.line import FRAME_MS, Ended, Hangup, LineEvent, Samples, Sound
from voice.line.loopback import pair
from voice.turns.actions import Reason

LUNCH = "我想订个午饭。"
PERSON = Answer(("给您转人工。",), handoff=True, ended=True)
TWO_HOURS_MS = 7_200_000


class Mortal:
    """A recogniser whose process is killed in the middle of the first sentences; `deaths` counts them for all processes."""

    name = "mortal"

    def __init__(self, deaths: Path, most: int) -> None:
        self._deaths, self._most = deaths, most

    def recognise(self, samples: Samples, rate: int, hint: Hint) -> Heard:
        if not samples.any():  # the trial at the start
            return Heard((), self.name, 0, 0, "silence")
        died = len(self._deaths.read_bytes()) if self._deaths.exists() else 0
        if died < self._most:
            with self._deaths.open("ab") as file:
                file.write(b"x")
            os.kill(os.getpid(), 9)
        return Heard((Reading(LUNCH, 0.9),), self.name, len(samples) / rate, 0.0)


@asynccontextmanager
async def mortal_pool(folder: Path, deaths: int) -> AsyncIterator[HearingPool]:
    pool = HearingPool(partial(Mortal, folder / "deaths", deaths))
    pool.detector = LevelDetector  # type: ignore[method-assign]
    try:
        await pool.ready()
        yield pool
    finally:
        await pool.close()


async def test_a_recogniser_killed_in_mid_sentence_costs_the_caller_nothing(tmp_path: Path) -> None:
    answers = ScriptedAnswers([GREETING, PLACE])
    async with mortal_pool(tmp_path, deaths=1) as hearing:
        with structlog.testing.capture_logs() as logs:
            played = await play([(6_000, speech(1_500))], hearing, answers, until_ms=14_000)  # type: ignore[arg-type]
    assert answers.texts() == [None, LUNCH] and played.reason is Reason.CALLER
    assert [line["event"] for line in logs].count("recogniser_died") == 1


async def test_a_recogniser_that_dies_again_and_again_leaves_the_keys_and_a_person(tmp_path: Path) -> None:
    answers = ScriptedAnswers([GREETING, PERSON])
    script: Script = [(6_000, speech(1_500)), (14_000, "0")]
    async with mortal_pool(tmp_path, deaths=99) as hearing:
        played = await play(script, hearing, answers, until_ms=30_000)  # type: ignore[arg-type]
    assert "hearing_failed" in kinds(played.events) and "key" in kinds(played.events)
    assert answers.said[-1].by_key and played.reason is Reason.DONE


async def test_a_storm_of_keys_stops_nothing_and_is_answered_in_order() -> None:
    answers = ScriptedAnswers([GREETING, PLACE])
    storm: Script = [(6_000 + 10 * n, "0123456789*#ABCD"[n % 16]) for n in range(500)]
    played = await play([*storm, (20_000, speech(1_500))], ScriptedHearing({1_000: LUNCH}), answers, until_ms=30_000)  # fmt: skip
    assert kinds(played.events).count("key") == 500
    assert answers.texts()[-1] == LUNCH and played.reason is Reason.CALLER


async def test_with_three_frames_of_ten_lost_the_call_goes_on() -> None:
    ours, theirs = pair(8_000, "13909510001", "12345", realtime=False, loss=0.3, seed=3)
    answers, played = ScriptedAnswers([GREETING, PLACE]), Played()
    call = Call(ours, desk(ScriptedHearing({800: LUNCH}), answers), played.events.append, lockstep=True)
    caller = asyncio.create_task(_caller(theirs, [(6_000, speech(2_000)), (12_000, "1")], 16_000, played))
    played.reason = await asyncio.wait_for(call.run(), 60)
    await caller
    assert LUNCH in answers.texts() and "key" in kinds(played.events)
    assert played.reason is Reason.CALLER


class EndlessCall:
    """A connection of two hours whose frames come at once; somebody speaks every minute. Implements `Connection`."""

    id, caller, called, rate, pending_ms = "endless", "13909510001", "12345", 8_000, 0

    def __init__(self) -> None:
        self.played_ms = 0
        self._over = False

    async def events(self) -> AsyncIterator[LineEvent]:
        quiet, word = silence(FRAME_MS), speech(FRAME_MS)
        for at_ms in range(0, 2 * TWO_HOURS_MS, FRAME_MS):
            if self._over:
                break
            yield Sound(word if at_ms % 60_000 < 1_200 else quiet, at_ms)
            if at_ms % 1_000 == 0 or at_ms % 60_000 < 6_000:
                await asyncio.sleep(0)
        yield Ended(Hangup.LINE, at_ms)

    def play(self, samples: Samples) -> None:
        self.played_ms += len(samples) * 1_000 // self.rate

    def flush(self) -> None:
        """Nothing is queued."""

    async def send_keys(self, keys: str) -> None: ...

    async def transfer(self, to: str) -> None: ...

    async def hang_up(self) -> None:
        self._over = True


@pytest.mark.slow
async def test_a_call_of_two_hours_ends_with_words_and_keeps_its_memory_small() -> None:
    line, answers = EndlessCall(), ScriptedAnswers([GREETING, PLACE])
    hearing, played = ScriptedHearing({600: LUNCH}), Played()
    call = Call(line, desk(hearing, answers, profiles=KeptProfiles()), played.events.append)
    reason = await call.run()
    assert reason is Reason.TOO_LONG
    assert TWO_HOURS_MS <= call.now_ms < TWO_HOURS_MS + 60_000
    assert len(answers.said) > 100
    assert len(call._ears._hindsight._frames) * FRAME_MS < 120_000
    assert len(call._talker._sounding) < 100 and not np.isnan(line.played_ms)
