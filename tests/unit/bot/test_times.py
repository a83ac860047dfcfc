"""A wanted time that grows over several turns: its rhythm, its beginning, its exceptions and its end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from backend.domain.order import Wanted
from bot.dialogue import times
from bot.dialogue.memory import Form
from nlu.slots.time import resolve
from nlu.understanding import Slot, WantedTime

TUESDAY = datetime.fromisoformat("2026-11-24T09:30")
WORKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"


def said(text: str) -> WantedTime:
    return resolve(text, TUESDAY, asked=True)[0].value


def slot(text: str, word: str) -> Slot:
    start = text.index(word)
    return Slot("time", word, start, start + len(word), None, said(word))


def form(item: str = "meal", **time: Any) -> Form:
    return Form(
        id=1, item=item, time={"iso": None, "asap": False, "recurrence": None} | time if time else None
    )


def series(text: str, *, daily: bool = False, endless: bool = False) -> WantedTime:
    return times.as_series(said(text), text, TUESDAY, daily=daily, endless=endless)


def test_workdays_of_a_meal_are_those_of_every_week() -> None:
    found = series("周一到周五中午", daily=True)
    assert (found.iso, found.recurrence) == ("2026-11-24T12:00", WORKDAYS)


def test_workdays_of_next_week_are_those_and_no_more() -> None:
    found = series("下周一到周五中午", daily=True)
    assert (found.iso, found.recurrence) == ("2026-11-30T12:00", "FREQ=DAILY;UNTIL=20261204")


def test_workdays_of_what_is_done_once_are_days_between_which_to_choose() -> None:
    assert series("周一到周五").recurrence is None


def test_a_day_of_the_week_of_what_goes_on_comes_every_week() -> None:
    found = series("周三下午", endless=True)
    assert found.recurrence == "FREQ=WEEKLY;BYDAY=WE"


def test_a_rhythm_begins_on_the_day_that_was_said_before_it() -> None:
    wanted = times.merged(Wanted("2026-11-30"), said("每天中午"))
    assert wanted == Wanted("2026-11-30T12:00", recurrence="FREQ=DAILY")


def test_the_first_day_of_a_rhythm_is_one_of_its_days() -> None:
    request = form(iso="2026-11-25T12:00", recurrence="FREQ=WEEKLY;BYDAY=MO")
    assert times.begin(request, said("后天"))
    assert request.wanted.iso == "2026-11-30T12:00"


def test_days_that_are_left_out_leave_the_other_days() -> None:
    request = form(iso="2026-11-24T12:00", recurrence="FREQ=DAILY")
    assert times.without_days(request, {6, 7})
    assert request.wanted == Wanted("2026-11-24T12:00", recurrence=WORKDAYS)
    assert not times.without_days(request, {6, 7})


def test_the_first_of_the_days_that_are_left_is_the_first_day() -> None:
    request = form(iso="2026-11-28T12:00", recurrence="FREQ=DAILY;UNTIL=20261231")
    assert times.without_days(request, {6, 7})
    assert request.wanted == Wanted("2026-11-30T12:00", recurrence=f"{WORKDAYS};UNTIL=20261231")


def test_one_single_day_that_is_left_out_is_noted() -> None:
    request = form(iso="2026-11-24T12:00", recurrence="FREQ=DAILY")
    text = "后天不送，我出门"
    assert times.leave_out(request, slot(text, "后天"), said("后天"), text)
    assert request.wanted.recurrence == "FREQ=DAILY"
    assert request.wishes == ["后天不送"]


def test_a_rhythm_gets_its_last_day() -> None:
    request = form(iso="2026-11-24T12:00", recurrence="FREQ=DAILY")
    assert times.end(request, slot("送到月底", "月底"), said("月底"), "送到月底")
    assert request.wanted.recurrence == "FREQ=DAILY;UNTIL=20261130"


def test_what_goes_on_for_ever_comes_every_day() -> None:
    request = form(iso="2026-11-26T12:00")
    request.lasting = times.FOREVER
    assert times.whole(request) == Wanted("2026-11-26T12:00", recurrence="FREQ=DAILY")


def test_the_meal_that_was_named_tells_the_hour_of_its_days() -> None:
    request = form(iso="2026-11-26", recurrence="FREQ=DAILY")
    request.hour = "12:00"
    assert times.whole(request).iso == "2026-11-26T12:00"


def test_a_day_of_the_moon_begins_a_rhythm_of_months() -> None:
    found = times.lunar_month(said("每个月初一来"), "每个月初一来", TUESDAY)
    assert found is not None
    assert found.iso == "2026-12-09"


@pytest.mark.parametrize(
    ("text", "word", "remark"),
    [
        ("我今天上班，不在家", "今天", True),
        ("我下周才回去", "下周", True),
        ("后天上午吧", "后天上午", False),
        ("我后天在家", "后天", False),
        ("不对，改成我下周回去的时候", "下周", False),
    ],
)
def test_what_somebody_does_then_is_told_from_another_time(text: str, word: str, remark: bool) -> None:
    assert times.is_remark(text, slot(text, word)) is remark


def test_an_hour_of_days_to_choose_from_is_one_of_them() -> None:
    days = Wanted("2026-11-30/2026-12-06")
    assert times.merged(days, said("上午"), by_day=False) == Wanted("2026-11-30T08:00/2026-12-06T12:00")
    assert times.merged(days, said("中午")).recurrence == "FREQ=DAILY;UNTIL=20261206"
