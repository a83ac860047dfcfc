"""Makes the committed model from the data files: tables, n-grams, and (in its own environment) the encoder."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from config.catalogue import load_catalogue
from nlu.augment import cut_out_answers, joined, misheard, with_courtesy, with_questions
from nlu.clauses import MARKS
from nlu.danger.patterns import words_of_danger
from nlu.data_files import DATA_FOLDER, Example, fingerprint, read_folder
from nlu.decide import Weights
from nlu.engines.encoder import EncoderModel
from nlu.engines.tokens import Vocabulary
from nlu.speech import build_tables
from nlu.understanding import TALK_LABELS

MODEL_FOLDER = Path(__file__).parent / "model"
WORK_FOLDER = Path("var/nlu-training")
FILES = (
    "characters.npz", "decision.json", "encoder.npz", "encoder.onnx", "mending.npz", "ngrams.npz", "pieces.npz",
    "slots.crfsuite", "wanted.npz", "whole.npz",
)  # fmt: skip
SEED = 7
MISHEARD_SHARE = 0.3  # of the sentences of an epoch that the encoder hears with errors
UNPUNCTUATED_SHARE = 0.25
HELD_BACK = 12  # one sentence in so many is held back to choose weights and thresholds


def all_labels() -> tuple[str, ...]:
    """The labels in the order of every model: items as in the catalogue, then the rest by precedence."""
    return (*(item.code for item in load_catalogue().official()), *TALK_LABELS)


def targets_of(examples: Sequence[Example], labels: Sequence[str]) -> NDArray[np.float32]:
    places = {label: place for place, label in enumerate(labels)}
    targets = np.zeros((len(examples), len(labels)), np.float32)
    for row, example in enumerate(examples):
        targets[row, [places[label] for label in example.labels]] = 1
    return targets


def sentence_number(text: str) -> int:
    """A number that stands for the sentence: the same on every machine."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")


