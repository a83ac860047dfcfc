"""All slots of a sentence together: values, offsets, odd input, time taken."""

import time
from datetime import datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nlu.slots import MAX_LENGTH, find_slots, warm_up
from nlu.understanding import Expecting, Place, TaggedSpan, WantedTime

NOW = datetime.fromisoformat("2026-11-23T10:00")
WORDS = [
    "明天",
    "后晌",
    "三点",
    "半",
    "到",
    "周一",
    "周五",
    "每天",
    "腊月",
    "二十三",
    "不对",
    "我妈",
    "给",
    "俺爹",
    "王奶奶",
    "和",
    "送到",
    "金凤区",
    "长城花园",
    "三号楼",
    "二单元",
    "501",
    "幺三八",
    "九五零零",
    "一二三四",
    "两袋",
    "米",
    "水费",
    "，",
    "。",
    "的",
    "号",
    "月",
    "年",
    "点",
    "前",
    "后",
    "起",
    "１２",
    "明田",
    "我叫",
    "马建国",
    "十",
    "一",
    "路",
    "村",
    "天",
    "个",
    "A",
    "😀",
    "\u200b",
]


def values(
    text: str, expecting: Expecting | None = None, **more: object
) -> list[tuple[str, str, str | None]]:
    found = find_slots(text, now=NOW, expecting=expecting, **more)  # type: ignore[arg-type]
    return [(slot.slot, slot.text, slot.value) for slot in found]


def test_a_sentence_with_everything() -> None:
    said = "给我妈订两份饭，明天中午送到金凤区长城花园三号楼二单元501，电话幺三八九五零零幺二三四"
    assert values(said) == [
        ("beneficiary", "我妈", "我妈"),
        ("detail", "两份饭", "两份饭"),
        ("time", "明天中午", "2026-11-24T12:00"),
        ("place", "金凤区长城花园三号楼二单元501", "金凤区长城花园三号楼二单元501"),
        ("phone", "幺三八九五零零幺二三四", "13895001234"),
    ]


def test_two_people_at_two_addresses_come_in_order() -> None:
    said = "给我妈订一份送到长城花园三号楼，给我姨订一份送到北塔村二队"
    found = [(slot, text) for slot, text, _ in values(said) if slot != "detail"]
    assert found == [
        ("beneficiary", "我妈"),
        ("place", "长城花园三号楼"),
        ("beneficiary", "我姨"),
        ("place", "北塔村二队"),
    ]


@pytest.mark.parametrize(
    ("said", "expecting", "expected"),
    [
        ("越快越好", Expecting.TIME, ("time", "越快越好", "asap")),
        ("我自己", Expecting.BENEFICIARY, ("beneficiary", "我自己", "self")),
        ("马建国，骏马的马", Expecting.NAME, ("beneficiary", "马建国", "马建国")),
        ("就这个号", Expecting.PHONE, ("phone", "就这个号", "this")),
        ("老地方", Expecting.PLACE, ("place", "老地方", "老地方")),
        ("软和点的", Expecting.DETAIL, ("detail", "软和点的", "软和点的")),
        ("后儿前晌么", Expecting.TIME, ("time", "后儿前晌", "2026-11-25T08:00/2026-11-25T12:00")),
    ],
)
def test_short_answers_to_what_was_asked(
    said: str, expecting: Expecting, expected: tuple[str, str, str]
) -> None:
    assert values(said, expecting) == [expected]


def test_misheard_words_are_read_by_their_sound_and_reported_as_they_stand() -> None:
    assert values("明田上午给我马送饭", Expecting.TIME)[:2] == [
        ("time", "明田上午", "2026-11-24T08:00/2026-11-24T12:00"),
        ("beneficiary", "我马", "我妈"),
    ]


def test_full_width_digits_and_traditional_characters_are_read() -> None:
    assert values("電話１３８９５００１２３４", Expecting.PHONE) == [
        ("phone", "１３８９５００１２３４", "13895001234")
    ]
    assert values("週三上午", Expecting.TIME)[0][2] == "2026-11-25T08:00/2026-11-25T12:00"


def test_a_tagged_stretch_widens_what_the_rules_know() -> None:
    said = "瘫在炕上的我二爸要洗澡"
    spans = (TaggedSpan("beneficiary", 0, 8, 0.95),)
    assert values(said, spans=spans)[0] == ("beneficiary", "瘫在炕上的我二爸", "我二爸")


def test_a_tagged_place_without_rules_is_taken_as_said() -> None:
    said = "送到渠边上那个绿门"
    (slot,) = [
        slot
        for slot in find_slots(said, now=NOW, spans=(TaggedSpan("place", 2, 9, 0.9),))
        if slot.slot == "place"
    ]
    assert slot.text == "渠边上那个绿门"
    assert isinstance(slot.resolved, Place)


def test_a_tagged_time_that_can_not_be_placed_is_vague() -> None:
    said = "麦子收完了来"
    (slot,) = find_slots(said, now=NOW, spans=(TaggedSpan("time", 0, 5, 0.9),))
    assert isinstance(slot.resolved, WantedTime)
    assert slot.resolved.vague


