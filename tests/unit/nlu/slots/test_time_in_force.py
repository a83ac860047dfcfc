"""Times of one message that depend on each other: the part of the day in force, days in a row, what somebody else does."""

from datetime import datetime

import pytest

from nlu.slots.time import resolve

NOW = datetime.fromisoformat("2026-11-24T09:30")  # a Tuesday


def told(text: str, *, asked: bool = True) -> list[tuple[str | None, str | None]]:
    return [(one.value.iso, one.value.recurrence) for one in resolve(text, NOW, asked=asked)]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("每周二四六上午透析，7点半要到", "2026-11-25T07:30"),
        ("明天早上，七点来", "2026-11-25T07:00"),
        ("我妈说要早点，七点半行吗", "2026-11-25T07:30"),
        ("晚上，八点来", "2026-11-24T20:00"),
    ],
)
def test_an_hour_belongs_to_the_part_of_the_day_named_before(text: str, iso: str) -> None:
    assert told(text)[-1][0] == iso


def test_an_hour_that_can_not_be_of_that_part_is_read_by_itself() -> None:
    assert told("上午不行，三点来")[-1][0] == "2026-11-24T15:00"


@pytest.mark.parametrize(
    ("text", "iso", "recurrence"),
    [
        ("周二周四上午", "2026-11-24T08:00/2026-11-24T12:00", "FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261126"),
        ("每天，早上八点，晚上八点", "2026-11-24T20:00", "FREQ=DAILY;BYHOUR=8,20"),
        ("每天中午晚上", "2026-11-24T12:00", "FREQ=DAILY;BYHOUR=12,18"),
        ("一天两顿，从今天晚上开始", "2026-11-24T18:00", "FREQ=DAILY;BYHOUR=12,18"),
    ],
)
def test_days_and_hours_beside_each_other_are_each_of_them(text: str, iso: str, recurrence: str) -> None:
    assert (iso, recurrence) in told(text)


def test_of_days_that_all_would_do_none_is_a_series() -> None:
    assert told("周二周四都行")[0] == ("2026-11-24/2026-11-26", None)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("礼拜五早上七点出门，八点半的号", "2026-11-27T07:00"),
        ("明天上午，不行的话后天", "2026-11-25T08:00/2026-11-25T12:00"),
        ("上午九点到十一点，下午三点以后也行", "2026-11-24T09:30/2026-11-24T11:00"),
        ("周六，我爸说上午行，我妈说下午，那就下午吧", "2026-11-28T14:00/2026-11-28T18:00"),
        ("非要今天补", "2026-11-24"),
        ("大年初三", "2027-02-08"),
        ("腊月里来", "2027-01-08/2027-02-05"),
        ("明年正月", "2027-02-06/2027-03-07"),
    ],
)
def test_the_time_that_is_meant(text: str, iso: str) -> None:
    begin, _, end = iso.partition("/")
    [(found, recurrence)] = told(text)
    assert recurrence is None
    assert found is not None
    assert found.endswith(end)
    assert found.startswith(begin) or end


@pytest.mark.parametrize("text", ["我晚上睡得早", "我女子三点下班", "我十二点要吃饭"])
def test_what_somebody_does_then_is_no_answer(text: str) -> None:
    assert told(text) == []


def test_any_workday_is_no_rhythm() -> None:
    assert told("什么时候都行，工作日") == [(None, None)]


def test_the_fastest_is_as_soon_as_possible_and_asking_for_it_is_not() -> None:
    assert resolve("那就最快的", NOW, asked=True)[0].value.asap
    assert resolve("最快啥时候", NOW, asked=True) == []
