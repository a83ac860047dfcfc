"""Which words are a request of their own while something else is being arranged, and which only tell why."""

from __future__ import annotations

import pytest

from bot.dialogue.matter import is_bare, is_reason


@pytest.mark.parametrize(
    "text",
    [
        "买一个",
        "得有人陪",
        "送到家里",
        "能派人来看看吗",
        "能不能来个人给洗一洗",
        "来个人帮我弄弄",
        "要两个人抬",
    ],
)
def test_an_answer_that_names_nothing_is_bare(text: str) -> None:
    assert is_bare(text)


@pytest.mark.parametrize("text", ["帮我买两斤米", "想洗头", "找人陪我妈聊聊天", "修灯", "订饭", "取药"])
def test_an_answer_that_names_a_thing_is_not(text: str) -> None:
    assert not is_bare(text)


@pytest.mark.parametrize(
    "text",
    [
        "衣服没法洗",
        "走不到银行",
        "我腿不行",
        "大夫说每天一次",
        "我够不着",
        "洗碗都看不见",
        "社区让我们重新评",
        "老人上厕所咋办",
    ],
)
def test_what_only_tells_why(text: str) -> None:
    assert is_reason(text)


@pytest.mark.parametrize(
    "text",
    [
        "我走不动，想要个轮椅",
        "给我妈打扫",
        "大夫让取药，你们帮我取",
        "再买点米",
        "洗澡",
        "没法做饭，给我送饭",
    ],
)
def test_a_wish_is_no_mere_reason(text: str) -> None:
    assert not is_reason(text)
