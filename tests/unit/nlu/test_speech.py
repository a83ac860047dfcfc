"""Evening out and hearing: one character in, one out, whatever comes."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.speech import MAX_LENGTH, cut, even, fold, in_one_line, sounds, spelled, tables


@given(st.text(max_size=200))
def test_evening_out_keeps_every_offset(text: str) -> None:
    assert len(even(text)) == len(text)
    assert len(sounds(even(text))) == len(text)


@given(st.text(max_size=100))
def test_evening_out_twice_changes_nothing_more(text: str) -> None:
    assert even(even(text)) == even(text)


@pytest.mark.parametrize(
    ("written", "evened"),
    [
        ("我要訂飯", "我要订饭"),
        ("ＡＢＣ１２３", "abc123"),
        ("一\x00二\u200b三", "一 二 三"),
        ("低保！", "低保!"),
    ],
)
def test_writing_is_evened_out(written: str, evened: str) -> None:
    assert even(written) == evened


def test_traditional_and_misheard_characters_sound_like_the_plain_ones() -> None:
    assert list(sounds(even("低保"))) == list(sounds("抵保"))
    assert list(sounds(even("訂飯"))) == list(sounds("订饭"))


@pytest.mark.parametrize(
    ("letters", "syllables"),
    [("woyaodingfan", ("wo", "yao", "ding", "fan")), ("hello", ()), ("xyz", ()), ("nihao", ("ni", "hao"))],
)
def test_latin_letters_that_spell_syllables_sound(letters: str, syllables: tuple[str, ...]) -> None:
    assert spelled(letters) == syllables


@pytest.mark.parametrize(
    ("one", "other"),
    [("nan", "lan"), ("zhu", "zu"), ("sheng", "shen"), ("jing", "jin"), ("hui", "fei"), ("hua", "fa")],
)
def test_sounds_that_run_together_fold_alike(one: str, other: str) -> None:
    table = tables()
    assert table.folded[table.numbers[one]] == table.folded[table.numbers[other]]


def test_folding_leaves_other_sounds_alone() -> None:
    rules = {"syllables": {}, "finals": {"eng": "en"}, "initials": {"zh": "z"}}
    assert fold("zheng", rules) == "zen"
    assert fold("ma", rules) == "ma"


def test_the_longest_input_is_cut_and_quick() -> None:
    text = cut("饭" * 100_000)
    assert len(text) == MAX_LENGTH
    started = time.perf_counter()
    even(text)
    assert time.perf_counter() - started < 0.05


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("我妈要订饭\n明天中午\r\n\r\n于秀琴", "我妈要订饭，明天中午，于秀琴"),
        ("预约：\n项目：洗澡，\n明天\n", "预约：项目：洗澡，明天"),
        ("明天中午 \n 两份", "明天中午，两份"),
    ],
)
def test_lines_are_parts_of_a_sentence(written: str, said: str) -> None:
    assert in_one_line(written) == said
