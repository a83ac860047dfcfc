"""Makes `model/slots.crfsuite` from the annotated sentences."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pycrfsuite

from nlu.data_files import DATA_FOLDER, Example, read_file
from nlu.slots import candidates
from nlu.slots.hearing import as_heard
from nlu.slots.tagger import MODEL_FILE, OUTSIDE, features
from nlu.speech import even

# The files whose sentences mark every slot as docs/understanding.md says; in the others many are left unmarked.
LEARNED = (
    "seed/*.yml", "items/*.yml", "multi/*.yml", "people/*.yml", "more/*.yml", "talk/*.yml", "hard/government.yml",
    "hard/home.yml",
)  # fmt: skip
# Chosen on sentences of the training files; the first also keeps the file small.
SETTINGS = {"c1": 0.4, "c2": 0.1, "max_iterations": 80, "feature.possible_transitions": True}


def tags_of(sentence: Example) -> list[str]:
    """One tag a letter: B-slot, I-slot or O."""
    tags = [OUTSIDE] * len(sentence.text)
    for span in sentence.spans:
        tags[span.start : span.end] = [f"I-{span.slot}"] * (span.end - span.start)
        tags[span.start] = f"B-{span.slot}"
    return tags


def sentences(data: Path = DATA_FOLDER) -> list[Example]:
    """The sentences that it learns from."""
    files = sorted({path for pattern in LEARNED for path in data.glob(pattern)})
    return [sentence for path in files for sentence in read_file(path)]


def fit_tagger(
    *, data: Path = DATA_FOLDER, path: Path = MODEL_FILE, say: Callable[[str], None] = print
) -> None:
    """Train on the annotated sentences and write the model (a minute)."""
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set_params(SETTINGS)
    learned = sentences(data)
    for sentence in learned:
        text = as_heard(even(sentence.text))
        trainer.append(features(text, sentence.labels, candidates(text)), tags_of(sentence))
    trainer.train(str(path))
    say(f"slots: {len(learned)} sentences, {path.stat().st_size // 1000} kB")
