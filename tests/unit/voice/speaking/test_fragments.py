import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.speaking import fragments
from voice.speaking.figures import speaking_rules
from voice.speaking.fragments import Part, plan

KNOWN = {
    "您好，这里是暖线。",
    "安排好了。",
    "明天~",
    "~中午十二点的~",
    "~送餐，",
    "~送餐。",
    "地址是~",
    "~十二点的~",
    "~中午~",
    "对吗？",
    "~金凤区~",
    "~三号楼~",
    "~二单元~",
    "~五~",
    "~零~",
    "~幺。",
    "~三~",
    "您想办什么，",
    "好，您保重，",
    "您保重，",
}


def has(piece: str) -> bool:
    return piece in KNOWN


def test_pieces_of_a_script_tell_where_the_speech_ran_on() -> None:
    assert fragments.pieces("明天|中午十二点的|送餐，") == ["明天~", "~中午十二点的~", "~送餐，"]
    assert fragments.pieces("您好。") == ["您好。"]


@pytest.mark.parametrize(
    ("sentence", "cut"),
    [("好，您保重身体，有事随时找我。", ["好，您保重身体，", "有事随时找我。"]), ("安排好了。", ["安排好了。"]),
     ("送饭、打扫、看病，都能叫人上门。", ["送饭、打扫、看病，", "都能叫人上门。"])],
)  # fmt: skip
def test_sentences_are_cut_at_commas_and_short_clauses_stay(sentence: str, cut: list[str]) -> None:
    assert fragments.clauses(sentence) == cut


def test_a_sentence_that_is_there_is_played_whole() -> None:
    assert plan("您好，这里是暖线。", has) == [Part(("您好，这里是暖线。",), mark="。")]


def test_a_new_sentence_is_put_together_from_the_fewest_pieces() -> None:
    assert plan("明天中午十二点的送餐，安排好了。", has) == [
        Part(("明天~", "~中午十二点的~", "~送餐，"), mark="，"),
        Part(("安排好了。",), mark="。"),
    ]


def test_what_is_not_there_is_rendered_behind_its_fixed_beginning() -> None:
    assert plan("地址是长城花园。", has) == [Part(("地址是~",)), Part((), live="长城花园。", mark="。")]


def test_a_clause_without_a_fixed_beginning_is_rendered_as_a_whole() -> None:
    assert plan("马建国您好，对吗？", has) == [
        Part((), live="马建国您好，", mark="，"),
        Part(("对吗？",), mark="？"),
    ]


def _shown(sentence: str) -> str:
    """A plan on one line: pieces joined by +, what is rendered now in brackets."""
    return " ".join(f"[{part.live}]" if part.live else "+".join(part.pieces) for part in plan(sentence, has))


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        # Only the name of the estate is rendered now.
        ("地址是长城花园三号楼二单元五零幺。", "地址是~ [长城花园、] ~三号楼~+~二单元~+~五~+~零~+~幺。"),
        # The beginning is as long as can be, and a long rest comes a breath at a time.
        ("地址是金凤区北京中路八十八号长城花园。", "地址是~+~金凤区~ [北京中路、] [八十八号长城花园。]"),
        # A number is never taken apart between speech of two kinds, and a figure is not the beginning of a name.
        ("地址是长城花园十三号楼二单元五零幺。", "地址是~ [长城花园十三号楼、] ~二单元~+~五~+~零~+~幺。"),
        ("地址是三里屯。", "地址是~ [三里屯。]"),
        ("地址是长城花园零幺。", "地址是~ [长城花园零幺。]"),
    ],
)
def test_an_address_is_rendered_where_it_must_be(sentence: str, shown: str) -> None:
    assert _shown(sentence) == shown


def test_a_name_does_not_wait_for_the_clause_behind_it_that_is_there() -> None:
    assert _shown("马秀英，您想办什么，对吗？") == "[马秀英，] 您想办什么， 对吗？"
    assert _shown("好，您保重，对吗？") == "好，您保重， 对吗？"


@pytest.mark.parametrize(
    ("text", "breaths"),
    [
        ("长城花园三号楼", ["长城花园三号楼"]),
        ("怀远西路宁华园小区必区", ["怀远西路", "宁华园小区必区"]),
        ("望远镇立业新村", ["望远镇立业新村"]),
        ("宁夏回族自治区银川市金凤区", ["宁夏回族自治区", "银川市金凤区"]),
        ("没有一个字可以歇一口气的长长的名字", ["没有一个字可以歇一口气的长长的名字"]),
    ],
)
def test_long_names_are_rendered_a_breath_at_a_time(text: str, breaths: list[str]) -> None:
    assert fragments.breaths(text) == breaths
    assert "".join(fragments.breaths(text)) == text


@given(
    st.text(
        "地址是金凤区长城花园三号楼二单元五零幺，明天中午十二点的送餐路村安排好了？。",
        min_size=1,
        max_size=30,
    )
)
def test_every_word_is_said_once_and_in_order(sentence: str) -> None:
    said = "".join(piece for part in plan(sentence, has) for piece in (*part.pieces, part.live))
    assert re.sub("[~，。？、]", "", said) == re.sub("[，。？]", "", sentence)


def test_the_pause_of_a_breath_is_among_the_pauses() -> None:
    assert fragments.BREATH in speaking_rules()["pauses_ms"]


def test_a_comma_may_stand_in_for_a_full_stop_but_not_for_a_question() -> None:
    assert fragments.compose("安排好了，", has) == ["安排好了。"]
    assert fragments.compose("安排好了？", has) is None


def test_pieces_never_join_where_the_speech_did_not_run_on() -> None:
    assert fragments.compose("安排好了送餐，", has) is None


def test_a_missing_mark_counts_as_a_full_stop() -> None:
    assert plan("安排好了", has) == [Part(("安排好了。",), mark="。")]
