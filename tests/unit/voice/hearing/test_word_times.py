import math

import pytest

from voice.hearing.recogniser import Reading, Word
from voice.hearing.word_times import likelihood, shares, shifted, spells, words_of


def test_each_word_lasts_until_the_next_and_marks_are_none() -> None:
    words = words_of(["我要", "订", "，", "饭"], [0.0, 0.5, 0.9, 1.1], [1, 1, 0.6, 1, 0.8], 1.6)
    assert words == (
        Word("我要", 0.0, 0.5, 1),
        Word("订", 0.5, 0.9, 0.6),
        Word("饭", 1.1, 1.6, 0.8),
    )


def test_a_word_of_several_characters_is_as_sure_as_the_least_sure_of_them() -> None:
    assert words_of(["金凤"], [0.0], [1.0, 0.4], 1.0)[0].confidence == 0.4


def test_the_silence_before_the_first_word_is_not_the_word() -> None:
    first, second = words_of(["后天", "去"], [0.0, 5.0], [1, 1, 1], 5.4)
    assert first.start_s == pytest.approx(5.0 - 1.2) and second.start_s == 5.0


def test_no_word_ends_before_it_begins_or_behind_the_sound() -> None:
    words = words_of(["三", "号"], [0.9, 0.4], [1, 1], 0.8)
    assert all(0 <= word.start_s <= word.end_s <= 0.8 for word in words)


def test_where_readings_differ_they_share() -> None:
    assert shares("交易下电费", [("交一下电费", 1.0)]) == [1.0, 0.5, 1.0, 1.0, 1.0]
    assert shares("要", []) == [1.0]
    third = shares("他", [("她", 0.25), ("他", 0.75)])
    assert third == [pytest.approx(1.75 / 2)]


def test_an_unlikely_reading_has_hardly_a_say() -> None:
    assert likelihood(-0.1, 10, (-0.1, 10)) == 1.0
    assert likelihood(-0.6, 10, (-0.1, 10)) == pytest.approx(math.exp(-5))


def test_words_of_a_later_piece_are_shifted() -> None:
    assert shifted([Word("饭", 0.2, 0.4, 1.0)], 26.0) == (Word("饭", 26.2, 26.4, 1.0),)


def test_words_that_were_put_right_since_are_noticed() -> None:
    words = (Word("订饭", 0.0, 0.4, 1.0),)
    assert spells(words, Reading("订饭。", 1.0)) and not spells(words, Reading("订饭吧", 1.0))
