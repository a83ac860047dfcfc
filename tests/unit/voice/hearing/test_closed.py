from config.hearing import load_hearing_words
from voice.hearing.closed import (
    has_grammar,
    is_closed,
    jsgf,
    made_of,
    mean_alike,
    meaning,
    vocabulary,
)
from voice.hearing.recogniser import Hint

WORDS = load_hearing_words()
CONFIRM, TIME = Hint("confirm"), Hint("time")


def test_only_questions_with_known_answers_are_closed() -> None:
    assert is_closed(CONFIRM, WORDS) and is_closed(Hint("phone"), WORDS)
    assert not is_closed(Hint(), WORDS) and not is_closed(Hint("place"), WORDS)


def test_a_name_is_a_closed_question_where_names_are_offered() -> None:
    assert not is_closed(Hint("name"), WORDS)
    assert is_closed(Hint("name", ("王桂兰", "马建国")), WORDS)


def test_the_grammar_holds_the_rules_that_it_needs_and_the_phrases() -> None:
    grammar = jsgf(Hint("beneficiary", ("王桂兰",)), WORDS)
    assert grammar.startswith("#JSGF V1.0 UTF-8;")
    assert "<relation> = " in grammar and "<digit>" not in grammar
    assert "public <answer> = [给] <relation> | 王桂兰;" in grammar


def test_rules_of_rules_are_included() -> None:
    assert "<week_day> = " in jsgf(TIME, WORDS)
    assert {"星期", "下午", "点", "半"} <= vocabulary(TIME, WORDS)


def test_marks_in_a_phrase_can_not_break_the_grammar() -> None:
    assert "public <answer> = 一号楼b | 二号楼;" in jsgf(Hint("which_item", ("一号楼(b)", "二号楼|")), WORDS)


def test_every_answer_to_yes_or_no_is_either() -> None:
    agree, refuse = (set(WORDS.rules[name].split(" | ")) for name in ("agree", "refuse"))
    assert not agree & refuse
    assert vocabulary(CONFIRM, WORDS) == agree | refuse


def test_some_questions_have_likely_answers_but_no_grammar() -> None:
    correction = Hint("correction")
    assert is_closed(correction, WORDS) and not has_grammar(correction, WORDS)
    assert has_grammar(CONFIRM, WORDS) and not has_grammar(Hint("detail"), WORDS)


def test_a_name_on_offer_may_be_said_without_for() -> None:
    assert "[给] 王桂兰;" in jsgf(Hint("beneficiary", ("给王桂兰",)), WORDS)


def test_answers_that_mean_the_same_have_one_meaning() -> None:
    assert meaning("是的", CONFIRM, WORDS) == meaning("对着呢", CONFIRM, WORDS) == "<agree>"
    assert meaning("不对是后天", CONFIRM, WORDS) not in ("<agree>", "<refuse>")
    assert meaning("礼拜三", TIME, WORDS) == meaning("星期三", TIME, WORDS)
    assert meaning("明天", TIME, WORDS) != meaning("今天", TIME, WORDS)


def test_made_of_words() -> None:
    assert made_of("明天上午", frozenset({"明天", "上午"}))
    assert not made_of("明天上", frozenset({"明天", "上午"}))


def test_two_words_for_yes_mean_alike_but_two_times_do_not() -> None:
    assert mean_alike("是的", "对着呢", CONFIRM, WORDS)
    assert not mean_alike("是的", "不是的", CONFIRM, WORDS)
    assert not mean_alike("上午", "下午", TIME, WORDS)
