"""Times that are put right in one breath, hurry, and numbers that only look like a time; seen from Tuesday 24 November
2026, half past nine."""

from datetime import datetime

import pytest

from nlu.slots.place import house_numbers
from nlu.slots.time import hour_on, part_told, resolve

TUESDAY = datetime.fromisoformat("2026-11-24T09:30")


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("明天八点，不对，九点", "2026-11-25T09:00"),
        ("星期三下午两点，不是，三点", "2026-11-25T15:00"),
        ("后天上午九点，说错了，下午三点", "2026-11-26T15:00"),
        ("星期天上午九点，不对，星期六", "2026-11-28T09:00"),
        ("送饭，明天上午十一点，哦不，十一点半", "2026-11-25T11:30"),
        ("明天上午打扫，不行，下午吧", "2026-11-25T14:00/2026-11-25T18:00"),
        ("明天上午没空，后天吧", "2026-11-26"),
        ("大大后天", "2026-11-28"),
        ("明天这会儿", "2026-11-25T09:30"),
        ("明天早点来", "2026-11-25"),
        ("明天的早点", "2026-11-25T07:30"),
    ],
)
def test_what_is_not_said_again_of_a_time_put_right_stays(text: str, iso: str) -> None:
    assert [one.value.iso for one in resolve(text, TUESDAY, asked=True)] == [iso]


@pytest.mark.parametrize(
    "text",
    ["现在能来吗", "现在能派人来吗", "赶紧送一份来", "马上给我叫个人来", "这会儿能来人不", "快找个人来看看", "赶紧派个人来修水管"],
)  # fmt: skip
def test_who_is_to_come_now_is_wanted_as_soon_as_possible(text: str) -> None:
    assert [one.value.asap for one in resolve(text, TUESDAY)] == [True]


@pytest.mark.parametrize(
    "text", ["我赶紧收拾了一下屋子", "马上过年了，玻璃脏得很", "现在不方便", "能晚一点不"]
)
def test_hurry_in_a_story_and_a_little_later_are_no_time(text: str) -> None:
    assert resolve(text, TUESDAY) == []


@pytest.mark.parametrize(
    ("text", "iso", "rule"),
    [
        ("后天中午和晚上", "2026-11-26T12:00", "FREQ=DAILY;BYHOUR=12,18;UNTIL=20261126"),
        ("中午和晚上，明天到周日", "2026-11-25T12:00", "FREQ=DAILY;BYHOUR=12,18;UNTIL=20261129"),
        ("中午晚上都想订饭", "2026-11-24T12:00", "FREQ=DAILY;BYHOUR=12,18"),
        ("一天三次", "2026-11-24", "FREQ=DAILY"),
        ("一周两次", None, "FREQ=WEEKLY"),
        ("一周五天", "2026-11-24", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
    ],
)
def test_twice_a_day_and_so_many_times_a_week(text: str, iso: str | None, rule: str) -> None:
    found = resolve(text, TUESDAY, asked=True)
    assert [(one.value.iso, one.value.recurrence) for one in found] == [(iso, rule)]


@pytest.mark.parametrize("place", ["长城花园3号楼2单元5号", "铁路小区10号楼6号", "富康小区2栋12号"])
def test_the_number_of_a_door_is_no_day_of_the_month(place: str) -> None:
    assert resolve(f"打扫卫生，{place}", TUESDAY) == []
    assert house_numbers(place) == frozenset()  # it is a door, and no number in a street


def test_an_hour_is_read_in_the_part_of_the_day_that_was_told_before() -> None:
    early = "2026-11-26T07:00/2026-11-26T09:00"
    assert part_told(early) == "early"
    assert hour_on("2026-11-26", "七点半", "early", TUESDAY) == "2026-11-26T07:30"
    assert hour_on("2026-11-26", "三点", "early", TUESDAY) == "2026-11-26T15:00"
    assert hour_on("2026-11-26", "晚上七点半", "early", TUESDAY) is None
    assert part_told("2026-11-26") is None
