"""Answers that sound like what was read."""

import time

import pytest

from config.hearing import load_hearing_words
from voice.hearing.closed import answers
from voice.hearing.network import alike, network
from voice.hearing.recogniser import Hint

WORDS = load_hearing_words()
NAMES = ("给王桂兰", "给李秀英")


def nearest(read: str, asks: str, *offered: str) -> str | None:
    found = alike(read, answers(Hint(asks, offered), WORDS), most=3)
    return found[0][0] if found else None


@pytest.mark.parametrize(
    ("read", "asks", "meant"),
    [
        ("晨期六下午", "time", "星期六下午"),
        ("后点上午十一点", "time", "后天上午十一点"),
        ("一十二月三后", "time", "十二月三号"),
        ("下午三点八", "time", "下午三点半"),
        ("有是", "confirm", "就是"),
        ("不对，是好天中午", "confirm", "不对是后天中午"),
        ("再说一变", "time", "再说一遍"),
        ("汪桂兰", "beneficiary", "王桂兰"),
        ("今天七点半", "time", "今天七点半"),
    ],
)
def test_what_sounds_like_an_answer_is_found(read: str, asks: str, meant: str) -> None:
    assert nearest(read, asks, *NAMES) == meant


@pytest.mark.parametrize("read", ["我想找个人来打扫卫生", "厨房的水龙头坏了", "我还没想好呢让我再想一想"])
def test_what_sounds_like_no_answer_finds_none(read: str) -> None:
    assert nearest(read, "confirm") is None


def test_a_misheard_change_of_mind_is_no_time() -> None:
    assert nearest("不要送赞了，我要打早微声", "time") is None


def test_a_half_answer_is_made_whole_in_several_ways() -> None:
    found = dict(alike("明天四", answers(Hint("time"), WORDS), most=4))
    assert {"明天", "明天四点"} <= set(found)
    assert all(distance > 0 for distance in found.values())


def test_the_nearest_comes_first_and_an_answer_itself_has_no_distance() -> None:
    found = alike("下午三点", answers(Hint("time"), WORDS), most=5)
    assert found[0] == ("下午三点", 0.0)
    distances = [distance for _, distance in found]
    assert distances == sorted(distances)


def test_rules_groups_and_repetitions_of_a_grammar() -> None:
    rules = (("digit", "一 | 二"), ("pair", "(甲 | 乙) [丙]"))
    assert alike("一二一", network("<digit>+", rules), most=1) == [("一二一", 0.0)]
    assert alike("乙丙", network("<pair> 一 | <pair>", rules), most=1) == [("乙丙", 0.0)]
    assert alike("甲一", network("<pair> 一 | <pair>", rules), most=1) == [("甲一", 0.0)]


def test_a_long_story_costs_little_time() -> None:
    began = time.perf_counter()
    alike(
        "我那个儿子他在外地呢一年也回不来一趟你说说这叫个什么事情嘛" * 2, answers(Hint("time"), WORDS), most=4
    )
    assert time.perf_counter() - began < 1.0


def test_nothing_read_is_near_nothing() -> None:
    assert not alike("", answers(Hint("phone"), WORDS), most=3)
