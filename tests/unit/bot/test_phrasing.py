"""Values are said the way people say them."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.order import Wanted
from bot.dialogue import phrasing
from config.wording import load_wording

WORDS = load_wording().words
MONDAY = datetime(2026, 11, 23, 9, 0)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted("2026-11-24T12:00"), "明天中午十二点"),
        (Wanted("2026-11-23T14:30"), "今天下午两点半"),
        (Wanted("2026-11-26T08:15"), "大后天上午八点一刻"),
        (Wanted("2026-11-25T08:00/2026-11-25T12:00"), "后天上午"),
        (Wanted("2026-11-24T14:00/2026-11-24T18:00"), "明天下午"),
        (Wanted("2026-11-24T15:00/2026-11-24T16:00"), "明天下午三点到下午四点"),
        (Wanted("2026-11-24"), "明天"),
        (Wanted("2026-11-28"), "十一月二十八号星期六"),
        (Wanted("2026-12-25"), "十二月二十五号"),
        (Wanted("2026-11-24/2026-11-26"), "明天到大后天"),
        (Wanted("2026-11-24T12:00", recurrence="FREQ=DAILY"), "每天中午十二点，从明天开始"),
        (Wanted("2026-11-25", recurrence="FREQ=WEEKLY;BYDAY=WE,FR"), "每星期三、五，从后天开始"),
        (
            Wanted("2026-11-24T12:00", recurrence="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
            "每星期一到星期五中午十二点，从明天开始",
        ),
        (
            Wanted("2026-11-24T12:00", recurrence="FREQ=DAILY;BYHOUR=12,18"),
            "每天中午十二点和晚上六点，从明天开始",
        ),
        (
            Wanted("2026-11-24T18:00/2026-11-24T21:00", recurrence="FREQ=DAILY;UNTIL=20261126"),
            "每天晚上，从明天到大后天",
        ),
        (Wanted("2026-11-24T09:00", recurrence="FREQ=DAILY;INTERVAL=2"), "隔一天一次，从明天上午九点开始"),
        (Wanted("2026-11-24T08:00/2026-11-26T12:00"), "明天到大后天，上午"),
        (
            Wanted("2026-11-24T22:00/2026-11-25T06:00", recurrence="FREQ=DAILY;UNTIL=20261126"),
            "每天晚上十点到早上六点，从明天到大后天",
        ),
        (
            Wanted("2026-11-24T12:00", recurrence="FREQ=DAILY;BYHOUR=12,18;UNTIL=20261124"),
            "明天中午十二点和晚上六点",
        ),
        (
            Wanted("2026-11-25T09:00", recurrence="FREQ=WEEKLY;BYDAY=WE,FR;UNTIL=20261127"),
            "后天和十一月二十七号星期五上午九点",
        ),
        (Wanted("2026-11-23T09:15/2026-11-23T17:00"), "今天下午五点以前"),
        (Wanted("2026-11-24", recurrence="FREQ=DAILY;INTERVAL=2"), "隔一天一次，从明天开始"),
        (Wanted("2026-11-24", recurrence="FREQ=DAILY;INTERVAL=3"), "每三天一次，从明天开始"),
        (Wanted("2026-11-24", recurrence="FREQ=WEEKLY;INTERVAL=2"), "每两个星期一次，从明天开始"),
        (
            Wanted("2026-11-25", recurrence="FREQ=WEEKLY;INTERVAL=2;BYDAY=WE"),
            "每两个星期一次，星期三，从后天开始",
        ),
        (Wanted("2026-12-15", recurrence="FREQ=MONTHLY;BYMONTHDAY=15"), "每月十五号，从十二月十五号开始"),
        (Wanted("2026-12-15", recurrence="FREQ=MONTHLY;INTERVAL=3"), "每三个月一次，从十二月十五号开始"),
        (
            Wanted("2026-12-19", recurrence="FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=15,16,17,18,19,20,21"),
            "每月第三个星期六，从十二月十九号开始",
        ),
        (Wanted(None, asap=True), "尽快"),
        (Wanted(None), "时间您都方便"),
    ],
)
def test_a_time_is_said_in_words(wanted: Wanted, said: str) -> None:
    assert phrasing.when(wanted, MONDAY, WORDS) == said


@pytest.mark.parametrize(
    ("value", "said"), [(0, "零"), (2, "二"), (10, "十"), (12, "十二"), (20, "二十"), (45, "四十五")]
)
def test_a_number_is_said_in_words(value: int, said: str) -> None:
    assert phrasing.number(value, WORDS) == said


def test_a_mobile_number_is_said_in_three_four_four() -> None:
    assert phrasing.phone_groups("13909510001") == "139 0951 0001"
    assert phrasing.phone_groups("09516012345") == "09516012345"


def test_choices_are_joined_as_in_a_question() -> None:
    assert phrasing.joined(["订饭", "打扫", "看病"], WORDS) == "订饭、打扫还是看病"
    assert phrasing.joined(["订饭"], WORDS) == "订饭"


@given(
    st.text(
        alphabet="银川市金凤区黄河东路街道长城花园社区小区三号楼二单元501，、。", min_size=1, max_size=200
    )
)
def test_no_sentence_stays_too_long_and_nothing_is_lost(text: str) -> None:
    pieces = phrasing.broken_short([text])
    assert all(phrasing.length(piece) <= phrasing.MOST_CHARACTERS for piece in pieces)
    marks = str.maketrans("", "", "，、。；")
    assert "".join(pieces).translate(marks) == text.translate(marks)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        (
            "您订了明天中午十二点的送餐和后天上午的上门打扫。",
            ("您订了明天中午十二点的送餐。", "和后天上午的上门打扫。"),
        ),
        (
            "地址是老毛纺厂家属院 三号楼 二单元 五楼东户 502。",
            ("地址是老毛纺厂家属院 三号楼 二单元。", "五楼东户 502。"),
        ),
        (
            "地址是西夏区同心路老车站后头铁路小区三号楼一单元。",
            ("地址是西夏区同心路老车站后头铁路小区。", "三号楼一单元。"),
        ),
    ],
)
def test_a_long_sentence_is_broken_between_names_and_never_within(text: str, pieces: tuple[str, ...]) -> None:
    assert phrasing.broken_short([text]) == pieces
