"""Signs of wishes, complaints, questions and courtesies, and what a service is called by what was asked for."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.dialogue import phrasing
from bot.dialogue.memory import Form
from bot.dialogue.notes import note
from config.catalogue import load_catalogue
from config.dispatch import load_dispatch
from config.wording import load_wording

WORDS = load_wording().words


@pytest.mark.parametrize(
    ("said", "noted"),
    [
        ("来个女的行不行", "来个女的"),
        ("能不能来两个人", "来两个人"),
        ("是是是 但是要男的来", "要男的来"),
        ("软和点", "软和点"),
    ],
)
def test_a_note_is_the_wish_without_its_politeness(said: str, noted: str) -> None:
    form = Form(id=1, item="bath")
    note(form, said)
    assert form.wishes == [noted]


def test_what_is_a_detail_already_is_noted_no_second_time() -> None:
    form = Form(id=1, item="meal", details=["清淡点"])
    note(form, "清淡点")
    assert form.wishes == []


@pytest.mark.parametrize(
    ("item", "details", "name"),
    [
        ("nursing", ["理个发"], "上门理发"),
        ("nursing", ["理发", "剪指甲"], "上门理发、剪指甲"),
        ("nursing", ["剃头"], "上门理发"),
        ("cleaning", ["擦玻璃"], "上门擦玻璃"),
        ("cleaning", ["打扫", "擦玻璃"], "上门打扫、擦玻璃"),
        ("cleaning", ["玻璃"], ""),
        ("cleaning", [], ""),
        ("meal", ["一份饺子"], ""),
        ("utility_payment", ["水费"], ""),
    ],
)
def test_a_service_is_called_by_what_was_asked_for(item: str, details: list[str], name: str) -> None:
    assert phrasing.called(item, details, WORDS) == name


def test_every_service_with_names_of_its_own_is_in_the_catalogue() -> None:
    assert set(WORDS["called"]) <= set(load_catalogue())


def test_details_are_read_back_once_and_only_what_names_something() -> None:
    assert phrasing.specific("medical_escort", ["骨科", "陪"], "陪诊取药", WORDS) == ["骨科"]
    assert phrasing.specific("nursing", ["理发"], "上门理发", WORDS) == []
    assert phrasing.specific("meal", ["饺子", "午饭"], "送餐", WORDS) == ["饺子"]


def test_the_service_as_a_whole_is_found_beside_a_part_of_it() -> None:
    say = load_catalogue()["cleaning"].say
    assert phrasing.whole_service("cleaning", say, "来打扫卫生，把玻璃也擦一下", WORDS) == "打扫"
    assert phrasing.whole_service("cleaning", say, "擦玻璃", WORDS) == ""
    assert phrasing.whole_service("meal", "送餐", "订饭", WORDS) == ""


def test_the_day_and_the_clock_are_told_in_words() -> None:
    assert phrasing.calendar(datetime(2026, 11, 24, 9, 30), WORDS) == ("十一月二十四号星期二", "上午九点半")


@pytest.mark.parametrize(
    ("wish", "gender"),
    [("要个女的", "f"), ("不要男的 要个女的", "f"), ("要个男的", "m"), ("找个女的", "f"), ("软和点", None)],
)
def test_the_gender_wished_for_is_found_in_the_note(wish: str, gender: str | None) -> None:
    assert load_dispatch().wished_gender([wish]) == gender
