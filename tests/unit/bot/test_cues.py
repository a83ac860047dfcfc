"""Small signs inside an answer."""

from __future__ import annotations

import pytest

from bot.dialogue import cues
from config.catalogue import load_catalogue
from config.lexicon import load


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("opens_yes", "对，再给我订个保洁"),
        ("opens_yes", "嗯，成，就这么着"),
        ("opens_yes", "能行"),
        ("opens_no", "不对，是后天"),
        ("opens_no", "莫有"),
        ("drop", "算了，不订了"),
        ("drop", "洗澡的不要了"),
        ("replace", "不要饭了，换成打扫"),
        ("replace", "还是打扫吧"),
        ("refuse", "电话不想留"),
        ("refuse", "这个不方便说"),
        ("unknown", "记不清了"),
        ("unknown", "还说不准"),
        ("any", "啥时候都行"),
        ("no_more_only", "没有了"),
        ("false_alarm", "没事了，起来了"),
        ("this_phone", "就这个号"),
        ("my_name", "我叫"),
        ("their_name", "名字叫"),
        ("move", "那个洗澡的我想换个日子"),
        ("undo", "哎，还是送吧"),
        ("book", "那给我约个后天的"),
    ],
)
def test_a_sentence_carries_the_cue(cue: str, text: str) -> None:
    assert cues.says(cue, text)


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("opens_yes", "对门的王奶奶要订饭"),
        ("opens_yes", "好几天没吃饭了"),
        ("opens_yes", "行动不便"),
        ("drop", "明天上午"),
        ("refuse", "不想吃辣的"),
        ("any", "明天上午"),
        ("my_name", "给我妈"),
    ],
)
def test_a_sentence_does_not_carry_the_cue(cue: str, text: str) -> None:
    assert not cues.says(cue, text)


@pytest.mark.parametrize(("text", "index"), [("第一个", 0), ("2", 1), ("最后那个", 2), ("明天", None)])
def test_a_choice_is_taken_by_its_number(text: str, index: int | None) -> None:
    assert cues.ordinal(text) == index


@pytest.mark.parametrize(
    ("answer", "core"),
    [("我叫马建国啊", "马建国"), ("就是水费吧", "水费"), ("我住在北塔村", "北塔村"), ("嗯", "嗯")],
)
def test_an_answer_is_freed_of_what_stands_around_it(answer: str, core: str) -> None:
    assert cues.core(answer) == core


def test_every_item_has_words_by_which_an_order_of_it_is_called() -> None:
    assert set(load("replies")["item_words"]) == set(load_catalogue())