def test_a_doubtful_tag_adds_nothing() -> None:
    assert values("今天天气好", spans=(TaggedSpan("place", 0, 4, 0.3),)) == []


def consistent(text: str, expecting: Expecting | None) -> None:
    last = 0
    for slot in find_slots(text, now=NOW, expecting=expecting):
        assert text[slot.start : slot.end] == slot.text
        assert slot.text
        assert slot.start >= last
        last = slot.start


EXPECTING = st.sampled_from([None, *Expecting])


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60), expecting=EXPECTING)
@example(text="\ud800明天", expecting=None)
@example(text="二零二六年十三月四十五号二十九点七十分", expecting=Expecting.TIME)
def test_no_text_at_all_makes_it_fail(text: str, expecting: Expecting | None) -> None:
    consistent(text, expecting)


@settings(max_examples=250, deadline=None)
@given(parts=st.lists(st.sampled_from(WORDS), max_size=14), expecting=EXPECTING)
def test_no_mixture_of_slot_words_makes_it_fail(parts: list[str], expecting: Expecting | None) -> None:
    consistent("".join(parts), expecting)


@settings(max_examples=100, deadline=None)
@given(
    now=st.datetimes(
        min_value=datetime.fromisoformat("2020-01-01"), max_value=datetime.fromisoformat("2090-12-31")
    ),
    said=st.sampled_from(
        [
            "二十九号",
            "2月29号",
            "腊月三十",
            "大年三十",
            "下个月31号",
            "月底",
            "周末",
            "每月31号",
            "初八",
            "冬至",
            "下个工作日",
        ]
    ),
)
def test_no_day_of_the_call_makes_it_fail(now: datetime, said: str) -> None:
    for slot in find_slots(said, now=now, expecting=Expecting.TIME):
        assert isinstance(slot.resolved, WantedTime)
        if slot.resolved.iso and not slot.resolved.conflict:
            assert slot.resolved.iso.split("/")[-1][:10] >= now.date().isoformat()


def seconds(text: str) -> float:
    best = 9.0
    for _ in range(3):
        begin = time.process_time()
        find_slots(text, now=NOW, expecting=Expecting.PLACE)
        best = min(best, time.process_time() - begin)
    return best


@pytest.mark.parametrize(
    "unit", ["三", "明天", "1", "一三八，", "号", "路", "我妈", "周一到", "天", "金凤区", "零", "后"]
)
def test_time_taken_grows_no_faster_than_the_text(unit: str) -> None:
    warm_up()
    short, long = (unit * 2000)[:250], (unit * 2000)[:2000]
    assert seconds(long) < 24 * max(seconds(short), 0.002)


def test_what_lies_beyond_the_longest_length_is_not_looked_at() -> None:
    assert values("啊" * MAX_LENGTH + "明天", Expecting.TIME) == []


def test_a_misheard_telephone_number_holds_no_holiday() -> None:
    for expecting in (None, Expecting.PHONE, Expecting.CONFIRM):
        found = find_slots("伊三九零九五一零零零一", now=NOW, expecting=expecting)
        assert not [slot for slot in found if slot.slot == "time"]
    assert [slot.slot for slot in find_slots("五一放假来打扫", now=NOW)] == ["time"]


def test_what_asks_for_nothing_of_ours_has_no_slots() -> None:
    text = "给我女婿发个微信，明天来"
    assert find_slots(text, now=NOW, labels=("out_of_scope",)) == ()
    assert find_slots(text, now=NOW, labels=("meal",)) != ()


def test_a_bare_description_is_a_place_when_it_answers_something() -> None:
    text = "马路斜对过那个红门"
    assert [(slot.slot, slot.text) for slot in find_slots(text, now=NOW, labels=("inform",))] == [
        ("place", text)
    ]


def test_a_tag_does_not_bring_back_a_time_that_was_given_up() -> None:
    spans = (TaggedSpan("time", 1, 3, 0.99), TaggedSpan("time", 5, 7, 0.99))
    found = find_slots("从周三挪到周五", now=NOW, spans=spans)
    assert [slot.text for slot in found] == ["周五"]


def test_a_tag_makes_nobody_of_a_thing() -> None:
    spans = (TaggedSpan("beneficiary", 0, 4, 0.99),)
    assert find_slots("马路对过来车了", now=NOW, spans=spans) == ()


def test_details_end_where_a_sentence_ends() -> None:
    text = "不放糖！不放辣！"
    found = find_slots(text, now=NOW, spans=(TaggedSpan("detail", 0, 8, 0.9),))
    assert [slot.text for slot in found] == ["不放糖", "不放辣"]


def test_an_alarm_names_whom_it_speaks_of() -> None:
    found = find_slots("娃吞了个钮扣", now=NOW, labels=("emergency",))
    assert [(slot.slot, slot.text) for slot in found] == [("beneficiary", "娃")]
