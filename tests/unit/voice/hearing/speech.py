"""The small recordings of `tests/data/speech`, and noises."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice.line.line import Samples

FOLDER = Path(__file__).parents[3] / "data" / "speech"
RATE = 8000


@dataclass(frozen=True, slots=True)
class Spoken:
    """One recording. `asks` None: an open question."""

    path: Path
    asks: str | None
    text: str

    @property
    def samples(self) -> Samples:
        with wave.open(str(self.path)) as file:
            return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def spoken(folder: Path = FOLDER) -> list[Spoken]:
    rows = (
        line.split("\t")
        for line in (folder / "said.tsv").read_text("utf-8").splitlines()
        if not line.startswith("#")
    )
    return [Spoken(folder / name, None if asks == "-" else asks, text) for name, asks, text in rows]


def white_noise(seconds: float, level: float = 800, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).normal(0, level, int(seconds * RATE)).astype(np.int16)
