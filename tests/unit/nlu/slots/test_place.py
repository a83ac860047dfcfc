"""Addresses: what is said and how it is split."""

import pytest

from nlu.slots.place import described, find_places
from nlu.understanding import Expecting, Place


def places(text: str, expecting: Expecting | None = None) -> list[Place]:
    return [span.place for span in find_places(text, expecting=expecting)]


def test_a_full_address_is_split_down_to_the_door() -> None:
    said = "金凤区长城花园三号楼二单元501"
    assert places(f"送到{said}") == [
        Place(said, county="金凤区", community="长城花园", building="3", unit="2", door="501")
    ]


@pytest.mark.parametrize(
    ("said", "building", "unit", "door"),
    [
        ("三号楼二单元五零一", "3", "2", "501"),
        ("三单元四零二", None, "3", "402"),
        ("8栋102", "8", None, "102"),
        ("18-1-1204", "18", "1", "1204"),
        ("六栋", "6", None, None),
        ("二楼东边那户", None, None, "东边那户"),
        ("102", None, None, "102"),
    ],
)
def test_spoken_numbers_are_read(said: str, building: str | None, unit: str | None, door: str | None) -> None:
    (place,) = places(said, Expecting.PLACE)
    assert (place.text, place.building, place.unit, place.door) == (said, building, unit, door)


@pytest.mark.parametrize(
    ("said", "county", "town", "community"),
    [
        ("同心县豫海镇", "同心县", "豫海镇", None),
        ("贺兰县习岗镇欣荣村", "贺兰县", "习岗镇", "欣荣村"),
        ("灵武市东塔镇果园村四队", "灵武市", "东塔镇", "果园村四队"),
        ("红寺堡弘德村", "红寺堡", None, "弘德村"),
        ("固原市原州区西关路", "固原市原州区", "西关路", None),
        ("利通区朝阳家园", "利通区", None, "朝阳家园"),
        ("清真寺后头", None, None, "清真寺后头"),
        ("望远镇二村三队", None, "望远镇", "二村三队"),
    ],
)
def test_counties_towns_and_villages(
    said: str, county: str | None, town: str | None, community: str | None
) -> None:
    (place,) = places(said, Expecting.PLACE)
    assert (place.text, place.county, place.town, place.community) == (said, county, town, community)


@pytest.mark.parametrize("said", ["家里", "老地方", "我家", "送到家里来"])
def test_the_usual_place_counts_when_a_place_was_asked_for(said: str) -> None:
    (place,) = places(said, Expecting.PLACE)
    assert place.usual


def test_home_counts_without_a_question_only_where_something_is_brought() -> None:
    assert places("把饭送到家里")[0].usual
    assert places("我家里没人做饭") == []
    assert places("家里的灯坏了") == []


@pytest.mark.parametrize(
    "said",
    [
        "我儿子在北京",
        "陪我去北塔村",
        "送我去银行",
        "马路上车多",
        "夜里睡不着",
        "我走路不稳",
        "八十三了才听说有这待遇",
        "带我到公园浪一圈",
    ],
)
def test_destinations_stories_and_look_alikes_are_no_addresses(said: str) -> None:
    assert [place for place in places(said) if not place.destination] == []


@pytest.mark.parametrize(
    ("said", "where"),
    [("送我去银行", "银行"), ("带我到公园浪一圈", "公园"), ("后天陪我去人民医院", "人民医院")],
)
def test_where_somebody_wants_to_go_is_a_destination(said: str, where: str) -> None:
    [place] = places(said)
    assert (place.text, place.destination) == (where, True)


def test_two_addresses_are_two() -> None:
    found = places("给我妈送到长城花园三号楼，给我姨送到北塔村二队")
    assert [place.text for place in found] == ["长城花园三号楼", "北塔村二队"]


def test_the_address_stops_where_the_story_goes_on() -> None:
    (place,) = places("文化街十七号院，我腿不好开门慢", Expecting.PLACE)
    assert place.text == "文化街十七号院"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("就在桥头那个小二楼", "桥头那个小二楼"),
        ("清真寺后头那条巷子第三家", "清真寺后头那条巷子第三家"),
        ("送到门口小卖部就行", "门口小卖部"),
        ("羊肉铺子上头三楼吧", "羊肉铺子上头三楼"),
        ("村口第一家", "村口第一家"),
    ],
)
def test_the_answer_to_where_may_describe_what_stands_there(answer: str, said: str) -> None:
    (place,) = places(answer, Expecting.PLACE)
    assert place.text == said
    assert not place.usual


@pytest.mark.parametrize("answer", ["我不知道门牌号", "还没定呢", "能坐不能站", "你问我儿子去，他在门口"])
def test_not_every_answer_to_where_describes_a_place(answer: str) -> None:
    assert described(answer) is None


def test_an_address_in_pieces_is_no_description() -> None:
    assert [place.text for place in places("凤凰花园八号楼", Expecting.PLACE)] == ["凤凰花园八号楼"]
    (place,) = places("凤凰花园八号楼", Expecting.PLACE)
    assert place.building == "8"


def test_the_plural_of_a_pronoun_begins_no_name() -> None:
    assert [place.text for place in places("洗澡的车到我们望远镇来吗", Expecting.PLACE)] == ["望远镇"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("城里头新华街", "新华街"),
        ("来人打扫，城里头凤凰北街", "凤凰北街"),
        ("住在城里解放西街三号楼", "解放西街三号楼"),
    ],
)
def test_inside_the_town_is_no_part_of_an_address(text: str, said: str) -> None:
    assert [place.text for place in places(text, Expecting.PLACE)] == [said]


def test_what_an_estate_lies_by_belongs_to_the_address() -> None:
    said = "新华街，华联对面那个小区，7号楼1单元101"
    (place,) = places(f"城里头{said}", Expecting.PLACE)
    assert place.text == said
    assert (place.town, place.building, place.unit, place.door) == ("新华街", "7", "1", "101")
    assert "华联对面那个小区" in (place.community or "")


@pytest.mark.parametrize("said", ["尹家渠", "马家桥", "丁家岔"])
def test_a_hamlet_that_is_all_of_its_clause_is_a_place(said: str) -> None:
    (place,) = places(f"麻烦预约个评估员，周五后晌，{said}", Expecting.PLACE)
    assert (place.text, place.community) == (said, said)


@pytest.mark.parametrize(
    "text", ["心脏搭桥，去年的事", "门前修水渠，吵得很", "喂羊圈，天天扫", "马家桥牌的醋"]
)
def test_not_everything_that_ends_like_a_hamlet_is_one(text: str) -> None:
    assert places(text) == []
