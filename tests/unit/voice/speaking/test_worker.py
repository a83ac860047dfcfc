import os
import signal
from collections.abc import Iterator

import pytest

from tests.unit.voice.speaking.fake_voice import SYLLABLE, ToneVoice, no_voice
from voice.speaking.voice import SpeakingError
from voice.speaking.worker import NoVoiceError, VoiceWorker


@pytest.fixture(scope="module")
def worker() -> Iterator[VoiceWorker]:
    worker = VoiceWorker(ToneVoice)
    yield worker
    worker.close()


def test_a_text_comes_back_as_speech_with_its_times(worker: VoiceWorker) -> None:
    rendered = worker.render("您好")
    assert len(rendered.samples) == 2 * SYLLABLE
    assert rendered.ends == (SYLLABLE, 2 * SYLLABLE)


@pytest.mark.parametrize("text", ["哑", "坏"])
def test_a_text_that_can_not_be_spoken_is_an_error_and_the_voice_lives_on(
    worker: VoiceWorker, text: str
) -> None:
    worker.render("您好")
    before = worker.pid
    with pytest.raises(SpeakingError):
        worker.render(text)
    assert len(worker.render("好").samples) == SYLLABLE
    assert worker.pid == before


def test_a_voice_that_dies_in_mid_sentence_is_started_again(worker: VoiceWorker) -> None:
    with pytest.raises(SpeakingError, match="died"):
        worker.render("死")
    assert len(worker.render("好").samples) == SYLLABLE


def test_a_voice_that_was_killed_between_two_sentences_is_started_again(worker: VoiceWorker) -> None:
    worker.render("好")
    assert worker.pid
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(SpeakingError):
        worker.render("好")
    assert len(worker.render("好").samples) == SYLLABLE


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="only Linux has this class of processes")
def test_what_is_rendered_ahead_gets_only_what_nobody_else_wants() -> None:
    idle = VoiceWorker(ToneVoice, idle=True)
    idle.render("好")
    assert idle.pid
    assert os.sched_getscheduler(idle.pid) == os.SCHED_IDLE
    idle.close()


def test_a_voice_that_is_not_there_says_what_is_missing() -> None:
    worker = VoiceWorker(no_voice)
    with pytest.raises(NoVoiceError, match="the package of this voice is missing"):
        worker.start()
    worker.close()


def test_what_an_engine_prints_does_not_reach_our_output(
    worker: VoiceWorker, capfd: pytest.CaptureFixture[str]
) -> None:
    worker.render("好")
    assert capfd.readouterr().out == ""
