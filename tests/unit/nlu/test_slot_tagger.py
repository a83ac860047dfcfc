"""The tagger of slots: what it marks, and that it is bounded and may be asked from any thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.data_files import Example, read_sentence
from nlu.slots import candidates, find_slots
from nlu.slots.fit_tagger import tags_of
from nlu.slots.tagger import MODEL_FILE, SlotTagger, features, load_tagger, stretches
from nlu.understanding import Expecting

NOW = datetime.fromisoformat("2026-11-24T09:30")


@pytest.mark.parametrize(
    "marked", ["给[我妈](beneficiary)送[三份](detail)饭", "[明天](time)[中午](time)", "没有"]
)
def test_tags_become_the_stretches_they_came_from(marked: str) -> None:
    text, spans = read_sentence(marked)
    tags = tags_of(Example(text, ("meal",), spans))
    assert stretches(tags) == [(span.start, span.end) for span in spans]


def test_an_inside_without_a_beginning_begins_a_stretch() -> None:
    assert stretches(["O", "I-time", "I-time", "I-place"]) == [(1, 3), (3, 4)]


def test_what_no_word_list_holds_is_found_by_where_it_stands() -> None:
    text = "陪我去县里的中医院"
    assert find_slots(text, now=NOW) == ()
    assert [slot.text for slot in find_slots(text, now=NOW, labels=("medical_escort",))] == ["中医院"]


def test_a_stretch_that_is_rather_none_is_told_of_with_less_confidence() -> None:
    class Tagger:
        """«明天来» with «明天» marked for certain and «来» at four tenths."""

        chances: ClassVar = {(0, "B-time"): 0.9, (1, "I-time"): 0.9, (2, "O"): 0.6, (2, "B-detail"): 0.4}

        def tag(self, rows: list[list[str]]) -> list[str]:
            return ["B-time", "I-time", "O"]

        def marginal(self, tag: str, place: int) -> float:
            return float(self.chances.get((place, tag), 0.0))

    tagger = SlotTagger(MODEL_FILE)
    tagger._tagger = Tagger()
    found = tagger.spans("明天来", ("meal",), ())
    assert [(one.slot, one.start, one.end, one.confidence) for one in found] == [
        ("time", 0, 2, 0.9),
        ("detail", 2, 3, 0.4),
    ]
    Tagger.chances = {(0, "B-time"): 0.9, (1, "I-time"): 0.9, (2, "O"): 0.6, (2, "I-time"): 0.4}
    assert len(tagger.spans("明天来", ("meal",), ())) == 1  # only the uncertain edge of what is marked


def test_a_pronoun_is_no_further_person() -> None:
    slots = find_slots("我爸一个人，能不能每周三派人去看看他", now=NOW, labels=("care_visit",))
    assert [slot.text for slot in slots if slot.slot == "beneficiary"] == ["我爸"]


def test_an_answer_is_left_to_the_rules() -> None:
    text = "陪我去县里的中医院"
    by_rules = find_slots(text, now=NOW, expecting=Expecting.TIME)
    assert find_slots(text, now=NOW, expecting=Expecting.TIME, labels=("medical_escort",)) == by_rules
    assert find_slots(text, now=NOW, labels=("medical_escort",)) != by_rules


@given(st.text(max_size=60))
def test_any_text_has_a_row_a_letter_and_spans_inside_it(text: str) -> None:
    assert len(features(text, ("meal",), ())) == len(text)
    for span in load_tagger().spans(text, ("meal",), ()):
        assert 0 <= span.start < span.end <= len(text)
        assert 0 <= span.confidence <= 1.0001


def test_threads_do_not_mix_their_sentences() -> None:
    texts = ["给我妈送三份饭", "明天陪我爸去县医院", "擦玻璃，周五下午", "替我交电费，五十块"] * 25
    alone = [load_tagger().spans(text, ("meal",), candidates(text)) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: load_tagger().spans(text, ("meal",), candidates(text)), texts))
    assert together == alone
