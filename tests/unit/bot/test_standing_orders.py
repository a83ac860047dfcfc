"""The words by which an order that stands is changed, and what another time makes of its own."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import config
from backend.domain.order import Wanted
from bot.dialogue import cues
from bot.dialogue.flows import move

MORNING = datetime(2026, 11, 26, 10, 0)


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("pauses", "这周五先停一天"),
        ("pauses", "后天那顿不要了"),
        ("pauses", "礼拜六礼拜天不用送"),
        ("resumes", "明天不停了 照送"),
        ("until", "换到15号为止"),
        ("wrong_person", "错了错了 是给我老伴理 不是我"),
        ("wrong_person", "不是我妈，是我婆婆"),
        ("another_home", "你们去我闺女那儿打扫"),
        ("how_many", "要两份 我老姐妹来了"),
        ("besides", "顺便把窗帘也洗了"),
        ("besides", "让他把窗子也擦了"),
        ("counts", "我一共订了几个"),
        ("counts", "都订了啥"),
        ("counts", "我刚才订的啥来着"),
        ("ordered_before", "我上周三给我妈订的助浴"),
        ("withdraws", "不租了，算了"),
        ("sooner", "早一点行不行"),
        ("more_to_come", "还有一个事"),
        ("is_wrong", "我订的打扫地址错了"),
        ("same_again", "我爸也要一次，后天"),
    ],
)
def test_a_sentence_about_an_order_carries_its_cue(cue: str, text: str) -> None:
    assert cues.says(cue, text)


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("pauses", "明天不停了"),
        ("ordered_before", "跟上回订的一样，再来一次"),
        ("counts", "一共多少钱"),
        ("sooner", "早上八点"),
        ("more_to_come", "等一下，改到后天"),
        ("withdraws", "不用了"),
        ("another_home", "送到三号楼"),
    ],
)
def test_a_sentence_like_it_does_not(cue: str, text: str) -> None:
    assert not cues.says(cue, text)


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("推迟一小时", timedelta(hours=1)),
        ("往后推半个小时", timedelta(minutes=30)),
        ("延后两天", timedelta(days=2)),
        ("提前一个钟头", timedelta(hours=-1)),
        ("早上八点", None),
        ("九点吧", None),
    ],
)
def test_by_how_much_something_is_put_off(text: str, by: timedelta | None) -> None:
    assert cues.shift(text) == by


@pytest.mark.parametrize(
    ("iso", "text", "later"),
    [
        ("2026-11-25T09:00", "推迟一小时", "2026-11-25T10:00"),
        ("2026-11-25T08:00/2026-11-25T12:00", "延后两天", "2026-11-27T08:00/2026-11-27T12:00"),
        ("2026-11-25", "提前一天", "2026-11-24"),
        ("2026-11-25", "推迟一小时", None),
        ("2026-11-25T09:00", "改天再说", None),
    ],
)
def test_a_wanted_time_is_put_off(iso: str, text: str, later: str | None) -> None:
    moved = move.shifted(Wanted(iso=iso), text)
    assert (moved and moved.iso) == later


@pytest.mark.parametrize(
    ("clock", "rule", "first"),
    [
        ("11:30", "FREQ=DAILY", "2026-11-26T11:30"),
        ("09:00", "FREQ=DAILY", "2026-11-27T09:00"),
        ("09:00", "FREQ=WEEKLY;BYDAY=TU", None),
    ],
)
def test_what_runs_every_day_has_its_new_hour_from_the_next_visit_on(
    clock: str, rule: str, first: str | None
) -> None:
    later = move.from_now(Wanted(iso=f"2026-11-24T{clock}", recurrence=rule), MORNING)
    assert (later and later.iso) == first


def test_no_cue_stands_twice_in_the_lexicon() -> None:
    text = (Path(config.__file__).parent / "lexicon" / "replies.yaml").read_text("utf-8")
    names = [line.split(":")[0] for line in text.splitlines() if line[:1].isalpha() and ":" in line]
    assert [name for name, count in Counter(names).items() if count > 1] == []
