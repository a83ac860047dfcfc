import numpy as np

from voice.hearing.pieces import cut_at_quiet


def test_short_sound_stays_whole() -> None:
    sound = np.ones(8000, np.int16)
    assert len(cut_at_quiet(sound, 8000, 28)) == 1


def test_long_sound_is_cut_in_its_pauses_and_nothing_is_lost() -> None:
    sound = np.full(60 * 8000, 5000, np.int16)
    sound[20 * 8000 : 21 * 8000] = 0
    sound[45 * 8000 : 46 * 8000] = 0
    pieces = cut_at_quiet(sound, 8000, 28)
    assert [round(len(piece) / 8000) for piece in pieces] == [20, 25, 15]
    assert np.array_equal(np.concatenate(pieces), sound)


def test_sound_without_a_pause_is_cut_all_the_same() -> None:
    pieces = cut_at_quiet(np.full(90 * 8000, 5000, np.int16), 8000, 28)
    assert max(len(piece) for piece in pieces) <= 28 * 8000
