"""Bare answers by rule, only when nothing else is said."""

import pytest

from nlu.answers import bare_answer
from nlu.understanding import Expecting


@pytest.mark.parametrize(
    ("text", "expecting", "label"),
    [
        ("对对对", None, "affirm"),
        ("嗯，对着呢", None, "affirm"),
        ("不是的", None, "deny"),
        ("不对不对", None, "deny"),
        ("對", None, "affirm"),
        ("好", None, None),
        ("好", Expecting.CONFIRM, "affirm"),
        ("嗯", Expecting.CONFIRM, "affirm"),
        ("嗯？", Expecting.CONFIRM, None),
        ("成", Expecting.CONFIRM, "affirm"),
        ("对，再订一份饭", Expecting.CONFIRM, None),
        ("对，不对", None, None),
        ("转人工", None, "human"),
        ("谢谢啊", None, "thanks"),
        ("", None, None),
        ("我要订饭", None, None),
    ],
)
def test_bare_answers(text: str, expecting: Expecting | None, label: str | None) -> None:
    assert bare_answer(text, expecting=expecting) == label
