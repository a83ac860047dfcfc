"""What the line says is short, polite and asks one thing at a time."""

from __future__ import annotations

import re

import pytest

from bot.dialogue.phrasing import MOST_CHARACTERS, broken_short, length
from config.catalogue import load_catalogue
from config.wording import VARIANTS, Wording, WordingError, load_wording, sentences

WORDING = load_wording()
LONGEST_WHAT = max((item.say for item in load_catalogue().values()), key=len)
LONGEST_SHORT = max((item.short for item in load_catalogue().values()), key=len)
# The longest value that can stand in each place; addresses are cut by the line itself (test_phrasing).
VALUES = {
    "name": "欧阳秀英",
    "what": LONGEST_WHAT,
    "when": "大后天下午两点一刻",
    "count": "十二",
    "clock": "下午两点五十九分",
    "first": LONGEST_WHAT,
    "rhythm": "每个礼拜来一回",
    "who": "给您丈母娘",
    "them": "老人",
    "place": "长城花园三号楼二单元",
    "details": "水费、电费",
    "phone": "139 0951 0001",
    "department": "民政局",
    "choice": LONGEST_SHORT,
    "list": "明天的送餐和后天的上门打扫",
    "day": "大后天",
    "weekday": "星期三",
    "source": "宁夏二〇二五年答复",
    "digits": "139",
    "code": "四零七，二九一",
    "told": "值班的人和家里人",
}
JARGON = re.compile(
    r"工单|派单|系统|终端|提交|录入|受理编号|意图|槽位|请求|用户|客服|操作|点击|有误|无法|该项|此项|您好您"
)


def variants() -> list[tuple[str, str]]:
    return [(key, variant) for key in sorted(WORDING.keys()) for variant in VARIANTS]


@pytest.mark.parametrize(("key", "variant"), variants())
def test_a_phrase_is_at_most_three_short_sentences_with_one_question(key: str, variant: str) -> None:
    said = WORDING.say(key, variant, **VALUES)
    assert 1 <= len(said) <= 3, said
    assert "".join(said).count("？") <= 1
    fixed = said == WORDING.say(key, variant, **dict.fromkeys(VALUES, ""))
    # What holds a value is cut by the line itself when the value is long.
    for sentence in said if fixed else broken_short(said):
        assert length(sentence) <= MOST_CHARACTERS, f"{length(sentence)} characters: {sentence}"


@pytest.mark.parametrize("key", WORDING.keys())
def test_a_phrase_is_polite_and_plain(key: str) -> None:
    text = "".join(WORDING.say(key, "text", **VALUES))
    assert "你" not in text
    assert not JARGON.search(text)


def test_an_unknown_phrase_and_a_missing_value_are_told_by_name() -> None:
    with pytest.raises(WordingError, match=r"no\.such"):
        WORDING.say("no.such")
    with pytest.raises(WordingError, match="what"):
        WORDING.say("order.placed")


def test_a_group_is_no_phrase() -> None:
    with pytest.raises(WordingError, match="group"):
        WORDING.say("order")


def test_a_variant_falls_back_to_the_text() -> None:
    wording = Wording({"a": {"text": "甲。", "spoken": "乙。"}}, {})
    assert wording.say("a", "buttons") == ("甲。",)
    assert wording.say("a", "spoken") == ("乙。",)


def test_sentences_keep_their_marks() -> None:
    assert sentences("好。您说？行") == ("好。", "您说？", "行")
