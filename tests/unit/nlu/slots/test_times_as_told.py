"""Series, exceptions and ends as people tell them, and words that only look like a time; seen from Tuesday 24 November
2026, half past nine."""

from datetime import datetime

import pytest

from nlu.slots import find_slots
from nlu.slots.time import days_left_out, every_week, left_out, meal_hour, plans_then, resolve
from nlu.understanding import Expecting

TUESDAY = datetime.fromisoformat("2026-11-24T09:30")
WORKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"


def times(text: str, *, asked: bool = False) -> list[tuple[str | None, str | None]]:
    return [(one.value.iso, one.value.recurrence) for one in resolve(text, TUESDAY, asked=asked)]


def slots(text: str, expecting: Expecting | None = None) -> set[str]:
    return {slot.slot for slot in find_slots(text, now=TUESDAY, expecting=expecting, labels=("inform",))}


@pytest.mark.parametrize(
    "place",
    ["国庆路3号楼2单元501", "五一巷12号", "八一北街5号楼", "六月花苑3号楼", "元旦小区1号楼", "下午巷3号楼", "国庆里3号楼"],
)  # fmt: skip
def test_a_holiday_or_month_that_a_street_is_called_by_is_no_time(place: str) -> None:
    assert times(place) == times(place, asked=True) == []


@pytest.mark.parametrize(
    ("text", "iso"), [("五一来打扫", "2027-05-01"), ("明天里里外外打扫一下", "2026-11-25")]
)
def test_the_same_words_are_times_elsewhere(text: str, iso: str) -> None:
    assert times(text) == [(iso, None)]


@pytest.mark.parametrize("name", ["王国庆", "他叫韩清明", "马立秋", "周日新", "马五一", "白天明", "李元旦"])
def test_the_answer_to_a_question_for_the_name_is_a_name_before_it_is_a_time(name: str) -> None:
    assert "time" not in slots(name, Expecting.NAME)


@pytest.mark.parametrize("text", ["周五下午", "改成周五吧", "五一节"])
def test_a_time_told_instead_of_the_name_stays_one(text: str) -> None:
    assert "time" in slots(text, Expecting.NAME)


def test_a_name_that_is_announced_holds_no_time_and_the_day_after_it_is_one() -> None:
    found = find_slots("我爸叫王国庆，明天下午来", now=TUESDAY, labels=("inform",))
    assert [slot.text for slot in found if slot.slot == "time"] == ["明天下午"]


def test_how_a_surname_is_spelled_is_no_hour() -> None:
    assert times("姓冯，两点水的冯，冯万财") == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("给我妈翻身拍背，一个礼拜两回，礼拜二礼拜五", "FREQ=WEEKLY;BYDAY=TU,FR"),
        ("一个礼拜两回，周二和周五上午", "FREQ=WEEKLY;BYDAY=TU,FR"),
        ("每天中午送饭，礼拜天不送", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA"),
        ("每天中午送饭，除了礼拜天", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA"),
        ("每天中午送饭，周六周日不用送", WORKDAYS),
        ("给我妈送饭，礼拜天不用送，别的天中午都送", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA"),
        ("礼拜一到礼拜五天天中午送饭", WORKDAYS),
        ("每天中午送饭，送到月底", "FREQ=DAILY;UNTIL=20261130"),
        ("每天中午送饭，到15号为止", "FREQ=DAILY;UNTIL=20261215"),
        ("给我爸订饭，一天两顿，中午和晚上", "FREQ=DAILY;BYHOUR=12,18"),
        ("中午晚上两顿", "FREQ=DAILY;BYHOUR=12,18"),
        ("一天三顿饭都给我送", "FREQ=DAILY;BYHOUR=7,12,18"),
    ],
)
def test_a_rhythm_takes_its_days_hours_exceptions_and_end(text: str, rule: str) -> None:
    assert [found for _, found in times(text)] == [rule]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("十月二十", "2026-11-28"),  # by the old calendar it comes before next year's 20 October
        ("十二月二十", "2026-12-20"),
        ("农历二十", "2026-11-28"),
        ("二十六", "2026-11-26"),
        ("过个五六天", "2026-11-29"),
        ("周六吧，上午下午都行", "2026-11-28"),
        ("我后天出院，要个车接我回家", "2026-11-26"),
        ("上午十点出发，下午三点回", "2026-11-24T10:00/2026-11-24T15:00"),
        ("从明天中午开始，一直送到下周五", "2026-11-25T12:00/2026-12-04T12:00"),
        ("礼拜六我要去吃席，改礼拜天吧", "2026-11-29"),
    ],
)
def test_a_day_is_read_as_it_was_meant(text: str, iso: str) -> None:
    assert times(text, asked=True)[0] == (iso, None)


