"""The committed model: trained on the data files as they are, and good enough on sentences it never saw."""

import hashlib
import json
from pathlib import Path

import pytest

from nlu.data_files import read_folder
from nlu.evaluate import Evaluation, evaluate
from nlu.parse import MODEL_FOLDER, load_parser
from nlu.train import drift

HERE = Path(__file__).parent
MOST_UNSEEN = (
    0.03  # share of the training sentences that the encoder may not have seen before it is trained anew
)
MOST_BYTES = 50_000_000


@pytest.fixture(scope="module")
def done() -> Evaluation:
    return evaluate(load_parser(), read_folder(HERE / "validation"))


def test_model_and_data_have_not_drifted_apart() -> None:
    has_drifted, unseen = drift()
    assert not has_drifted, "the data files changed: run `nuanxian nlu train`"
    assert unseen <= MOST_UNSEEN, "many sentences are new to the encoder: run `make train-encoder`"


def test_the_files_are_those_of_the_manifest() -> None:
    note = json.loads((MODEL_FOLDER / "manifest.json").read_text(encoding="utf-8"))
    for name, digest in note["files"].items():
        assert hashlib.sha256((MODEL_FOLDER / name).read_bytes()).hexdigest() == digest, name


def test_the_model_is_small() -> None:
    assert sum(path.stat().st_size for path in MODEL_FOLDER.iterdir()) < MOST_BYTES


# What the committed model reaches on the validation sentences, less one point: a later model may not be worse.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("figure", "least"),
    [
        ("exact", 0.82),
        ("first_right", 0.86),
        ("items_right", 0.86),
        ("macro_f1", 0.85),
        ("emergency_recall", 0.89),
    ],
)
def test_the_model_is_as_good_as_it_was(done: Evaluation, figure: str, least: float) -> None:
    assert getattr(done.clean, figure) >= least


@pytest.mark.slow
def test_misheard_sentences_cost_at_most_five_points(done: Evaluation) -> None:
    assert done.misheard is not None
    assert done.clean.exact - done.misheard.exact <= 0.05
