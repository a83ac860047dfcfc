"""Names that are said together with whom they belong to, and answers that say more than the name."""

from __future__ import annotations

import pytest

from bot.dialogue.told_names import elder_named, name_in_answer, names_in_answer, names_told, stays, whole_of


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("我妈马秀英", [("mother", "马秀英")]),
        ("我叫王小军，我爸叫王福", [("self", "王小军"), ("father", "王福")]),
        ("我老伴叫纪秀兰，我叫汪建国", [("spouse", "纪秀兰"), ("self", "汪建国")]),
        ("我叫苏有福，她叫马秀英", [("self", "苏有福"), ("them", "马秀英")]),
        ("明天中午，我妈于秀琴我爸马福", [("mother", "于秀琴"), ("father", "马福")]),
        ("请帮我母亲张桂英（身份证）办理", [("mother", "张桂英")]),
        ("我爸马进山要换药，明天上午", [("father", "马进山")]),
        ("老人：于秀琴（我妈）", [("nobody", "于秀琴"), ("mother", "于秀琴")]),
        ("刘建国 我老伴", [("spouse", "刘建国")]),
        ("马占福我爸", [("father", "马占福")]),
        ("收件人：于秀琴", [("nobody", "于秀琴")]),
        ("替我妈于秀琴约个打扫", [("mother", "于秀琴")]),
        ("给我爸马福订饭，联系人王建国", [("father", "马福"), ("contact", "王建国")]),
        ("给我妈（于秀琴，82岁）订饭", [("mother", "于秀琴")]),
        ("父亲王有才78，母亲刘翠花76", [("father", "王有才"), ("mother", "刘翠花")]),
        ("爸王有福妈李桂花", [("father", "王有福"), ("mother", "李桂花")]),
        ("辖区独居老人刘桂兰需要助浴", [("nobody", "刘桂兰")]),
        ("于秀琴，女，82", [("nobody", "于秀琴")]),
        ("老人是我父亲，王德福，82岁", [("father", "王德福")]),
        ("我自己，王建国", [("self", "王建国")]),
        ("给我爸订，赵德明", [("father", "赵德明")]),
        ("给我妈，叫马秀英", [("mother", "马秀英")]),
        ("给我叔叔办低保，叫马成福", [("nobody", "马成福")]),
        ("老伴叫王建国", [("spouse", "王建国")]),
        ("给我妈订饭，老人叫于秀琴", [("them", "于秀琴")]),
        ("我父亲要助浴，父亲名字周德海，我叫周敏", [("father", "周德海"), ("self", "周敏")]),
        ("交电费，户主丁秀花", [("contact", "丁秀花")]),
        ("给老战友王德福叫个保洁", [("friend", "王德福")]),
        ("给我们村的低保户马有财报个修", [("nobody", "马有财")]),
    ],
)
def test_a_name_is_told_with_whose_it_is(text: str, told: list[tuple[str, str]]) -> None:
    assert [(one.whose, one.name) for one in names_told(text)] == told


@pytest.mark.parametrize(
    "text",
    [
        "我妈高血压",
        "我妈白内障，明天",
        "我爸住在金凤区",
        "我妈马上来",
        "我是党员",
        "我妈常年卧床",
        "我爸安装假肢",
        "给我奶奶买土豆、白菜",
        "给我妈毛衣洗一下",
        "我妈周六，我婆婆周日",
        "给我妈订饭，叫师傅早点来",
        "给老伴买菜",
    ],
)
def test_what_is_told_of_somebody_is_no_name(text: str) -> None:
    assert names_told(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("村里老人王有福要理发", "王有福"),
        ("我给低保户马有财报个修", "马有财"),
        ("老人走不动，要轮椅", None),
        ("老人高血压", None),
    ],
)
def test_an_elder_is_told_by_name(text: str, name: str | None) -> None:
    assert elder_named(text) == name


def test_she_is_is_a_name_when_it_was_asked_for() -> None:
    assert names_told("她是王秀兰") == []
    assert [one.name for one in names_told("她是王秀兰", asked=True)] == ["王秀兰"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("刘芳，不对，刘方", "刘方"),
        ("姓刘名芳", "刘芳"),
        ("姓马 名叫 秀英", "马秀英"),
        ("就写老刘", "老刘"),
        ("你叫我老刘就行", "老刘"),
        ("叫我马奶奶就行", "马奶奶"),
        ("刘 刘什么来着 刘芳", "刘芳"),
        ("刘芳，女的", None),
        ("马秀英 女 82", None),
    ],
)
def test_a_name_in_a_longer_answer(text: str, name: str | None) -> None:
    assert name_in_answer(text) == name


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("哎呀，刘芳", "刘芳"),
        ("我说刘芳", "刘芳"),
        ("你写李桂香吧", "李桂香"),
        ("刘……刘芳", "刘芳"),
        ("和尚的和，和玉兰", "和玉兰"),
        ("姓时 时来运", "时来运"),
        ("身份证上是刘芳，平时叫刘二妮", "刘芳"),
        ("大名没有，小名叫狗娃", "狗娃"),
        ("他们叫我马大娘", "马大娘"),
        ("我姓解", "解"),
        ("邻居有钥匙", None),
    ],
)
def test_the_name_of_an_answer_that_says_more(answer: str, name: str | None) -> None:
    assert name_in_answer(answer) == name


def test_two_names_and_the_rest_of_one() -> None:
    assert names_in_answer("王有福和李桂花") == ["王有福", "李桂花"]
    assert names_in_answer("马上，李桂花") == []
    assert whole_of("刘", "单名一个芳") == "刘芳"
    assert whole_of("刘", "王芳") is None
    assert stays("不是我妈，是我婆婆，名字对的")
