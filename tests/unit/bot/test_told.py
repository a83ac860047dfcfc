"""What of a message is kept for whoever comes, and what says nothing."""

from __future__ import annotations

from datetime import datetime

import pytest

from backend.domain.people import Caller
from bot.composition import build_dialogue
from bot.dialogue import forms, told
from bot.dialogue.memory import Form, Memory
from bot.dialogue.turn import Turn, World
from nlu.slots.detail import as_meant
from nlu.speech import simplified

MOMENT = datetime.fromisoformat("2026-11-24T09:30")


@pytest.mark.parametrize(
    "said",
    [
        "你好",
        "谢谢你们了",
        "麻烦你们了谢谢",
        "我想问一下",
        "多少钱一次",
        "她能领不",
        "12",
        "我在外地上班",
        "<script>",
    ],
)
def test_courtesies_questions_and_scraps_tell_nothing(said: str) -> None:
    assert not told._is_told(said)


@pytest.mark.parametrize(
    "said", ["他有褥疮", "灯是吸顶的", "活的", "六楼没电梯", "能不能垫高点", "阳台不用弄"]
)
def test_what_is_told_of_the_job_is_no_courtesy(said: str) -> None:
    assert told._is_told(said)


@pytest.mark.parametrize(
    ("said", "things"),
    [
        ("二斤鸡蛋一袋盐一瓶醋", ["二斤鸡蛋", "一袋盐", "一瓶醋"]),
        ("阿司匹林一盒二甲双胍两盒", ["阿司匹林一盒", "二甲双胍两盒"]),
        ("一袋面", ["一袋面"]),
        ("换纱窗", ["换纱窗"]),
    ],
)
def test_counted_things_in_a_row_are_one_each(said: str, things: list[str]) -> None:
    assert told._listed(said) == things


def told_in(*said: str) -> list[Form]:
    """The requests under way after these sentences."""
    dialogue, memory = build_dialogue(), Memory()
    for text in said:
        turn = Turn(session="s", sender="13909510001", now=MOMENT, text=text)
        memory = dialogue.respond(
            memory, turn, World(caller=Caller(sender="13909510001", phone="13909510001"))
        ).memory
    return memory.forms


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("轮椅换个轮胎", ["轮椅换个轮胎"]),
        ("换个水龙头", ["换个水龙头"]),
        ("买电池五号的", ["电池五号的"]),
        ("洗三床被子，两个毯子", ["洗三床被子", "两个毯子"]),
        ("我爸要洗澡，明天上午，他坐轮椅，前几天刚出院", ["他坐轮椅", "前几天刚出院"]),
        ("我想给我妈订个饭，明天中午，谢谢", []),
        ("我想从下周一开始订午饭，连续五天", ["午饭"]),
        ("我想打扫卫生，今天就开始", []),
        ("我是说修一下水龙头，厨房的水龙头坏了", ["修一下水龙头", "厨房的水龙头坏了"]),
        ("帮我买点东西", []),
        ("帮忙买点东西，两袋米", ["两袋米"]),
    ],
)
def test_a_part_takes_the_place_of_the_pieces_of_it_that_were_kept(said: str, kept: list[str]) -> None:
    (form,) = told_in(said)
    assert forms.told(form) == kept


def test_whom_it_is_for_and_the_name_are_taken_from_an_answer_to_something_else() -> None:
    (form,) = told_in("想理个发，明天上午", "给我妈，叫马秀英")
    assert (form.relation, form.name, forms.told(form)) == ("mother", "马秀英", ["理个发"])


def test_what_was_told_before_holds_for_the_next_request_only() -> None:
    (form,) = told_in("我妈耳朵背得很，你们来的人说话大声点", "给她约个洗澡，明天上午")
    assert any("耳朵背" in one for one in form.wishes)


def test_notes_are_written_in_simplified_characters_and_names_as_they_are() -> None:
    assert simplified("理髮，興慶區２號樓 OK，李昇") == "理发，兴庆区２号楼 OK，李昇"


def test_a_bill_is_known_by_its_sound_where_bills_are_paid() -> None:
    assert as_meant("交一下垫费", "utility_payment") == "交一下电费"
    assert as_meant("交一下垫费", "errand") == "交一下垫费"
