"""Wanted times: what is said, and the moment it means, seen from Monday 23 November 2026, ten in the morning."""

from datetime import datetime

import pytest

from nlu.slots.time import TimeSpan, resolve

MONDAY = datetime.fromisoformat("2026-11-23T10:00")


def only(text: str, now: datetime = MONDAY, *, asked: bool = False) -> TimeSpan:
    found = resolve(text, now, asked=asked)
    assert len(found) == 1, f"{text}: {found}"
    return found[0]


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("今儿后晌", "2026-11-23T14:00/2026-11-23T18:00"),
        ("明儿前晌", "2026-11-24T08:00/2026-11-24T12:00"),
        ("后儿晌午", "2026-11-25T12:00"),
        ("大后天", "2026-11-26"),
        ("外后儿", "2026-11-26"),
        ("明天早上", "2026-11-24T07:00/2026-11-24T09:00"),
        ("明早", "2026-11-24T07:00/2026-11-24T09:00"),
        ("今晚", "2026-11-23T18:00/2026-11-23T21:00"),
        ("明天傍晚", "2026-11-24T17:00/2026-11-24T19:00"),
        ("今儿黑了", "2026-11-23T18:00/2026-11-23T21:00"),
    ],
)
def test_days_and_parts_of_the_day_in_plain_and_in_dialect(said: str, iso: str) -> None:
    span = only(said)
    assert span.value.iso == iso
    assert span.text == said


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("明天三点", "2026-11-24T15:00"),
        ("明天三点半", "2026-11-24T15:30"),
        ("明天三点一刻", "2026-11-24T15:15"),
        ("明天差五分三点", "2026-11-24T14:55"),
        ("明天十五点", "2026-11-24T15:00"),
        ("明天3:30", "2026-11-24T15:30"),
        ("明天上午九点", "2026-11-24T09:00"),
        ("明晚八点", "2026-11-24T20:00"),
        ("后天，上午九点", "2026-11-25T09:00"),
        ("明天八点", "2026-11-24T08:00"),
        ("明天三点零五分", "2026-11-24T15:05"),
        ("明天下午三点四十", "2026-11-24T15:40"),
        ("明天中午十二点", "2026-11-24T12:00"),
        ("明天晚上十二点", "2026-11-25T00:00"),
        ("明天早八点", "2026-11-24T08:00"),
    ],
)
def test_clock_times(said: str, iso: str) -> None:
    assert only(said).value.iso == iso


@pytest.mark.parametrize(
    ("said", "now", "iso"),
    [
        ("三点", "2026-11-23T10:00", "2026-11-23T15:00"),
        ("三点", "2026-11-23T16:00", "2026-11-24T15:00"),
        ("八点", "2026-11-23T06:00", "2026-11-23T08:00"),
        ("八点", "2026-11-23T10:00", "2026-11-24T08:00"),
        ("七点", "2026-11-23T10:00", "2026-11-23T19:00"),
        ("中午", "2026-11-23T10:00", "2026-11-23T12:00"),
        ("中午", "2026-11-23T15:00", "2026-11-24T12:00"),
        ("早上", "2026-11-23T10:00", "2026-11-24T07:00/2026-11-24T09:00"),
        ("下午三点", "2026-11-23T16:00", "2026-11-24T15:00"),
        ("三点以前", "2026-11-23T10:00", "2026-11-23T10:00/2026-11-23T15:00"),
    ],
)
def test_a_time_without_a_day_is_the_next_one_to_come(said: str, now: str, iso: str) -> None:
    span = only(said, datetime.fromisoformat(now))
    assert span.value.iso == iso
    assert not span.value.day_said
    assert span.value.clock_said


def test_day_and_clock_said_tell_what_was_supplied() -> None:
    assert (only("后天").value.day_said, only("后天").value.clock_said) == (True, False)
    assert (only("后天上午").value.day_said, only("后天上午").value.clock_said) == (True, True)
    assert (only("三点").value.day_said, only("三点").value.clock_said) == (False, True)


