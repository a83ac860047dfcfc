"""Trains the encoder on the data files and writes `model/encoder.onnx`, its vocabulary and what it was trained on."""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from nlu.data_files import DATA_FOLDER, Example, fingerprint, read_folder
from nlu.engines.e5_weights import known_pieces
from nlu.engines.fit_encoder import export, prepare, probabilities, train
from nlu.engines.network import Network, Recipe
from nlu.engines.tokens import Vocabulary
from nlu.train import (
    MODEL_FOLDER,
    WORK_FOLDER,
    all_labels,
    encoder_examples,
    sentence_number,
    split,
    targets_of,
)

# Two gentle rounds over what is new, mixed with many known sentences so that these are not forgotten.
MORE = Recipe(epochs=2, rate=5e-5, seed=31)
REHEARSED = 8_000  # known sentences, drawn anew every round


def train_encoder(
    *,
    data: Path = DATA_FOLDER,
    model: Path = MODEL_FOLDER,
    work: Path = WORK_FOLDER,
    recipe: Recipe | None = None,
    hold_back: bool = True,
    more: bool = False,
    say: Callable[[str], None] = print,
) -> None:
    """Train from e5 on all but the sentences held back, export, and note what it was trained on.

    `more`: go on from the encoder in `model`, with the sentences that it has not seen and some that it has; none held
    back. Raises ValueError when that encoder knows other labels.
    """
    recipe = recipe or (MORE if more else Recipe())
    hold_back = hold_back and not more
    work.mkdir(parents=True, exist_ok=True)
    examples = read_folder(data)
    learned, held = split(examples)
    if not hold_back:
        learned = examples
    labels, vocabulary = all_labels(), Vocabulary(known_pieces())
    seen = _seen(model, labels) if more else frozenset()
    fresh = [example for example in learned if sentence_number(example.text) not in seen]
    known = [example for example in learned if sentence_number(example.text) in seen]

    def drawn(epoch: int) -> list[Example]:
        rng = random.Random(recipe.seed + epoch)  # noqa: S311 (repeatable)
        rehearsed = rng.sample(known, min(len(known), REHEARSED))
        return encoder_examples([*fresh, *rehearsed], epoch, recipe.seed)

    checking, wanted = prepare(held, vocabulary, labels), targets_of(held, labels)

    def check(network: Network) -> str:
        logits = probabilities(network, checking)
        found = logits > 0
        found[np.arange(len(found)), logits.argmax(axis=1)] = True
        first = wanted[np.arange(len(held)), logits.argmax(axis=1)].mean()
        return f"held back: first {first:.4f} exact {(found == (wanted > 0)).all(axis=1).mean():.4f}"

    key = f"{fingerprint(data)[:12]}-{'held' if hold_back else 'all'}-{sentence_number(str(recipe))}"
    network = train(
        drawn, labels, vocabulary, recipe, checkpoint=work / f"{key}.pt", check=check, say=say,
        start=model / "encoder.onnx" if more else None,
    )  # fmt: skip
    export(network, work / "encoder.onnx")
    (work / "encoder.onnx").replace(model / "encoder.onnx")
    numbers = sorted({sentence_number(example.text) for example in examples})
    vocabulary.save(model / "pieces.npz")
    np.savez_compressed(
        model / "encoder.npz", labels=np.array(" ".join(labels)), seen=np.array(numbers, np.uint32)
    )
    note = {
        "data": fingerprint(data),
        "sentences": len(learned),
        "held_back": hold_back,
        "recipe": asdict(recipe),
    }
    (model / "encoder.json").write_text(json.dumps(note, indent=2) + "\n")


def _seen(model: Path, labels: Sequence[str]) -> frozenset[int]:
    """The sentences that the encoder in `model` was trained on, as numbers."""
    with np.load(model / "encoder.npz") as stored:
        if str(stored["labels"]).split() != list(labels):
            raise ValueError("the encoder knows other labels: train it anew, without --more")
        return frozenset(stored["seen"].tolist())


def main() -> None:
    """`make train-encoder`."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--more", action="store_true", help="go on from the present encoder with what is new"
    )
    train_encoder(more=arguments.parse_args().more)


if __name__ == "__main__":
    main()
