"""What exactly is wanted: quantities, words of the items, whole answers."""

import pytest

from nlu.slots.amount import find_amounts
from nlu.slots.detail import find_details
from nlu.understanding import Expecting, TaggedSpan


def details(text: str, expecting: Expecting | None = None, **more: object) -> list[str]:
    return [text[span.start : span.end] for span in find_details(text, expecting=expecting, **more)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "count", "measure", "goods"),
    [
        ("三份", 3, "份", None),
        ("两袋米", 2, "袋", "米"),
        ("一桶油", 1, "桶", "油"),
        ("十个鸡蛋", 10, "个", "鸡蛋"),
        ("二百块钱", 200, "块钱", None),
        ("两百五十元", 250, "元", None),
        ("3斤鸡蛋", 3, "斤", "鸡蛋"),
    ],
)
def test_quantities_with_their_measures(said: str, count: int, measure: str, goods: str | None) -> None:
    (amount,) = find_amounts(said)
    assert (amount.count, amount.measure, amount.goods) == (count, measure, goods)


@pytest.mark.parametrize("said", ["我一个人", "三个月", "两个老人", "三号楼"])
def test_people_months_and_houses_are_no_quantities(said: str) -> None:
    assert not any(amount.strong for amount in find_amounts(said))


def test_a_quantity_and_its_goods_are_one_detail() -> None:
    assert details("买两袋米和一桶油", Expecting.DETAIL) == ["两袋米", "一桶油"]


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        ("嗯，我要软和点的吧", "软和点的"),
        ("帮我买点老鼠药，谢谢", "点老鼠药"),
        ("去看我老姐妹", "去看我老姐妹"),
        ("水费", "水费"),
        ("就那个绿盖盖的药酒，行不行", "绿盖盖的药酒"),
    ],
)
def test_the_whole_answer_without_politeness_is_the_detail_that_was_asked_for(said: str, detail: str) -> None:
    assert details(said, Expecting.DETAIL) == [detail]


@pytest.mark.parametrize("said", ["不知道", "随便", "都行", "嗯", "", "，。"])
def test_no_answer_is_no_detail(said: str) -> None:
    assert details(said, Expecting.DETAIL) == []


def test_tagged_spans_win_over_the_word_list() -> None:
    said = "给我爸买个能扶的东西"
    spans = (TaggedSpan("detail", 5, 10, 0.9),)
    assert details(said, spans=spans, tagged=True) == [said[5:10]]


def test_stretches_of_other_slots_hold_no_detail() -> None:
    said = "明天两份"
    assert details(said, Expecting.DETAIL, taken=[(0, 2)]) == ["两份"]
    assert details(said, Expecting.DETAIL, taken=[(0, 4)]) == []


def test_what_shall_be_bought_is_wanted_whatever_the_tagger_says() -> None:
    said = "帮我买一袋米，再买一桶油"
    seen = (TaggedSpan("detail", said.index("一桶油"), len(said), 0.9),)
    assert sorted(details(said, spans=seen, tagged=True)) == ["一桶油", "一袋米"]
    assert details("我家还有一袋米", spans=(), tagged=True) == []


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("捎二斤馍馍，谢谢", "二斤馍馍"),
        ("再带两袋尿素", "两袋尿素"),
        ("买两斤就行，别的不要", "两斤"),
        ("要三份，软一点", "三份"),
    ],
)
def test_an_amount_takes_the_thing_behind_it_whatever_it_is_called(said: str, found: str) -> None:
    start = said.index(found[:2])
    assert details(said, spans=[TaggedSpan("detail", start, start + 2, 0.9)], tagged=True) == [found]


def test_a_thing_takes_the_amount_right_before_it() -> None:
    said = "买二斤鸡蛋一袋盐，明天"
    assert details(said, spans=[TaggedSpan("detail", 3, 8, 0.9)], tagged=True) == ["二斤鸡蛋一袋盐"]