@pytest.mark.parametrize(
    ("said", "now", "iso"),
    [
        ("周三", "2026-11-23T10:00", "2026-11-25"),
        ("星期一", "2026-11-23T10:00", "2026-11-23"),
        ("星期一", "2026-11-23T19:00", "2026-11-30"),
        ("礼拜一上午九点", "2026-11-23T10:00", "2026-11-30T09:00"),
        ("下礼拜二", "2026-11-23T10:00", "2026-12-01"),
        ("下下周一", "2026-11-23T10:00", "2026-12-07"),
        ("礼拜天", "2026-11-23T10:00", "2026-11-29"),
        ("周末", "2026-11-23T10:00", "2026-11-28/2026-11-29"),
        ("下周", "2026-11-23T10:00", "2026-11-30/2026-12-06"),
        ("下周三周四都行", "2026-11-23T10:00", "2026-12-02/2026-12-03"),
        ("周一到周三", "2026-11-24T10:00", "2026-11-30/2026-12-02"),
    ],
)
def test_weekdays_and_weeks(said: str, now: str, iso: str) -> None:
    assert only(said, datetime.fromisoformat(now)).value.iso == iso


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("二十五号", "2026-11-25"),
        ("5号", "2026-12-05"),
        ("31号", "2026-12-31"),
        ("十二月三号", "2026-12-03"),
        ("5月12日上午10点", "2027-05-12T10:00"),
        ("下个月五号", "2026-12-05"),
        ("下个月", "2026-12-01/2026-12-31"),
        ("这个月底", "2026-11-26/2026-11-30"),
        ("月底前", "2026-11-23/2026-11-30"),
        ("12.28之前", "2026-11-23/2026-12-28"),
        ("2026年12月1号", "2026-12-01"),
    ],
)
def test_dates_and_months(said: str, iso: str) -> None:
    assert only(said).value.iso == iso


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("腊月初八", "2027-01-15"),
        ("腊月二十三", "2027-01-30"),
        ("大年三十", "2027-02-05"),
        ("春节", "2027-02-06"),
        ("过年前", "2026-11-23/2027-02-05"),
        ("正月十五", "2027-02-20"),
        ("端午", "2027-06-09"),
        ("八月十五", "2027-09-15"),
        ("重阳节", "2027-10-08"),
        ("元旦", "2027-01-01"),
        ("国庆节", "2027-10-01"),
        ("八月十五头一天", "2027-09-14"),
        ("冬至", "2026-12-22"),
        ("初九到十一", "2026-12-17/2026-12-19"),
    ],
)
def test_lunar_days_and_festivals(said: str, iso: str) -> None:
    assert only(said).value.iso == iso


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("上午九点到十一点", "2026-11-23T09:00/2026-11-23T11:00"),
        ("明天九点到下午三点", "2026-11-24T09:00/2026-11-24T15:00"),
        ("下午三四点", "2026-11-23T15:00/2026-11-23T16:00"),
        ("十一二点", "2026-11-23T11:00/2026-11-23T12:00"),
        ("这两天", "2026-11-23/2026-11-24"),
        ("明天或者后天", "2026-11-24/2026-11-25"),
        ("明后天", "2026-11-24/2026-11-25"),
        ("明天十点前", "2026-11-24T08:00/2026-11-24T10:00"),
        ("明天四点以后", "2026-11-24T16:00/2026-11-24T18:00"),
        ("天黑以前", "2026-11-23T10:00/2026-11-23T17:00"),
        ("吃过晌午饭", "2026-11-23T13:00/2026-11-23T15:00"),
    ],
)
def test_ranges(said: str, iso: str) -> None:
    assert only(said, asked=True).value.iso == iso


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("半个小时后", "2026-11-23T10:30"),
        ("两小时以后", "2026-11-23T12:00"),
        ("过两天", "2026-11-25"),
        ("三天以后", "2026-11-26"),
    ],
)
def test_times_counted_from_the_call(said: str, iso: str) -> None:
    assert only(said, asked=True).value.iso == iso


