"""Telephone numbers as they are spoken."""

import pytest

from nlu.slots.phone import find_phones, with_a_whole_number
from nlu.understanding import Expecting, Phone


def numbers(text: str, expecting: Expecting | None = None) -> list[Phone | None]:
    return [span.phone for span in find_phones(text, expecting=expecting)]


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("幺三九零零一二三四五六", "13900123456"),
        ("幺三八，九五零零，幺二三四", "13895001234"),
        ("手机：189 0951 7766", "18909517766"),
        ("18995017768，这个是我微信同号", "18995017768"),
        ("一三九，三个八，零零四五六", "13988800456"),
        ("妖三八洞拐勾五零二四六", "13807950246"),
        ("+8613895001234", "13895001234"),
        ("我手机号你等一下我看看，幺五零零九五零，后面是三三二幺", "15009503321"),
        ("0953-2034567", "09532034567"),
        ("零九五一 六零一 二三四五", "09516012345"),
        ("一三八九五零零然后一二三四", "13895001234"),
    ],
)
def test_whole_numbers_are_read_in_every_way_of_saying_them(said: str, digits: str) -> None:
    assert numbers(said) == [Phone(digits, complete=True)]


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("13895001234，不对，最后是四五", "13895001245"),
        ("幺三八九五零零一二三四，错了，最后四位是五六七八", "13895005678"),
        ("138，哦不对那是老号，现在是幺七七九五零幺六六零八", "17795016608"),
        ("13895001234，不对，13995001234", "13995001234"),
    ],
)
def test_a_corrected_number_is_the_corrected_one(said: str, digits: str) -> None:
    assert numbers(said) == [Phone(digits, complete=True)]


def test_of_a_number_taken_back_nothing_is_kept() -> None:
    said = "电话138不对是139 9512 3456"
    (span,) = find_phones(said)
    assert said[span.start : span.end] == "139 9512 3456"


def test_misheard_digits_count_inside_a_number() -> None:
    assert numbers("幺山八九五零零幺二三死") == [Phone("13895001234", complete=True)]


@pytest.mark.parametrize("said", ["座机，六零幺八八四二", "六零幺八八四二"])
def test_a_local_number_needs_to_be_asked_for_or_named(said: str) -> None:
    assert numbers(said, Expecting.PHONE) == [Phone("6018842", complete=True)]


def test_a_local_number_without_any_hint_is_no_number() -> None:
    assert numbers("六零幺八八四二") == []


def test_a_group_of_digits_is_a_part_when_a_number_was_asked_for() -> None:
    assert numbers("幺三八", Expecting.PHONE) == [Phone("138", complete=False)]
    assert numbers("幺三八") == []


@pytest.mark.parametrize(
    "said",
    [
        "身份证640103194001012345",
        "三份",
        "一百五十块钱",
        "三号楼二单元501",
        "一九四零年生的",
        "十五号",
        "卡号13895001234567",
    ],
)
def test_other_numbers_are_no_telephone_numbers(said: str) -> None:
    assert numbers(said) == []
    assert not any(phone and phone.complete for phone in numbers(said, Expecting.PHONE))


@pytest.mark.parametrize("said", ["就这个号", "打这个电话就行", "就用这个"])
def test_this_number_is_the_one_the_caller_calls_from(said: str) -> None:
    assert numbers(said, Expecting.PHONE) == [None]
    assert numbers(said) == []


def test_an_address_before_the_number_does_not_disturb_it() -> None:
    assert numbers("新华街三号楼二单元501，13895001234") == [Phone("13895001234", complete=True)]


def test_of_several_readings_the_first_with_a_whole_number_counts() -> None:
    part, whole = "一三九九五一零零二二", "13995110022"
    assert with_a_whole_number(part, ("139 951 002", whole, "13995110023")) == whole
    assert with_a_whole_number(part, ("139 951 002",)) == part
    assert with_a_whole_number("就这个号", (whole,)) == "就这个号"


def test_two_numbers_are_two() -> None:
    found = numbers("我的13895001234，我女儿的13995001234")
    assert [phone.digits for phone in found if phone] == ["13895001234", "13995001234"]
