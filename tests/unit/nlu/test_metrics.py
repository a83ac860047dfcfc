"""The figures count what they say they count."""

import pytest

from nlu.data_files import Annotation, Example
from nlu.metrics import Judged, figures
from nlu.understanding import ScoredLabel, Slot, Understanding


def judged(meant: str, understood: str, *, confidence: float = 1.0, style: str = "plain") -> Judged:
    labels = tuple(ScoredLabel(label, confidence) for label in understood.split("+"))
    return Judged(
        Example("给我妈送饭", tuple(meant.split("+")), style=style), Understanding("给我妈送饭", labels)
    )


def test_exact_sets_and_items() -> None:
    found = figures([judged("meal", "meal"), judged("meal+bath", "meal"), judged("affirm", "affirm")])
    assert found.exact == pytest.approx(2 / 3)
    assert found.items_right == pytest.approx(1 / 2)
    assert found.first_right == 1
    assert dict(found.confusions) == {("bath", "–"): 1}


def test_off_topic_is_acted_on_when_any_order_or_answer_comes_of_it() -> None:
    found = figures([judged("out_of_scope", "out_of_scope"), judged("out_of_scope", "meal")])
    assert found.off_topic_acted_on == 0.5


def test_emergency_recall_and_precision() -> None:
    found = figures(
        [judged("emergency", "emergency"), judged("emergency", "meal"), judged("meal", "emergency")]
    )
    assert found.emergency_recall == 0.5
    assert found.emergency_precision == 0.5


def test_calibration_is_the_gap_between_confidence_and_truth() -> None:
    sentences = [judged("meal", "meal", confidence=0.75)] * 3 + [judged("meal", "bath", confidence=0.75)]
    assert figures(sentences).calibration_error == pytest.approx(0)


def test_slots_are_judged_strictly_by_their_words() -> None:
    example = Example(
        "给我妈送三份饭",
        ("meal",),
        (Annotation("beneficiary", 1, 3, "我妈"), Annotation("detail", 4, 6, "三份")),
    )
    slots = (Slot("beneficiary", "我妈", 1, 3), Slot("detail", "三份饭", 4, 7))
    found = figures([Judged(example, Understanding(example.text, (ScoredLabel("meal", 1.0),), slots=slots))])
    assert found.by_slot == {"all": (0.5, 2), "beneficiary": (1.0, 1), "detail": (0.0, 1)}


def test_styles_are_told_apart() -> None:
    found = figures([judged("meal", "meal", style="elder"), judged("meal", "bath", style="short")])
    assert found.by_style == {"elder": (1.0, 1), "short": (0.0, 1)}
