"""The small parts: numbers, calendar, misheard words, word patterns, the model that tells wanted from mentioned."""

import re
from dataclasses import replace
from datetime import date

import pytest

from nlu.slots import wanted
from nlu.slots.dates import is_workday, lunar_day, next_day_of_month, next_lunar, next_workday, solar_term
from nlu.slots.hearing import as_heard
from nlu.slots.numbers import number, spoken_digits
from nlu.slots.wanted import Candidate, is_wanted, tag_vote
from nlu.slots.words import alternation
from nlu.understanding import TaggedSpan


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("二十五", 25), ("十五", 15), ("两百三", 230), ("三百零五", 305), ("一万八", 18000), ("两千一", 2100),
        ("廿三", 23), ("五零一", 501), ("15", 15), ("十", 10), ("一百二十", 120), ("", None), ("饭", None), ("三饭", None),
    ],
)  # fmt: skip
def test_numbers_as_people_say_them(said: str, value: int | None) -> None:
    assert number(said) == value


def test_digits_are_read_one_by_one() -> None:
    assert spoken_digits("幺三洞拐") == "1307"
    assert spoken_digits("十") is None


def test_lunar_days_that_do_not_exist_are_none() -> None:
    assert lunar_day(2026, 12, 30) is None
    assert lunar_day(2026, 12, 29) == date(2027, 2, 5)


def test_the_last_lunar_day_stands_for_a_missing_thirtieth() -> None:
    assert next_lunar(date(2026, 11, 23), 12, 30) == date(2027, 2, 5)


def test_months_without_the_day_are_passed_over() -> None:
    assert next_day_of_month(date(2026, 2, 1), 31) == date(2026, 3, 31)


@pytest.mark.parametrize(("year", "day"), [(2024, 21), (2026, 22), (2027, 22), (2028, 21)])
def test_the_winter_solstice_falls_on_its_day(year: int, day: int) -> None:
    assert solar_term(year, 12, 21.94) == date(year, 12, day)


def test_working_days_follow_the_published_calendar_and_then_the_week() -> None:
    assert not is_workday(date(2026, 10, 1))
    assert next_workday(date(2026, 11, 20)) == date(2026, 11, 23)
    assert is_workday(date(2090, 11, 20)) == (date(2090, 11, 20).isoweekday() <= 5)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("明田上午", "明天上午"),
        ("下里拜二", "下礼拜二"),
        ("石点半", "十点半"),
        ("芯华街三浩楼", "新华街三号楼"),
        ("是点什么", "是点什么"),
        ("就点这个", "就点这个"),
    ],
)
def test_words_written_by_sound_are_set_right_and_real_words_stay(written: str, meant: str) -> None:
    assert as_heard(written) == meant


def test_a_word_pattern_prefers_the_longest_word() -> None:
    pattern = re.compile(alternation(["明", "明天", "明天早", "后天", "a.b"]))
    assert pattern.match("明天早上").group() == "明天早"  # type: ignore[union-attr]
    assert pattern.match("明后").group() == "明"  # type: ignore[union-attr]
    assert pattern.match("a.b") and not pattern.match("axb")


def test_a_tagger_votes_for_and_against() -> None:
    candidate = Candidate("place", 0, 2, "town")
    assert tag_vote(candidate, (TaggedSpan("place", 1, 3, 0.9),), tagged=True) > 0
    assert tag_vote(candidate, (), tagged=True) < 0
    assert (
        tag_vote(replace(candidate, kind="time"), (), tagged=True) == 0
    )  # said in too many ways to know them all
    assert tag_vote(candidate, (), tagged=False) == 0


def test_without_its_model_everything_the_rules_find_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wanted, "_weights", dict)
    assert is_wanted("今天天气好", Candidate("time", 0, 2, "day"))


def test_the_model_tells_a_wish_from_a_story() -> None:
    assert is_wanted("明天给我送饭", Candidate("time", 0, 2, "day"))
    assert not is_wanted("半夜起来摸不着开关，装个自己会亮的灯", Candidate("time", 0, 2, "part"))
