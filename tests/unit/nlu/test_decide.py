"""From scores to labels that are acted on."""

import numpy as np
import pytest

from nlu.decide import Weights, choose, is_sure, mix
from nlu.understanding import Danger

LABELS = ("meal", "bath", "emergency", "inform", "out_of_scope")
WEIGHTS = Weights(second=0.4, second_by_part=0.3, emergency_alone=0.6, least=0.2)


def names(*chances: float, danger: Danger | None = None) -> list[str]:
    return [one.label for one in choose(np.array(chances, np.float32), LABELS, WEIGHTS, danger)]


@pytest.mark.parametrize(
    ("chances", "expected"),
    [
        ((0.9, 0.1, 0.0, 0.1, 0.0), ["meal"]),
        ((0.9, 0.5, 0.0, 0.1, 0.0), ["meal", "bath"]),
        ((0.9, 0.0, 0.0, 0.8, 0.0), ["meal"]),  # an answer beside a request adds nothing
        ((0.5, 0.0, 0.0, 0.8, 0.0), ["inform"]),
        ((0.1, 0.1, 0.1, 0.1, 0.1), ["out_of_scope"]),
        ((0.9, 0.1, 0.5, 0.1, 0.0), ["meal"]),  # the classifier alone must be surer of an emergency
        ((0.9, 0.1, 0.7, 0.1, 0.0), ["emergency", "meal"]),
    ],
)
def test_labels_follow_the_chances(chances: tuple[float, ...], expected: list[str]) -> None:
    assert names(*chances) == expected


def test_danger_goes_before_everything_and_drops_what_stands_alone() -> None:
    danger = Danger("fall", 0.95, ("摔",))
    assert names(0.9, 0.1, 0.1, 0.1, 0.0, danger=danger) == ["emergency", "meal"]
    assert names(0.1, 0.1, 0.1, 0.9, 0.0, danger=danger) == ["emergency"]


def test_the_fast_path_needs_certainty_and_a_lead() -> None:
    weights = Weights(sure_alone=0.9, sure_lead=3)
    assert is_sure(np.array([5, 0, 0], np.float32), weights)
    assert not is_sure(np.array([5, 4, 0], np.float32), weights)
    assert not is_sure(np.array([0, -9, -9], np.float32), weights)


def test_mixing_is_a_weighted_sum() -> None:
    mixed = mix(
        np.array([1.0], np.float32), np.array([2.0], np.float32), Weights(encoder=0.5, ngrams=2, shift=1)
    )
    assert mixed[0] == pytest.approx(5.5)


def test_a_part_that_says_it_alone_makes_a_second_label_likelier() -> None:
    chances = np.array([0.9, 0.35, 0.0, 0.0, 0.0], np.float32)
    assert [one.label for one in choose(chances, LABELS, WEIGHTS)] == ["meal"]
    both = choose(chances, LABELS, WEIGHTS, parts={"meal": 0.5, "bath": 0.5})
    assert [one.label for one in both] == ["meal", "bath"]


def test_a_joint_leads_from_one_sure_part_to_another() -> None:
    chances = np.array(
        [0.2 if label == "bath" else 0.9 if label == "meal" else 0.0 for label in LABELS], np.float32
    )
    sure = {"meal": 0.97, "bath": 0.95}
    assert [one.label for one in choose(chances, LABELS, WEIGHTS, parts=sure)] == ["meal"]
    assert [one.label for one in choose(chances, LABELS, WEIGHTS, parts=sure, joined=True)] == [
        "meal",
        "bath",
    ]
    unsure = sure | {"bath": 0.5}
    assert [one.label for one in choose(chances, LABELS, WEIGHTS, parts=unsure, joined=True)] == ["meal"]
