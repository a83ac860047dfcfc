"""A recording on the line: when it starts, when it ends, and the same events every time."""

from __future__ import annotations

import numpy as np

from tests.unit.voice.fakes import RATE, ScriptedAnswers, ScriptedHearing, desk, silence, speech
from tests.unit.voice.test_call import GREETING, PLACE
from voice.line.line import Samples
from voice.replay import Pacing, Replayed, line_rate, pauses, replay
from voice.turns.actions import Reason

ONE_WISH = np.concatenate((silence(200), speech(1_500), silence(300)))
TEXTS = {1_000: "我要订个午饭。"}


async def played(recording: Samples, answers: ScriptedAnswers, **pacing: bool) -> Replayed:
    return await replay(
        recording,
        RATE,
        desk(ScriptedHearing(TEXTS), answers),
        caller="13909510001",
        on_event=lambda event: None,
        pacing=Pacing(**pacing),
    )


async def test_a_short_recording_waits_for_the_greeting_and_gets_its_answer() -> None:
    answers = ScriptedAnswers([GREETING, PLACE])
    done = await played(ONE_WISH, answers)
    assert answers.texts() == [None, "我要订个午饭。"]
    assert done.reason is Reason.CALLER
    assert [event["event"] for event in done.events][-2:] == ["listening", "ended"]


async def test_talking_over_the_greeting_is_understood_too() -> None:
    answers = ScriptedAnswers([GREETING, PLACE])
    done = await played(np.concatenate((silence(800), ONE_WISH)), answers, after_greeting=False)
    assert answers.texts() == [None, "我要订个午饭。"]
    assert "barge_in" in [event["event"] for event in done.events]


async def test_the_same_recording_gives_the_same_events() -> None:
    first, second = [await played(ONE_WISH, ScriptedAnswers([GREETING, PLACE])) for _ in range(2)]
    assert first.events == second.events


async def test_a_patient_caller_lets_the_line_finish() -> None:
    recording = np.concatenate((ONE_WISH, silence(1_200), ONE_WISH))
    long = ScriptedAnswers([GREETING, *[PLACE] * 4])
    patient = await played(recording, long, patient=True)
    hasty = await played(recording, ScriptedAnswers([GREETING, *[PLACE] * 4]))
    assert "barge_in" not in [event["event"] for event in patient.events]
    assert "barge_in" in [event["event"] for event in hasty.events]
    assert len([event for event in patient.events if event["event"] == "heard"]) == 2


async def test_silence_only_ends_by_itself() -> None:
    done = await played(silence(500), ScriptedAnswers([GREETING]))
    assert done.reason is Reason.CALLER and not [e for e in done.events if e["event"] == "heard"]


async def test_both_sides_are_kept_in_step() -> None:
    done = await played(ONE_WISH, ScriptedAnswers([GREETING, PLACE]))
    both = done.stereo()
    assert both.shape[1] == 2 and len(both) > 6 * RATE
    assert np.abs(both[:, 0]).max() > 3_000


def test_pauses_are_seen_against_the_loudest_words() -> None:
    recording = np.concatenate((speech(1_000), silence(2_000), speech(1_000, -30))).reshape(-1, 160)
    quiet = pauses(recording)
    assert not quiet[:50].any() and quiet[70:130].all() and not quiet[155:].any()


def test_the_line_is_as_wide_as_the_recording() -> None:
    assert [line_rate(hz) for hz in (8_000, 11_025, 16_000, 44_100)] == [8_000, 8_000, 16_000, 16_000]
