"""Addresses told in parts: with a stop before the landmark, the floor and the door one after the other, «the same»."""

import pytest

from nlu.slots.place import find_places, goes_on_with_address
from nlu.understanding import Expecting


def said(text: str, expecting: Expecting | None = Expecting.PLACE) -> list[str]:
    return [span.kept(text) for span in find_places(text, expecting=expecting)]


@pytest.mark.parametrize(
    "text",
    [
        "永宁县杨和镇观桥村五队，村口小卖部旁边",
        "永宁县杨和镇观桥村五队 村口小卖部旁边",
        "贺兰县习岗镇欣荣村三组，靠近小学",
        "大武口区朝阳街道永乐社区，幸福里小区6号楼1单元202",
        "银川市，金凤区，长城中路，锦绣苑，12-2-301",
        "西夏区同心路 老车站后头 铁路小区三号楼一单元",
        "西夏区贺兰山西路文萃小区3-2-101，医院旁边",
        "惠农，红果子，园艺镇，简泉村二队",
        "金凤区，正源街，森林公园旁边，和平新村，三十三号楼，四单元，二零二",
        "金凤区，亲水大街，鲁银城市公元，十五号楼，二单元，两千零一",
        "望远镇东位村3排5号",
        "到达小区3号楼2单元501",
    ],
)
def test_parts_of_one_address_stay_together(text: str) -> None:
    assert said(text) == [text]


def test_words_between_the_parts_that_say_nothing_are_left_out() -> None:
    assert said("观桥村五队，就在小学对面") == ["观桥村五队，小学对面"]
    assert said("西夏区 同心路 那个老车站后头 铁路小区") == ["西夏区 同心路 老车站后头 铁路小区"]


@pytest.mark.parametrize(
    ("text", "both"),
    [
        ("我在富康小区3号楼，我妈在金凤区长城花园2号楼", ["富康小区3号楼", "金凤区长城花园2号楼"]),
        ("她在利通区金积镇，我在银川", ["利通区金积镇", "银川"]),
        ("福州家园9-2-501，不对是9-3-501", ["福州家园9-2-501", "9-3-501"]),
        ("富康小区3号楼2单元，富宁小区", ["富康小区3号楼2单元", "富宁小区"]),
    ],
)
def test_two_places_are_not_run_together(text: str, both: list[str]) -> None:
    assert said(text) == both


@pytest.mark.parametrize("text", ["五楼东户 就是502", "二单元，四零二", "三单元", "3号楼501"])
def test_the_finer_end_of_an_address_goes_on_with_it(text: str) -> None:
    assert goes_on_with_address(text, Expecting.NAME)


@pytest.mark.parametrize("text", ["五楼有人等", "白银川", "马玉兰"])
def test_other_answers_do_not_go_on_with_it(text: str) -> None:
    assert not goes_on_with_address(text, Expecting.NAME)


@pytest.mark.parametrize("text", ["跟我妈一起住", "一样的地址", "地址一样", "也是这儿", "同一个地址"])
def test_the_same_place_as_before_is_no_address_of_its_own(text: str) -> None:
    (span,) = find_places(text, expecting=Expecting.PLACE)
    assert span.place.usual


@pytest.mark.parametrize(
    "text",
    [
        "和平小区7-2-302",
        "塞上骏景11号楼2单元502",
        "金凤区亲水大街百合嘉园8-1-502",
        "西夏区北京西路同心苑7号楼3单元101",
        "天都花园3号楼",
    ],
)
def test_names_keep_letters_that_are_words_elsewhere(text: str) -> None:
    assert said(text) == [text]


@pytest.mark.parametrize("text", ["院子里有狗", "我和老伴", "逛大街"])
def test_what_is_no_address(text: str) -> None:
    assert find_places(text) == []
