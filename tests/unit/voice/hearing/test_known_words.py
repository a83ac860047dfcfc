"""Words of this service, found by their sound in what was read."""

from __future__ import annotations

import pytest

from config.hearing import load_hearing_words
from voice.hearing.known_words import respelled

KNOWN = load_hearing_words().known_words


@pytest.mark.parametrize(
    ("read", "said"),
    [
        ("我想足个轮艺", "我想足个轮椅"),
        ("给我插个早", "给我擦个澡"),
        ("我要办残级证", "我要办残疾证"),
        ("灯跑坏了，来个人看看", "灯泡坏了，来个人看看"),
        ("帮我取个快地", "帮我取个快递"),
        ("打扫一下物子", "打扫一下屋子"),  # not 下午, which would cut 一下 in two
        ("我住在兴庆去", "我住在兴庆区"),  # 兴庆 is a word, and stays one
    ],
)
def test_characters_that_make_no_sense_are_read_as_the_word_that_sounds_alike(read: str, said: str) -> None:
    assert respelled(read, KNOWN) == said


@pytest.mark.parametrize(
    "read",
    [
        "找个人给我打扫一下屋子",  # 下屋 sounds like 下午
        "我想问问事业单位的事",  # 失业
        "我还要再买一袋米",  # 换药
        "我喘不上气，胸口疼",
        "煤气漏了，头晕得很",
        "我叫李秀英，一三九九五一一零零二二",
    ],
)
def test_what_makes_sense_is_left_alone(read: str) -> None:
    assert respelled(read, KNOWN) == read


def test_of_two_words_that_sound_alike_the_one_with_the_tones_is_meant() -> None:
    assert respelled("明儿赏五", frozenset({"上午", "晌午"})) == "明儿晌午"


def test_of_two_that_overlap_the_longer_one_is_meant() -> None:
    assert respelled("交曲暖废", frozenset({"取暖费", "暖费"})) == "交取暖费"
