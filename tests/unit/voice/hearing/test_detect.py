import numpy as np
import pytest

from tests.unit.voice.hearing.speech import RATE, Spoken, spoken, white_noise
from voice.hearing.detect import SileroDetector, make_detector
from voice.hearing.recogniser import VoiceDetector
from voice.line.line import Samples

FRAME = RATE // 50


def probabilities(detector: VoiceDetector, sound: Samples) -> list[float]:
    starts = range(0, len(sound) - FRAME + 1, FRAME)
    return [detector.probability(sound[start : start + FRAME], RATE) for start in starts]


@pytest.mark.parametrize(
    "recording", [row for row in spoken() if row.asks is None], ids=lambda row: row.path.name
)
def test_speech_is_detected(recording: Spoken) -> None:
    heard = probabilities(SileroDetector(), recording.samples)
    assert np.mean(np.array(heard) > 0.5) > 0.6


@pytest.mark.parametrize("sound", [np.zeros(3 * RATE, np.int16), white_noise(3)], ids=["silence", "noise"])
def test_silence_and_noise_are_no_speech(sound: Samples) -> None:
    assert np.mean(np.array(probabilities(SileroDetector(), sound)) > 0.5) < 0.05


def test_a_reset_detector_hears_as_a_new_one() -> None:
    sound = spoken()[0].samples
    detector = SileroDetector()
    first = probabilities(detector, sound)
    detector.reset()
    assert probabilities(detector, sound) == first


def test_sound_of_both_rates_is_taken() -> None:
    detector = make_detector()
    assert 0 <= detector.probability(np.zeros(160, np.int16), 8000) <= 1
    detector.reset()
    assert 0 <= detector.probability(np.zeros(320, np.int16), 16000) <= 1


def test_an_empty_frame_changes_nothing() -> None:
    detector = SileroDetector()
    before = probabilities(detector, spoken()[0].samples)[-1]
    assert detector.probability(np.zeros(0, np.int16), RATE) == before


def test_a_line_that_falls_silent_stops_being_speech_and_speech_after_it_is_found() -> None:
    speech, silence = spoken()[0].samples, np.zeros(2 * RATE, np.int16)
    heard = np.array(probabilities(SileroDetector(), np.concatenate([silence, speech, silence, speech])))
    frames = [len(piece) // FRAME for piece in (silence, speech, silence)]
    silent, again = heard[frames[0] + frames[1] + 30 : sum(frames)], heard[sum(frames) :]
    assert silent.max() == 0.0
    assert np.mean(again > 0.5) > 0.6
