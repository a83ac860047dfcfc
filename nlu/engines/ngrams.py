"""The fast engine: character 1–4-grams and folded-sound 1–3-grams, hashed, weighted and scored by one linear layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlu.speech import even, spoken

CHARACTER_GRAMS = 4
SOUND_GRAMS = 3
MIX = np.uint64(0x9E3779B97F4A7C15)
STEP = np.uint64(0x100000001B3)
EDGE = 0xE000  # marks the edges of the sentence

Hashes = NDArray[np.uint64]
Floats = NDArray[np.float32]


def _hashed(codes: NDArray[np.uint64], longest: int, channel: int) -> list[Hashes]:
    found: list[Hashes] = []
    with np.errstate(over="ignore"):
        running = np.full(len(codes), 0xCBF29CE484222325 + channel, np.uint64)
        for size in range(1, longest + 1):
            if len(codes) < size:
                break
            tail = codes[size - 1 :]
            running = (running[: len(tail)] ^ tail) * STEP
            mixed = running * MIX
            found.append(mixed ^ (mixed >> np.uint64(29)))
    return found


def features(text: str) -> tuple[Hashes, Hashes]:
    """Hashed n-grams of a sentence: those of characters and those of sounds."""
    codes, heard = spoken(even(text))
    edge = np.array([EDGE], np.uint64)
    written = np.concatenate([edge, codes.astype(np.uint64), edge])
    sounds = np.concatenate([edge, heard.astype(np.uint64), edge])
    return (
        np.concatenate(_hashed(written, CHARACTER_GRAMS, 1)),
        np.concatenate(_hashed(sounds, SOUND_GRAMS, 2)),
    )


@dataclass(frozen=True, slots=True)
class NgramModel:
    """A linear layer over known n-grams. `score` gives one logit a label, in the order of `labels`."""

    labels: tuple[str, ...]
    known: Hashes  # sorted
    rarity: Floats  # inverse document frequency of each known n-gram
    weights: NDArray[np.float16]
    bias: Floats

    def vector(self, text: str) -> tuple[NDArray[np.int64], Floats]:
        """Positions of the known n-grams and their weights, of length one a channel."""
        places: list[NDArray[np.int64]] = []
        values: list[Floats] = []
        for channel in features(text):
            hashes, counts = np.unique(channel, return_counts=True)
            place = np.searchsorted(self.known, hashes)
            place[place == len(self.known)] = 0
            is_known = self.known[place] == hashes
            place, counts = place[is_known], counts[is_known]
            value = (1 + np.log(counts)) * self.rarity[place]
            norm = float(np.sqrt((value**2).sum())) or 1.0
            places.append(place)
            values.append((value / norm).astype(np.float32))
        return np.concatenate(places), np.concatenate(values)

    def score(self, text: str) -> Floats:
        places, values = self.vector(text)
        logits: Floats = values @ self.weights[places].astype(np.float32) + self.bias
        return logits

    def save(self, path: Path) -> None:
        np.savez_compressed(
            path, labels=np.array(" ".join(self.labels)), known=self.known, rarity=self.rarity.astype(np.float16),
            weights=self.weights, bias=self.bias,
        )  # fmt: skip

    @classmethod
    def load(cls, path: Path) -> NgramModel:
        with np.load(path) as stored:
            labels = tuple(str(stored["labels"]).split(" "))
            rarity = stored["rarity"].astype(np.float32)
            return cls(labels, stored["known"], rarity, stored["weights"], stored["bias"].astype(np.float32))


def telling(model: NgramModel, text: str, label: str, count: int = 8) -> list[tuple[str, float]]:
    """The stretches of a sentence that speak most for or against a label, with their weight."""
    column = model.weights[:, model.labels.index(label)].astype(np.float32)
    codes, _ = spoken(even(text))
    letters = "".join(map(chr, codes))
    places, values = model.vector(text)
    by_place = dict(zip(places.tolist(), (values * column[places]).tolist(), strict=True))
    found: dict[str, float] = {}
    padded = np.concatenate([[EDGE], codes.astype(np.uint64), [EDGE]]).astype(np.uint64)
    for size, hashes in enumerate(_hashed(padded, CHARACTER_GRAMS, 1), 1):
        for start, one in enumerate(hashes):
            place = int(np.searchsorted(model.known, one))
            if place < len(model.known) and model.known[place] == one:
                stretch = letters[max(0, start - 1) : start - 1 + size]
                found[stretch] = found.get(stretch, 0.0) + by_place.get(place, 0.0)
    found.pop("", None)
    return sorted(found.items(), key=lambda item: -abs(item[1]))[:count]
