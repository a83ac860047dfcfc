"""Names as people say them: spelled first, with any letter, the person behind, alone beside an address."""

from datetime import datetime

import pytest

from nlu.slots import find_slots
from nlu.slots.names import bare_name, led_names
from nlu.slots.person import find_people
from nlu.understanding import Expecting, Person

NOW = datetime.fromisoformat("2026-11-24T09:30")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("我姓何 何万林", "何万林"),
        ("我叫个周 周志强", "周志强"),
        ("我姓陈，耳东陈，陈建军", "陈建军"),
        ("姓冯，两点水的冯，冯万财", "冯万财"),
        ("我爸叫杨生福", "杨生福"),
        ("我叫马有福", "马有福"),
        ("她叫官秀莲", "官秀莲"),
    ],
)
def test_a_name_that_is_announced(text: str, name: str) -> None:
    assert led_names(text)[-1].name == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("弓长张 张国平", "张国平"),
        ("木子李，李建军", "李建军"),
        ("马和平", "马和平"),
        ("马生贵啊", "马生贵"),
        ("马建国，骏马的马", "马建国"),
    ],
)
def test_a_name_that_is_the_whole_answer(text: str, name: str) -> None:
    found = bare_name(text)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("text", ["马上来", "高血压", "马给送来", "凌晨"])
def test_what_only_begins_like_a_name(text: str) -> None:
    assert bare_name(text) is None


@pytest.mark.parametrize("text", ["马占福我爸", "马占福，我爸", "马占福是我爸", "我爸马占福", "我爸叫马占福"])
def test_the_name_with_who_that_is(text: str) -> None:
    (span,) = find_people(text, expecting=Expecting.NAME)
    assert span.person.name == "马占福"


def people(text: str, expecting: Expecting | None = None) -> list[tuple[str | None, str | None]]:
    found = find_slots(text, now=NOW, expecting=expecting, labels=("bath",), spans=())
    return [
        (slot.resolved.relation, slot.resolved.name)
        for slot in found
        if slot.slot == "beneficiary" and isinstance(slot.resolved, Person)
    ]


def test_a_name_alone_beside_an_address_or_a_number_is_that_of_whoever_is_served() -> None:
    assert people("帮我妈约个洗澡，周六下午两点，西夏区文萃小区3-2-101，李秀珍") == [("mother", "李秀珍")]
    assert people("明天中午洗澡，李秀珍，13909551234，文萃小区3-2-101") == [(None, "李秀珍")]
    assert people("西夏区文萃小区3-2-101，李秀珍，13909551234", Expecting.PLACE) == [(None, "李秀珍")]


def test_other_words_beside_an_address_are_no_names() -> None:
    assert people("帮我妈约个洗澡，文萃小区3-2-101，马上，13909551234") == [("mother", None)]


@pytest.mark.parametrize("text", ["不是，那个是我儿子家", "我在我闺女家，明天来打扫"])
def test_whose_home_it_is_does_not_say_who_is_served(text: str) -> None:
    assert people(text) == []
