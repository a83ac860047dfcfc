"""Trains the encoder on the data files and writes `model/encoder.onnx`, its vocabulary and what it was trained on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from nlu.data_files import DATA_FOLDER, fingerprint, read_folder
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


def train_encoder(
    *,
    data: Path = DATA_FOLDER,
    model: Path = MODEL_FOLDER,
    work: Path = WORK_FOLDER,
    recipe: Recipe | None = None,
    hold_back: bool = True,
    start: Path | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Train (from the weights in the checkpoint `start`, if given, else from e5) on all but the sentences held back,
    export, and note what it was trained on."""
    recipe = recipe or Recipe()
    work.mkdir(parents=True, exist_ok=True)
    examples = read_folder(data)
    learned, held = split(examples)
    if not hold_back:
        learned = examples
    labels, vocabulary = all_labels(), Vocabulary(known_pieces())
    checking, wanted = prepare(held, vocabulary, labels), targets_of(held, labels)

    def check(network: Network) -> str:
        logits = probabilities(network, checking)
        found = logits > 0
        found[np.arange(len(found)), logits.argmax(axis=1)] = True
        first = wanted[np.arange(len(held)), logits.argmax(axis=1)].mean()
        return f"held back: first {first:.4f} exact {(found == (wanted > 0)).all(axis=1).mean():.4f}"

    key = f"{fingerprint(data)[:12]}-{'held' if hold_back else 'all'}-{sentence_number(str(recipe))}"
    network = train(
        lambda epoch: encoder_examples(learned, epoch, recipe.seed), labels, vocabulary, recipe,
        checkpoint=work / f"{key}.pt", check=check, say=say, start=start,
    )  # fmt: skip
    export(network, work / "encoder.onnx")
    (work / "encoder.onnx").replace(model / "encoder.onnx")
    seen = sorted({sentence_number(example.text) for example in examples})
    vocabulary.save(model / "pieces.npz")
    np.savez_compressed(
        model / "encoder.npz", labels=np.array(" ".join(labels)), seen=np.array(seen, np.uint32)
    )
    note = {
        "data": fingerprint(data),
        "sentences": len(learned),
        "held_back": hold_back,
        "recipe": asdict(recipe),
    }
    (model / "encoder.json").write_text(json.dumps(note, indent=2) + "\n")
