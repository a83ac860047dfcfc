import numpy as np
import pytest

from voice.speaking import shape
from voice.speaking.voice import Manner

RATE = 24_000


def _voice(seconds: float = 2.0, hz: float = 180, rate: int = RATE) -> shape.Samples:
    """A tone with overtones that comes and goes like syllables, at the level of the line."""
    at = np.arange(int(seconds * rate)) / rate
    tone = sum(np.sin(2 * np.pi * hz * n * at) / n for n in range(1, 8)) * (
        0.6 + 0.4 * np.sin(2 * np.pi * 4 * at)
    )
    return shape.as_int16(shape.levelled((0.2 * tone).astype(np.float32), rate))


def _pitch(samples: shape.Samples, rate: int) -> float:
    sound = samples.astype(float)[rate // 4 : rate]
    alike = np.correlate(sound, sound, "full")[len(sound) :]
    shortest = rate // 400
    return rate / (shortest + 1 + int(np.argmax(alike[shortest : rate // 110])))


@pytest.mark.parametrize("gain", [0.01, 0.1, 3.0])
def test_quiet_and_loud_speech_come_to_the_level_of_the_line(gain: float) -> None:
    sound = shape.levelled(shape.as_floats(_voice()) * np.float32(gain), RATE)
    assert shape.active_level(sound, RATE) == pytest.approx(shape.LEVEL_DBOV, abs=0.5)


def test_pauses_do_not_count_for_the_level() -> None:
    voice = _voice()
    with_pause = np.concatenate([voice, np.zeros(3 * RATE, np.int16), voice])
    assert shape.active_level(shape.as_floats(with_pause), RATE) == pytest.approx(shape.LEVEL_DBOV, abs=0.5)


@pytest.mark.parametrize("pace", [0, 1, 2, 3])
def test_each_step_is_15_percent_slower_at_the_same_pitch(pace: int) -> None:
    slow = shape.shaped(_voice(), RATE, Manner(pace=pace), 8000)
    assert len(slow) / 8000 == pytest.approx(2 / 0.85**pace, rel=0.02)
    assert _pitch(slow, 8000) == pytest.approx(180, rel=0.03)


def test_a_deep_voice_is_lower_and_not_slower() -> None:
    deep = shape.shaped(_voice(), RATE, Manner(deep=True), 8000)
    assert len(deep) / 8000 == pytest.approx(2, rel=0.02)
    assert _pitch(deep, 8000) == pytest.approx(180 * shape.DEEPER, rel=0.03)


@pytest.mark.parametrize("loudness", [1, 2])
def test_louder_is_6_db_a_step_without_clipping(loudness: int) -> None:
    loud = shape.shaped(_voice(), RATE, Manner(loudness=loudness), 8000)
    level = shape.active_level(shape.as_floats(loud), 8000)
    assert level == pytest.approx(shape.LEVEL_DBOV + 6 * loudness, abs=1.5)
    assert np.abs(loud.astype(int)).max() <= shape.CEILING * 32768


def test_a_single_peak_is_held_down_without_a_click() -> None:
    sound = np.full(2000, 0.1, np.float32)
    sound[1000] = 4.0
    held = shape.limited(sound, RATE)
    assert np.abs(held).max() <= shape.CEILING + 1e-6
    assert held[0] == pytest.approx(0.1)


def test_silence_stays_silence() -> None:
    nothing = np.zeros(RATE, np.int16)
    assert shape.speech_span(nothing, RATE) == (0, 0)
    assert not shape.shaped(nothing, RATE, Manner(pace=2, loudness=2, deep=True), 8000).any()
    assert shape.levelled(shape.as_floats(nothing), RATE).max() == 0


def test_pieces_of_one_reading_join_as_if_never_cut() -> None:
    voice, half = _voice(), shape.overlap(RATE) // 2
    joined = shape.joined([voice[: RATE + half], voice[RATE - half :]], RATE)
    inner = slice(1000, len(voice) - 1000)
    assert len(joined) == len(voice)
    assert np.abs(joined[inner].astype(int) - voice[inner]).max() <= 2


def test_edges_fade() -> None:
    faded = shape.faded(np.full(RATE, 10_000, np.int16), RATE)
    assert faded[0] == faded[-1] == 0
    assert faded[RATE // 2] == 10_000


def test_silence_around_the_speech_is_cut_off() -> None:
    voice = _voice()
    around = np.concatenate([np.zeros(RATE, np.int16), voice, np.zeros(RATE, np.int16)])
    assert abs(len(shape.trimmed(around, RATE)) - len(voice)) < RATE * 0.08
