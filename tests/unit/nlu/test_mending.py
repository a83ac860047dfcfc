"""What was misheard is set right, and what was said stays as it is."""

import random

import pytest

from nlu.data_files import read_folder
from nlu.engines.fit_mending import fit_mending
from nlu.engines.mending import Mender, mended
from nlu.noise import mishear
from nlu.speech import even

SAID = ["我想洗澡", "给我妈订个午饭", "明天来人打扫卫生", "我要洗澡", "帮我订午饭", "我妈想洗澡"] * 3


@pytest.fixture(scope="module")
def mender() -> Mender:
    return fit_mending(SAID, ["卫生"])


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("我想喜澡", "我想洗澡"),
        ("给我妈订个午犯", "给我妈订个午饭"),
        ("名天来人打扫卫生", "明天来人打扫卫生"),
    ],
)
def test_a_character_that_does_not_go_with_its_neighbours_gives_way(
    mender: Mender, heard: str, meant: str
) -> None:
    assert mender.mend(heard) == meant


@pytest.mark.parametrize(
    "text", ["", "我想洗澡", "13909510001", "wo yao xi zao", "👍", "魑魅魍魉", "ＡＢＣ，。", "…"]
)
def test_what_is_known_or_has_no_likeness_stays(mender: Mender, text: str) -> None:
    assert mender.mend(text) == text


def test_the_length_stays_and_what_is_not_changed_stays_as_it_was_written(mender: Mender) -> None:
    assert mender.mend("我想喜澡，ＯＫ") == "我想洗澡，ＯＫ"


def test_a_saved_mender_mends_the_same(mender: Mender, tmp_path) -> None:  # type: ignore[no-untyped-def]
    mender.save(tmp_path / "mending.npz")
    assert Mender.load(tmp_path / "mending.npz").mend("我想喜澡") == mender.mend("我想喜澡")


def test_the_committed_one_sets_most_misheard_characters_right() -> None:
    texts = [even(example.text) for example in read_folder()[::40]]
    chance = random.Random(3)
    wrong = right = 0
    for text in texts:
        heard = mishear(text, chance)
        for said, was, now in zip(text, heard, mended(heard), strict=True):
            wrong += said != was
            right += said != was and now == said
    assert right >= 0.85 * wrong > 0


def test_long_texts_are_mended_in_bounded_time() -> None:
    assert len(mended("魑魅" * 200)) == 400
