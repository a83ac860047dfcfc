"""Codecs, rates, levels and keys as sound."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tones import loudest_hz, tone
from voice.audio.g711 import decode_alaw, decode_ulaw, encode_alaw, encode_ulaw
from voice.audio.level import amplified, level_dbfs, mixed
from voice.audio.resample import Resampler, resample
from voice.audio.tones import KEY_TONES, key_sound

ALL = np.arange(-32768, 32768).astype(np.int16)


@pytest.mark.parametrize(("encode", "decode"), [(encode_ulaw, decode_ulaw), (encode_alaw, decode_alaw)])
def test_g711_keeps_every_code_and_is_near_every_sample(encode, decode) -> None:  # type: ignore[no-untyped-def]
    codes = bytes(range(256))
    assert np.array_equal(decode(encode(decode(codes))), decode(codes))
    back = decode(encode(ALL)).astype(int)
    error = np.abs(back - ALL)
    assert np.all(error <= np.maximum(np.abs(ALL.astype(int)) / 16, 16))


def test_g711_agrees_with_the_tables_of_the_standard() -> None:
    """Values of ITU-T G.191: silence, the loudest, and a few in between."""
    assert list(decode_ulaw(bytes([0xFF, 0x7F, 0x00, 0x80, 0xEF, 0x8F]))) == [0, 0, -32124, 32124, 132, 16764]
    assert list(decode_alaw(bytes([0xD5, 0x55, 0x2A, 0xAA, 0x80]))) == [8, -8, -32256, 32256, 5504]


@pytest.mark.parametrize(("rate", "to_rate"), [(8000, 16000), (16000, 8000), (24000, 8000), (16000, 24000)])
def test_live_resampling_has_no_seams_keeps_level_and_cuts_what_does_not_fit(rate: int, to_rate: int) -> None:
    sound = tone(1000, 1, rate)
    resampler = Resampler(rate, to_rate)
    pieces = [resampler.add(sound[start : start + 137]) for start in range(0, len(sound), 137)]
    out = np.concatenate(pieces)
    assert len(out) == pytest.approx(to_rate, abs=2)
    middle = out[to_rate // 4 : to_rate * 3 // 4]
    assert loudest_hz(middle, to_rate) == pytest.approx(1000, abs=3)
    assert level_dbfs(middle) == pytest.approx(level_dbfs(sound), abs=0.2)
    assert np.array_equal(out, Resampler(rate, to_rate).add(sound)[: len(out)])
    if to_rate < rate:
        above = Resampler(rate, to_rate).add(tone(to_rate * 0.65, 1, rate))
        assert level_dbfs(above[200:]) < level_dbfs(sound) - 50


def test_a_whole_recording_is_resampled() -> None:
    assert len(resample(tone(440, 1, 24000), 24000, 8000)) == 8000
    assert resample(ALL, 8000, 8000) is ALL


def test_levels() -> None:
    assert level_dbfs(np.zeros(0, np.int16)) == level_dbfs(np.zeros(5, np.int16)) == -96
    assert level_dbfs(np.full(100, -32768, np.int16)) == pytest.approx(0)
    assert level_dbfs(amplified(tone(440, 1), 6)) == pytest.approx(level_dbfs(tone(440, 1)) + 6, abs=0.1)
    assert amplified(np.array([30000, -30000], np.int16), 6).tolist() == [32767, -32768]
    assert mixed(np.array([30000], np.int16), np.array([30000], np.int16)).tolist() == [32767]


@pytest.mark.parametrize("key", KEY_TONES)
def test_a_key_has_its_two_tones(key: str) -> None:
    spectrum = np.abs(np.fft.rfft(key_sound(key, 8000, 1000)))
    assert set(np.argsort(spectrum)[-2:]) == set(KEY_TONES[key])