@pytest.mark.parametrize(
    ("said", "rule", "first"),
    [
        ("每天中午", "FREQ=DAILY", "2026-11-23T12:00"),
        ("天天", "FREQ=DAILY", "2026-11-23"),
        ("每周一三五", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "2026-11-23"),
        ("每周二、四", "FREQ=WEEKLY;BYDAY=TU,TH", "2026-11-24"),
        ("每周一上午九点", "FREQ=WEEKLY;BYDAY=MO", "2026-11-30T09:00"),
        ("隔一天", "FREQ=DAILY;INTERVAL=2", "2026-11-23"),
        ("每隔三天", "FREQ=DAILY;INTERVAL=4", "2026-11-23"),
        ("每三天", "FREQ=DAILY;INTERVAL=3", "2026-11-23"),
        ("两天来一次", "FREQ=DAILY;INTERVAL=2", "2026-11-23"),
        ("每月1号和15号", "FREQ=MONTHLY;BYMONTHDAY=1,15", "2026-12-01"),
        ("每月第一个周六", "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=1,2,3,4,5,6,7", "2026-12-05"),
        ("每个月头一个礼拜天", "FREQ=MONTHLY;BYDAY=SU;BYMONTHDAY=1,2,3,4,5,6,7", "2026-12-06"),
        ("早晚各一次", "FREQ=DAILY;BYHOUR=7,18", "2026-11-23T18:00"),
        ("每晚八点", "FREQ=DAILY", "2026-11-23T20:00"),
        ("工作日", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "2026-11-23"),
        ("下个月起每天中午", "FREQ=DAILY", "2026-12-01T12:00"),
    ],
)
def test_rhythms_come_with_their_first_time(said: str, rule: str, first: str) -> None:
    value = only(said).value
    assert (value.recurrence, value.iso) == (rule, first)


def test_a_rhythm_that_names_no_day_leaves_the_first_day_open() -> None:
    twice = only("一个礼拜两回").value
    assert twice.recurrence == "FREQ=WEEKLY"
    assert twice.vague
    weekly = only("每周").value
    assert (weekly.recurrence, weekly.iso, weekly.vague) == ("FREQ=WEEKLY", None, True)


@pytest.mark.parametrize("said", ["越快越好", "尽快", "赶紧来", "马上"])
def test_as_soon_as_possible_has_no_iso(said: str) -> None:
    value = only(said, asked=True).value
    assert value.asap
    assert value.iso is None


@pytest.mark.parametrize("said", ["啥时候都行", "看你们方便", "随便", "都行"])
def test_any_time_will_do_counts_only_when_a_time_was_asked_for(said: str) -> None:
    assert only(said, asked=True).value.vague
    assert resolve(said, MONDAY) == []


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("明天，不对，后天", "2026-11-25"),
        ("不是明天是后天", "2026-11-25"),
        ("后天，不是明天", "2026-11-25"),
        ("礼拜四，哎不，礼拜五", "2026-11-27"),
        ("二十号，不对，二十二号", "2026-12-22"),
        ("明天不行，后天可以", "2026-11-25"),
        ("明天有事，推到下周", "2026-11-30/2026-12-06"),
        ("三点改五点", "2026-11-23T17:00"),
        ("把明天的改到后天", "2026-11-25"),
        ("不要今天来，改明天", "2026-11-24"),
    ],
)
def test_what_was_taken_back_is_left_out(said: str, iso: str) -> None:
    assert only(said).value.iso == iso


@pytest.mark.parametrize(
    ("said", "conflict"),
    [
        ("明儿礼拜三", "weekday:2026-11-24:3"),
        ("二十五号礼拜四", "weekday:2026-11-25:4"),
        ("二十五号，礼拜四", "weekday:2026-11-25:4"),
        ("腊月二十八大年三十", "date:2027-02-04:2027-02-05"),
        ("今天早上", "past:2026-11-23T07:00/2026-11-23T09:00"),
        ("2月30号", "nodate:02-30"),
    ],
)
def test_contradictions_are_reported_not_guessed(said: str, conflict: str) -> None:
    assert only(said).value.conflict == conflict


