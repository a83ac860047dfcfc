import pytest

from voice.speaking import fragments
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


def test_a_comma_may_stand_in_for_a_full_stop_but_not_for_a_question() -> None:
    assert fragments.compose("安排好了，", has) == ["安排好了。"]
    assert fragments.compose("安排好了？", has) is None


def test_pieces_never_join_where_the_speech_did_not_run_on() -> None:
    assert fragments.compose("安排好了送餐，", has) is None


def test_a_missing_mark_counts_as_a_full_stop() -> None:
    assert plan("安排好了", has) == [Part(("安排好了。",), mark="。")]
