"""The answer to «where?» is kept as it was said: what stands for a kind of saying it, and what is no part of it."""

from datetime import datetime

import pytest

from nlu.slots import find_slots
from nlu.slots.place_answer import says_only
from nlu.understanding import Expecting

NOW = datetime.fromisoformat("2026-11-24T09:30")


def where(text: str) -> list[str]:
    found = find_slots(text, now=NOW, expecting=Expecting.PLACE)
    return [str(slot.value) for slot in found if slot.slot == "place"]


@pytest.mark.parametrize(
    "text",
    [
        "农垦，前进农场，五队",  # a farm of the state
        "西关，清真寺，南边，第二家",  # nothing but what stands there
        "火车站往西走，第二个红绿灯，左拐，铁路新村十四栋",  # the way there
        "从大路下来，过了桥，往右手，第一个庄子，穆家",
        "枣园乡，朱台村，九队，张三家",  # whose house it is
        "大湖村，马场，马占海家",
        "原州区三营镇，安和村，移民新村十二排",
        "海原县李旺镇，韩府湾村，庄子最里头",
        "贺兰山中路福州北街交叉口欣兴苑二期十八号楼",
        "中卫城区，鼓楼东街，中央大道15号楼",
        "湖滨西街，紫云华庭，A座，一千二百零三",  # in their own letters, big and small
        "正丰家园，北区，三杠一杠二零四",
        "彭阳县城，南门坡，果品公司家属院",
        "二十一冶，家属区，三栋",  # numbers that are a name
        "九公里，建材城，后头，小产权楼",
        "十里铺，五队",
        "燕鸽村六队，铁大门，门口有两棵枣树",
        "宁大怀远校区家属院，四十二栋",  # sounds like 小区
        "永宁县，望远镇，人和新区，一区",
        "银川市第一人民医院老年科，二十一床",
    ],
)
def test_it_is_kept_as_it_was_said(text: str) -> None:
    assert where(text) == [text]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("你记一下，兴庆区，清和南街，塔湾巷，十一号", "兴庆区，清和南街，塔湾巷，十一号"),
        ("家住贺兰县金贵镇，关渠村，三社", "贺兰县金贵镇，关渠村，三社"),
        ("就送到天平家园八号楼一单元三零二吧，麻烦你了", "天平家园八号楼一单元三零二"),
        ("和平家园，东区，十九栋，三零二，敲门就行", "和平家园，东区，十九栋，三零二"),
        ("等等我看看门牌……三号楼……二单元……五零一", "三号楼二单元五零一"),
        ("长城花园五号楼二单元301，我搬家了，以前住康居小区", "长城花园五号楼二单元301"),
        ("我住长城花园五号楼二单元301，我儿子住康居小区", "长城花园五号楼二单元301"),
        ("康乐小区4号楼1单元202，电梯坏了，走楼梯", "康乐小区4号楼1单元202"),
        ("燕鸽村能来不", "燕鸽村"),
        ("兴庆区富康小区2-4-101于秀琴", "兴庆区富康小区2-4-101"),
        ("刘芳，燕鸽村六队", "燕鸽村六队"),
    ],
)
def test_what_leads_to_it_and_follows_it_is_left_out(text: str, kept: str) -> None:
    assert where(text) == [kept]


def test_who_lives_elsewhere_is_nobody_to_serve() -> None:
    found = find_slots("我住长城花园五号楼，我儿子住康居小区", now=NOW, expecting=Expecting.PLACE)
    assert "beneficiary" not in {slot.slot for slot in found}


def test_a_son_who_is_served_lives_where_he_is_said_to_live() -> None:
    assert where("我儿子住康居小区3号楼") == ["康居小区3号楼"]


@pytest.mark.parametrize(
    "text", ["后天不送，我出门", "不知道", "你们要地址干啥", "盐少些，不要葱姜蒜", "我再想想"]
)
def test_what_is_no_place_stays_none(text: str) -> None:
    assert where(text) == []


def test_an_answer_is_a_place_and_hardly_anything_else() -> None:
    text = "送到村口小卖部就行，永宁县望洪镇新华村"
    found = find_slots(text, now=NOW, expecting=Expecting.PLACE)
    assert says_only("place", text, found)
    assert not says_only("place", "王家庄，我腿疼走不动，你们来的时候带个轮椅", found[:0])