@pytest.mark.parametrize(
    "said",
    [
        "明儿礼拜二",
        "明天，礼拜二",
        "二十五号礼拜三",
        "二十五号，礼拜三",
        "腊月二十九大年三十",
        "3月8号妇女节",
    ],
)
def test_two_ways_of_saying_the_same_day_are_no_contradiction(said: str) -> None:
    assert only(said).value.conflict is None


def test_yesterday_as_a_wish_is_a_contradiction_when_a_time_was_asked_for() -> None:
    assert only("昨天", asked=True).value.conflict == "past:2026-11-22"
    assert resolve("昨天订的保洁啥时候来", MONDAY) == []


@pytest.mark.parametrize(
    "said",
    [
        "我三天没吃饭了",
        "去年没评上",
        "上个月就没发",
        "软和一点的",
        "快一点",
        "三点建议",
        "夜里个我跌了一跤",
        "一号楼",
        "文卫路25号",
    ],
)
def test_durations_past_times_and_look_alikes_are_no_wanted_times(said: str) -> None:
    assert resolve(said, MONDAY) == []


def test_a_meal_names_the_hour_of_its_day() -> None:
    assert only("明天的午饭").value.iso == "2026-11-24T12:00"
    assert only("明天给我妈送晚饭").value.iso == "2026-11-24T18:00"
    assert resolve("明天的午饭", MONDAY, meal_words=False)[0].value.iso == "2026-11-24"


def test_a_day_that_is_announced_year_by_year_is_asked_back() -> None:
    value = only("古尔邦节", asked=True).value
    assert value.vague
    assert value.iso is None


def test_a_time_that_the_calendar_does_not_know_is_kept_as_said() -> None:
    span = only("娃放学之前吧", asked=True)
    assert span.value.vague
    assert span.text == "娃放学之前吧"


def test_putting_off_tells_by_how_much() -> None:
    assert only("推迟两天").shift == "+P2D"
    assert only("能不能提前半个小时").shift == "-PT30M"


def test_the_time_of_the_call_may_carry_a_zone() -> None:
    aware = datetime.fromisoformat("2026-11-23T10:00+08:00")
    assert only("明天", aware).value.iso == "2026-11-24"


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("六月三十前", "2026-11-23/2027-06-30"),
        ("本月二十日前后", "2026-11-20"),
        ("八点左右", "2026-11-24T08:00"),
        ("下个月头上", "2026-12-01/2026-12-05"),
        ("主麻日过了", "2026-11-28/2026-12-04"),
        ("开斋节那天", None),
    ],
)
def test_what_rounds_a_time_off_belongs_to_it(said: str, iso: str | None) -> None:
    span = only(f"{said}来一趟", asked=True)
    assert (span.text, span.value.iso) == (said, iso)


@pytest.mark.parametrize(
    ("text", "said", "iso"),
    [
        ("下月初八送我去喝喜酒", "下月初八", "2026-12-16"),
        ("下个月初给我买袋面", "下个月初", "2026-12-01/2026-12-05"),
        ("下午两三点钟来都行", "下午两三点钟", "2026-11-23T14:00/2026-11-23T15:00"),
        ("今天下班前来一趟", "今天下班前", "2026-11-23T16:00/2026-11-23T18:00"),
        ("下个礼拜一到礼拜五中午给我送饭", "下个礼拜一到礼拜五中午", "2026-11-30T12:00/2026-12-04T12:00"),
        ("今晚到大后天找人守着我爸", "今晚到大后天", "2026-11-23T18:00/2026-11-26T21:00"),
        ("明天晚上到后天早上守着我爸", "明天晚上到后天早上", "2026-11-24T18:00/2026-11-25T09:00"),
    ],
)
def test_the_whole_of_a_time_is_read_and_no_word_of_it_alone(text: str, said: str, iso: str) -> None:
    span = only(text)
    assert (span.text, span.value.iso) == (said, iso)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("从周三挪到周五", "2026-11-27"),
        ("周三上午的保洁改到周五下午三点", "2026-11-27T15:00"),
        ("礼拜三要浇水，礼拜四赶集，那就礼拜六来", "2026-11-28"),
        ("前半晌来打扫，后半晌我要睡觉", "2026-11-23T08:00/2026-11-23T12:00"),
    ],
)
def test_of_several_times_the_one_that_is_settled_on_is_wanted(text: str, iso: str) -> None:
    assert only(text).value.iso == iso


