"""Swindlers, a telephone that nobody answers, and what is listened for around danger."""

import re

import pytest

from bot.dialogue.flows import worries
from config.lexicon import load
from config.wording import load_wording


@pytest.mark.parametrize(
    "text",
    [
        "有人打电话让我转钱",
        "公安打电话说我犯法了，要我验证码",
        "有人冒充民政局的让我妈交两千块钱办补贴",
        "刚有人打电话说是你们的，要我妈的银行卡号",
        "微信里那个人要我打一万块保证金",
        "他让我转五千块钱过去",
        "要我的验证码呢",
        "公安打电话说我犯法了",
        "法院来电话了，说我欠钱",
    ],
)
def test_somebody_who_wants_money_is_noticed(text: str) -> None:
    assert worries.wants_money(text)


@pytest.mark.parametrize(
    "text",
    [
        "让我妈交两百块电费",
        "我想交医保的钱",
        "给我妈打个电话",
        "银行卡丢了想补办",
        "社区让我带银行卡去",
        "要我女儿的电话",
        "给公安打电话",
    ],
)
def test_money_of_ones_own_is_no_swindle(text: str) -> None:
    assert not worries.wants_money(text)


@pytest.mark.parametrize(
    ("kind", "text", "special"),
    [
        ("violence", "媳妇子把我撵出来了", "thrown_out"),
        ("violence", "女婿打我妈", "other"),
        ("violence", "儿媳妇打我", None),
        ("choking", "鱼刺卡嗓子里了", "bone"),
        ("choking", "馍噎住了", None),
        ("poison", "老爷子把农药拿出来说要喝", "not_yet"),
        ("poison", "我喝了农药", None),
        ("suicide", "我妈九十了，不吃不喝两天了", "starving"),
        ("suicide", "不想活了，不吃不喝", None),
    ],
)
def test_the_advice_fits_what_happened(kind: str, text: str, special: str | None) -> None:
    assert worries.advice(kind, text) == special


@pytest.mark.parametrize("text", ["她在家", "就在屋里", "在家呢", "老家"])
def test_at_home_is_no_place(text: str) -> None:
    assert worries.says("no_place", text)


@pytest.mark.parametrize(
    ("text", "elsewhere"), [("我在西安，不在跟前", True), ("我在新华街三号楼", False), ("我在家", False)]
)
def test_where_the_caller_is_counts_only_with_a_door(text: str, elsewhere: bool) -> None:
    assert worries.says("i_am_in", text) is elsewhere


def test_every_special_advice_has_its_words_and_every_cue_can_be_read() -> None:
    wording = load_wording()
    for kind, listed in load("alarms")["advice"].items():
        for name, pattern in listed:
            re.compile(pattern)
            assert name == "other" or wording.has(f"emergency.{kind}_{name}")
    for name, pattern in load("alarms").items():
        assert name == "advice" or re.compile(pattern)
