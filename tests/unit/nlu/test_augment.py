"""Sentences that are made from others mean what they should."""

import random

from nlu.augment import cut_out_answers, join, joined, misheard, with_courtesy, with_questions
from nlu.data_files import Example, read_sentence


def example(marked: str, *labels: str) -> Example:
    text, spans = read_sentence(marked)
    return Example(text, labels, spans)


MEAL = example("给[我妈](beneficiary)送[三份](detail)饭", "meal")
BATH = example("[明天](time)来人洗澡", "bath")
POLICY = example("补贴一个月多少钱", "policy_question")
ALL = [
    MEAL,
    BATH,
    POLICY,
    example("你好", "greet"),
    example("谢谢", "thanks"),
    example("[后晌](time)", "inform"),
]


def test_two_requests_in_one_breath_keep_labels_and_spans() -> None:
    both = join(MEAL, BATH, "，再")
    assert both.text == "给我妈送三份饭，再明天来人洗澡"
    assert both.labels == ("meal", "bath")
    assert [both.text[span.start : span.end] for span in both.spans] == ["我妈", "三份", "明天"]


def test_joined_sentences_never_repeat_one_label() -> None:
    assert all(len(one.labels) >= 2 for one in joined(ALL, random.Random(1), 50))


def test_cut_out_answers_inform() -> None:
    answers = cut_out_answers(ALL, random.Random(1), 10)
    assert {(one.text, one.labels, one.expecting) for one in answers} == {
        ("我妈", ("inform",), "beneficiary"), ("三份", ("inform",), "detail"), ("明天", ("inform",), "time"),
    }  # fmt: skip


def test_courtesy_changes_no_label_and_moves_spans_along() -> None:
    for one in with_courtesy(ALL, random.Random(2), 20):
        assert one.labels in {("meal",), ("bath",), ("policy_question",)}
        assert all(one.text[span.start : span.end] == span.text for span in one.spans)


def test_misheard_sentences_keep_their_spans() -> None:
    for one in misheard(ALL, random.Random(3), 6, share=0.5):
        assert all(one.text[span.start : span.end] == span.text for span in one.spans)


def test_questions_are_put_before_answers_mostly() -> None:
    asked = with_questions([ALL[5]] * 200, random.Random(4))
    share = sum(one.expecting == "time" for one in asked) / 200
    assert 0.6 < share < 0.8
