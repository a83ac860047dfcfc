"""Names that are said together with whom they belong to, and answers that say more than the name."""

from __future__ import annotations

import pytest

from bot.dialogue.told_names import name_in_answer, names_told


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
    ],
)
def test_what_is_told_of_somebody_is_no_name(text: str) -> None:
    assert names_told(text) == []


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
