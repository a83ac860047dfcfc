"""Words written by their sound are read as meant, and words that only sound like a time are left alone."""

from datetime import datetime

import pytest

from nlu.slots import find_slots
from nlu.slots.hearing import as_heard
from nlu.slots.names import is_dotted_name
from nlu.understanding import Expecting

NOW = datetime(2026, 11, 24, 9, 30)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("明田下午来", "明天下午来"),
        ("下午史店来", "下午十点来"),
        ("九店", "九点"),
        ("晚上巴店过来", "晚上八点过来"),
    ],
)
def test_a_time_written_by_its_sound_is_read(written: str, meant: str) -> None:
    assert as_heard(written) == meant


@pytest.mark.parametrize(
    "said",
    [
        "中卫市海原县史店乡田拐村",
        "就是电话号码变了",
        "这是电话",
        "家里是电磁炉",
        "要是店里没人就不用来",
        "之前评过轻度",
    ],
)
def test_what_only_sounds_like_a_time_is_left_alone(said: str) -> None:
    assert as_heard(said) == said


@pytest.mark.parametrize("place", ["国庆路5号", "金凤区五一村三队"])
def test_a_street_named_after_a_feast_is_no_day(place: str) -> None:
    slots = find_slots(place, now=NOW, expecting=Expecting.PLACE, labels=("inform",))
    assert [slot.slot for slot in slots] == ["place"]


def test_a_feast_is_a_day() -> None:
    slots = find_slots("国庆那天打扫", now=NOW, labels=("cleaning",))
    assert "time" in [slot.slot for slot in slots]


@pytest.mark.parametrize(
    "place",
    [
        "中卫市沙坡头区文昌镇怡和园5-3-202",
        "泾源县，六盘山镇，和尚铺村",
        "西夏区，朔方路，北方民族大学家属院3号楼",
    ],
)
def test_names_of_places_are_not_cut(place: str) -> None:
    (found,) = find_slots(place, now=NOW, expecting=Expecting.PLACE, labels=("inform",))
    assert found.text == place


@pytest.mark.parametrize("name", ["买买提·艾力", "阿依古丽·买买提"])
def test_a_name_with_a_dot_is_one_name(name: str) -> None:
    assert is_dotted_name(name)
    (found,) = find_slots(name, now=NOW, expecting=Expecting.NAME, labels=("inform",))
    assert found.value == name