@pytest.mark.parametrize(
    "text", ["现在几点了", "今天几号", "不过这两天在老房子", "以前每月都有", "她最近腿疼"]
)
def test_what_asks_or_tells_of_something_else_is_no_wanted_time(text: str) -> None:
    assert times(text) == []


def test_an_hour_takes_back_no_day() -> None:
    assert times("改礼拜天吧，还是九点", asked=True)[0] == ("2026-11-29", None)


@pytest.mark.parametrize("text", ["订个午饭，后天送来", "订午饭，从后天开始一直送", "从后天开始送午饭"])
def test_a_meal_named_before_its_day_tells_the_hour(text: str) -> None:
    assert times(text) == [("2026-11-26T12:00", None)]


def test_a_meal_is_at_its_hour_on_every_day_of_several() -> None:
    assert times("下周一到周五给我爸送午饭") == [("2026-11-30T12:00/2026-12-04T12:00", None)]


def test_one_meal_that_is_named_has_an_hour_and_two_have_none() -> None:
    assert meal_hour("给我爸订午饭") == "12:00"
    assert meal_hour("订饭") is meal_hour("午饭和晚饭") is None


def test_days_of_the_week_become_a_rhythm() -> None:
    found = every_week("周一到周五中午", TUESDAY)
    assert found is not None
    assert (found.iso, found.recurrence) == ("2026-11-24T12:00", WORKDAYS)
    assert every_week("明天中午", TUESDAY) is None


@pytest.mark.parametrize(
    ("text", "out"), [("礼拜天不用送", True), ("礼拜天送", False), ("礼拜天不方便", False)]
)
def test_a_day_may_be_one_on_which_nothing_is_to_come(text: str, out: bool) -> None:
    assert left_out(text, 0, len("礼拜天")) is out


def test_a_day_named_for_what_is_done_then_is_told_from_the_wanted_one() -> None:
    assert plans_then("礼拜五我要去复查，礼拜六吧", TUESDAY)
    assert plans_then("他下午要打针 上午来", TUESDAY)
    assert not plans_then("礼拜五上午吧", TUESDAY)


@pytest.mark.parametrize(
    ("text", "days"),
    [("不要周末", {6, 7}), ("除了礼拜天", {7}), ("礼拜六礼拜天不用送", {6, 7}), ("礼拜天送", set())],
)
def test_days_of_the_week_on_which_nothing_is_to_come(text: str, days: set[int]) -> None:
    assert days_left_out(text, TUESDAY) == days


@pytest.mark.parametrize(
    ("text", "iso", "rule"),
    [
        ("每天早上八点晚上八点来给我打针", "2026-11-24T20:00", "FREQ=DAILY;BYHOUR=8,20"),
        ("送饭，明天，中午晚上都要", "2026-11-25T12:00", "FREQ=DAILY;BYHOUR=12,18;UNTIL=20261125"),
        ("晚上来个人照顾，十点到早上六点", "2026-11-24T22:00/2026-11-25T06:00", None),
    ],
)
def test_two_hours_a_day_and_nights_stay_what_they_are(text: str, iso: str, rule: str | None) -> None:
    assert (iso, rule) in times(text)


def test_two_times_of_two_requests_are_both_wanted() -> None:
    assert [iso for iso, _ in times("明天中午一份饭 再找人明天下午来打扫卫生")] == [
        "2026-11-25T12:00",
        "2026-11-25T14:00/2026-11-25T18:00",
    ]


@pytest.mark.parametrize(
    "place", ["良田镇和顺新村二十排八号", "欣荣村五排，三号", "兴庆区解放西街三百二十号"]
)
def test_the_number_of_a_house_is_no_day_of_the_month(place: str) -> None:
    assert "time" not in slots(place, Expecting.PLACE)


def test_a_day_of_the_month_stays_one_when_something_is_put_right() -> None:
    assert "time" in slots("改成八号", Expecting.PLACE)