def split(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Sentences to learn from and sentences held back, by the sentence's own number."""
    learned = [example for example in examples if sentence_number(example.text) % HELD_BACK]
    held = [example for example in examples if not sentence_number(example.text) % HELD_BACK]
    return learned, held


def linear_examples(examples: Sequence[Example], seed: int = SEED) -> list[Example]:
    """What the n-gram engine learns from: the written sentences and a few made ones."""
    rng = random.Random(seed)  # noqa: S311 (repeatable)
    return [*examples, *joined(examples, rng, 500), *cut_out_answers(examples, rng, 150)]


def encoder_examples(examples: Sequence[Example], epoch: int, seed: int = SEED) -> list[Example]:
    """What the encoder learns from in one epoch."""
    rng = random.Random(seed * 100 + epoch)  # noqa: S311 (repeatable)
    drawn = [
        *with_questions(examples, rng),
        *cut_out_answers(examples, rng, 150),
        *joined(examples, rng, 450),
        *with_courtesy(examples, rng, 250),
    ]
    return [_roughen(example, rng) for example in drawn]


def _roughen(example: Example, rng: random.Random) -> Example:
    """Some sentences as they are misheard, some as they come without punctuation."""
    if rng.random() < MISHEARD_SHARE:
        example = misheard([example], rng, 1)[0]
    if rng.random() < UNPUNCTUATED_SHARE:
        kept = [place for place, letter in enumerate(example.text) if letter not in MARKS]
        moved = {old: new for new, old in enumerate(kept)}
        spans = tuple(
            replace(span, start=moved[span.start], end=moved[span.end - 1] + 1)
            for span in example.spans
            if span.start in moved and span.end - 1 in moved
        )
        text = "".join(example.text[place] for place in kept)
        if text and len(spans) == len(example.spans):
            example = replace(example, text=text, spans=spans)
    return example


def train_linear(
    *,
    words_of: Callable[[str], Sequence[str]],
    data: Path = DATA_FOLDER,
    model: Path = MODEL_FOLDER,
    work: Path = WORK_FOLDER,
    say: Callable[[str], None] = print,
) -> None:
    """Everything that needs no torch: tables, slots, n-grams, the weights and thresholds that join the engines, and what a
    whole sentence is. `words_of` cuts a run of Chinese characters into words."""
    from nlu.calibrate import Held, calibrate
    from nlu.engines.fit_mending import common_words, fit_mending
    from nlu.engines.fit_ngrams import fit_ngrams
    from nlu.fit_whole import fit_whole
    from nlu.slots.fit_tagger import fit_tagger
    from nlu.slots.fit_wanted import fit_wanted

    build_tables()
    examples, labels = read_folder(data), all_labels()
    check_labels(examples, labels)
    model.mkdir(exist_ok=True)
    said = [*(example.text for example in examples), *words_of_danger()]
    fit_mending(said, common_words(read_pieces(model))).save(model / "mending.npz")
    fit_wanted(examples, path=model / "wanted.npz", say=say)
    fit_tagger(data=data, path=model / "slots.crfsuite", say=say)
    encoder = read_encoder(model, labels)
    if encoder is not None and (model / "decision.json").is_file() and not held_back(model):
        # This encoder has seen every sentence: the thresholds that its forerunner was given on held-back ones stay.
        weights = Weights.load(model / "decision.json")
        say(f"{len(examples)} sentences; the thresholds stay")
    else:
        learned, held = split(examples)
        say(f"{len(examples)} sentences, {len(held)} of them held back to choose thresholds")
        drawn = linear_examples(learned)
        trial = fit_ngrams([example.text for example in drawn], targets_of(drawn, labels), labels)
        weights = calibrate(Held(tuple(held), trial, encoder), say=say)
    drawn = linear_examples(examples)
    final = fit_ngrams([example.text for example in drawn], targets_of(drawn, labels), labels)
    final.save(model / "ngrams.npz")
    weights.save(model / "decision.json")
    fit_whole(examples, words_of, final, path=model / "whole.npz", say=say)
    write_manifest(data, model, len(examples))
    say(f"{len(final.known)} n-grams; wrote {model}")


def check_labels(examples: Sequence[Example], labels: Sequence[str]) -> None:
    """Raise ValueError for a label that is neither an item of the catalogue nor one of the others."""
    unknown = sorted({label for example in examples for label in example.labels} - set(labels))
    if unknown:
        raise ValueError(
            f"unknown labels in the data files: {', '.join(unknown)}; add the item to the catalogue first"
        )


def held_back(model: Path) -> bool:
    """Whether the encoder was trained without the held-back sentences."""
    return bool(json.loads((model / "encoder.json").read_text(encoding="utf-8"))["held_back"])


def read_encoder(model: Path, labels: Sequence[str]) -> EncoderModel | None:
    """The encoder in a model folder, if there is one and it knows these labels."""
    if not (model / "encoder.onnx").is_file():
        return None
    with np.load(model / "encoder.npz") as stored:
        known = tuple(str(stored["labels"]).split(" "))
    if known != tuple(labels):
        raise ValueError(
            "the encoder knows other labels than the catalogue: train it anew (make train-encoder)"
        )
    return EncoderModel(model / "encoder.onnx", Vocabulary.load(model / "pieces.npz"), known)


def read_pieces(model: Path) -> list[str]:
    """The encoder's pieces of words, if there is one."""
    if not (model / "pieces.npz").is_file():
        return []
    with np.load(model / "pieces.npz") as stored:
        return str(stored["pieces"]).splitlines()


def write_manifest(data: Path, model: Path, sentences: int) -> None:
    """Note what the model was trained on and what its files are."""
    files = {
        name: hashlib.sha256((model / name).read_bytes()).hexdigest()
        for name in FILES
        if (model / name).is_file()
    }
    note = {"data": fingerprint(data), "sentences": sentences, "files": files}
    (model / "manifest.json").write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")


def drift(data: Path = DATA_FOLDER, model: Path = MODEL_FOLDER) -> tuple[bool, float]:
    """Whether the n-grams were trained on other data than there is now, and the share of the sentences of now that
    the encoder has never seen (those held back count as seen)."""
    note = json.loads((model / "manifest.json").read_text(encoding="utf-8"))
    texts = {example.text for example in read_folder(data)}
    with np.load(model / "encoder.npz") as stored:
        seen = set(stored["seen"].tolist())
    fresh = sum(sentence_number(text) not in seen for text in texts)
    return note["data"] != fingerprint(data), fresh / max(1, len(texts))