def test_a_day_and_an_hour_after_what_is_planned_are_both_wanted() -> None:
    assert [span.text for span in resolve("后天去医院陪我看个病，早上八点半", MONDAY)] == [
        "后天",
        "早上八点半",
    ]


def test_either_of_two_days_is_wanted_where_one_thing_is_planned_for_both() -> None:
    assert [span.text for span in resolve("明天或者后天下午去公园", MONDAY)] == ["明天", "后天下午"]


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("每天早上和晚上", "FREQ=DAILY;BYHOUR=7,18"),
        ("每天早晚", "FREQ=DAILY;BYHOUR=7,18"),
        ("每月月底", "FREQ=MONTHLY"),
        ("每月初一十五", "FREQ=MONTHLY"),
        ("三天洗一回", "FREQ=DAILY;INTERVAL=3"),
        ("半个月来洗一次", "FREQ=WEEKLY;INTERVAL=2"),
    ],
)
def test_a_rhythm_is_read_as_one(said: str, rule: str) -> None:
    span = only(said, asked=True)
    assert (span.text, span.value.recurrence) == (said, rule)


@pytest.mark.parametrize(
    ("said", "shift"), [("挪后一天", "+P1D"), ("往后错两天", "+P2D"), ("提早一个钟头", "-PT60M")]
)
def test_putting_off_is_said_in_many_ways(said: str, shift: str) -> None:
    assert only(said).shift == shift


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("后年八月", "2028-08-01/2028-08-31"),
        ("明年三月", "2027-03-01/2027-03-31"),
        ("明年十二月", "2027-12-01/2027-12-31"),
        ("后年的国庆", "2028-10-01"),
        ("明年三月五号上午", "2027-03-05T08:00/2027-03-05T12:00"),
        ("后年正月初八", "2028-02-02"),
        ("今年十二月五号", "2026-12-05"),
    ],
)
def test_the_year_in_front_of_a_date_is_its_year(said: str, iso: str) -> None:
    span = only(f"{said}给我妈装扶手", asked=True)
    assert (span.text, span.value.iso) == (said, iso)


def test_a_year_that_stands_elsewhere_moves_no_date() -> None:
    assert only("后年我就八十了，八月来", asked=True).value.iso == "2027-08-01/2027-08-31"


@pytest.mark.parametrize(
    ("text", "said", "rule"),
    [
        ("每季度来擦一次玻璃", "每季度来擦一次", "FREQ=MONTHLY;INTERVAL=3"),
        ("每个季度擦玻璃", "每个季度", "FREQ=MONTHLY;INTERVAL=3"),
        ("一个季度剪一次头", "一个季度剪一次", "FREQ=MONTHLY;INTERVAL=3"),
        ("定期来给我妈洗澡", "定期", "FREQ=WEEKLY"),
        ("每天早晚来换药", "每天早晚", "FREQ=DAILY;BYHOUR=7,18"),
    ],
)
def test_rhythms_by_the_quarter_regularly_and_twice_a_day(text: str, said: str, rule: str) -> None:
    span = only(text, asked=True)
    assert (span.text, span.value.recurrence) == (said, rule)


@pytest.mark.parametrize("said", ["存的是定期，三年", "一个季度的水费", "定期存款到期了"])
def test_deposits_and_lengths_are_no_rhythms(said: str) -> None:
    assert all(span.value.recurrence is None for span in resolve(said, MONDAY))
