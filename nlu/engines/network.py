"""The encoder as torch sees it: a transformer over pieces and sounds, with a judge for each label and a tagger."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 (the customary name)

from nlu.engines import e5_weights
from nlu.engines.tokens import LONGEST, PIECE, QUESTIONS, TAGS, Vocabulary
from nlu.speech import tables

WIDTH = 384
HEADS = 12
TAG_WIDTH = 128
STRENGTH = 4.0  # lets the judging layer learn faster than the rest


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides how the encoder turns out, besides the data."""

    layers: tuple[int, ...] = tuple(range(12))
    epochs: int = 6
    rate: float = 1e-4
    # How far the embeddings of the pieces are pushed against the label before a second look at each batch (fast
    # gradient method, Miyato et al. 2017): one point more exact sets on sentences written apart.
    push: float = 0.5
    batch: int = 32
    dropout: float = 0.1
    seed: int = 11
    threads: int = 2


class Block(nn.Module):  # type: ignore[misc, unused-ignore]
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


class Network(nn.Module):  # type: ignore[misc, unused-ignore]
    """Characters, their sounds and the question asked in; one logit a label and tag scores a character out.

    Each label looks at the characters with its own attention, so that a request is found in a long story.
    """

    def __init__(self, vocabulary: Vocabulary, label_count: int, recipe: Recipe) -> None:
        super().__init__()
        start = e5_weights.read(tuple(vocabulary.scores), recipe.layers)
        self.pieces = nn.Embedding.from_pretrained(start.pieces, freeze=False)
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
        self.judge = nn.Parameter(torch.randn(label_count, WIDTH) * 0.02)
        self.bias = nn.Parameter(torch.full((label_count,), -3.0))
        self.near = nn.Linear(WIDTH, TAG_WIDTH)
        self.letter = nn.Linear(WIDTH, TAG_WIDTH)
        self.inner = nn.Embedding(PIECE, TAG_WIDTH)
        self.tag = nn.Linear(TAG_WIDTH, len(TAGS))
        self.dropout = recipe.dropout

    def forward(
        self, pieces: torch.Tensor, sounds: torch.Tensor, folded: torch.Tensor, letters: torch.Tensor,
        owners: torch.Tensor, inner: torch.Tensor, question: torch.Tensor, mask: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
        heard = self.sounds(sounds).sum(2) + self.folded(folded).sum(2)
        x = self.pieces(pieces) + heard + self.positions[: pieces.shape[1]] + self.question(question)[:, None]
        x = F.dropout(self.norm(x), self.dropout, self.training)
        hidden = None if mask is None else mask[:, None, None, :]
        for block in self.blocks:
            x = block(x, hidden, self.dropout)
        look = self.attend(x)
        if mask is not None:
            look = look + mask[:, :, None]
        pooled = look.softmax(1).transpose(1, 2) @ x
        logits = (F.dropout(pooled, self.dropout, self.training) * self.judge).sum(-1) * STRENGTH + self.bias
        near = self.near(x).gather(1, owners[:, :, None].expand(-1, -1, TAG_WIDTH))
        return logits, self.tag(F.gelu(near + self.letter(self.pieces(letters)) + self.inner(inner)))
