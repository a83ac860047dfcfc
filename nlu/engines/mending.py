"""Sets right what a recogniser misheard: characters that do not go with their neighbours give way to others of the same
sound that do. How well characters go together is counted in the training sentences (`fit_mending.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlu.speech import PLANE, codes_of, even, sounds

MENDING_FILE = Path(__file__).parent.parent / "model" / "mending.npz"
REMEMBERED = 64  # sentences: the parser and the detector of danger ask for the same one
BORDER = 0  # stands for the beginning and the end of a sentence
STATES = 12  # readings of the sentence so far that are followed up
RARE = 1  # neighbours seen together so often at most may be misheard
# What it costs to take a character for another, in natural logarithms: at first, and where one has been misheard already.
DOUBT, ONCE_MISHEARD = -11.0, -5.0
KEPT = -0.15  # what it costs to leave it
# How the counts of three, two and one characters are smoothed into each other.
DISCOUNT, TRUST_TWO, TRUST_THREE, UNSEEN = 0.6, 2.0, 3.0, 0.05
EVERYDAY = 4000  # characters of everyday writing
LEAST_SEEN = 2  # a character is put in only if it was seen so often

Numbers = NDArray[np.int64]
Costs = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Readings:
    """The best readings of the sentence so far: their last two characters, what they cost, and what was read."""

    last: Numbers
    before: Numbers
    cost: Costs
    read: list[tuple[int, ...]]


@dataclass(frozen=True)
class Mender:
    """Counts of characters (by place in `characters`, 0: the border), of pairs and of triples of them."""

    characters: str
    ones: Numbers
    pairs: Numbers  # sorted keys …
    pair_counts: Numbers
    triples: Numbers
    triple_counts: Numbers

    @cached_property
    def _places(self) -> Numbers:
        """Code of a character -> its place; those never seen share the last one."""
        places = np.full(PLANE, len(self.characters) + 1, np.int64)
        places[codes_of(self.characters)] = np.arange(1, len(self.characters) + 1)
        return places

    @cached_property
    def _alike(self) -> dict[int, tuple[int, ...]]:
        """Syllable number -> the places of the characters that sound so."""
        heard: dict[int, list[int]] = {}
        for place, number in enumerate(sounds(self.characters), start=1):
            if number and self.ones[place] >= LEAST_SEEN and not self.characters[place - 1].isascii():
                heard.setdefault(int(number), []).append(place)
        return {number: tuple(places) for number, places in heard.items()}

    @property
    def _base(self) -> int:
        return len(self.characters) + 2

    def mend(self, text: str) -> str:
        """The text with misheard characters set right; same length, and the rest as it was written."""
        plain = even(text)
        codes = codes_of(plain)
        written = self._places[np.minimum(codes, PLANE - 1)]
        others = self._others(plain, written)
        if not others:
            return text
        read = self._read(written, others, DOUBT)
        if (read != written).any():
            read = self._read(written, others, ONCE_MISHEARD)
        return "".join(
            letter if old == new else self.characters[new - 1]
            for letter, old, new in zip(text, written.tolist(), read.tolist(), strict=True)
        )

    def _others(self, plain: str, written: Numbers) -> dict[int, tuple[int, ...]]:
        """Where characters that do not go with a neighbour stand, and which others sound like them."""
        row = np.concatenate(([BORDER], written, [BORDER]))
        together = self._count(self.pairs, self.pair_counts, row[:-1] * self._base + row[1:])
        odd = (together[:-1] <= RARE) | (together[1:] <= RARE)
        heard = sounds(plain)
        found = {}
        for place in np.flatnonzero(odd & (heard > 0)).tolist():
            if not plain[place].isascii():
                alike = self._alike.get(int(heard[place]), ())
                if rest := tuple(one for one in alike if one != written[place]):
                    found[place] = rest
        return found

    def _read(self, written: Numbers, others: dict[int, tuple[int, ...]], doubt: float) -> Numbers:
        """The likeliest reading."""
        start = np.array([BORDER])
        readings = _Readings(start, start, np.zeros(1), [()])
        for place, one in enumerate([*written.tolist(), BORDER]):
            readings = self._longer(readings, (one, *others.get(place, ())), doubt)
        return np.array(readings.read[0][:-1])

    def _longer(self, so_far: _Readings, options: Sequence[int], doubt: float) -> _Readings:
        if len(options) == len(so_far.cost) == 1:
            one = np.array(options)
            return _Readings(one, so_far.last, so_far.cost, [(*so_far.read[0], options[0])])
        taken = np.array(options)
        cost = so_far.cost[:, None] + self._chances(so_far.before, so_far.last, taken)
        cost[:, 0] += KEPT
        cost[:, 1:] += doubt
        order = np.argsort(-cost, axis=None, kind="stable")
        _, first = np.unique((so_far.last[:, None] * self._base + taken).ravel()[order], return_index=True)
        best = order[np.sort(first)[:STATES]]
        rows, columns = np.divmod(best, len(options))
        read = [
            (*so_far.read[row], options[column])
            for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        ]
        return _Readings(taken[columns], so_far.last[rows], cost.ravel()[best], read)

    def _chances(self, before: Numbers, last: Numbers, taken: Numbers) -> Costs:
        """Logarithms of how likely each of `taken` is behind each pair of characters."""
        alone = (self.ones[taken] + UNSEEN) / (self.ones.sum() + UNSEEN * EVERYDAY)
        context = last[:, None] * self._base + taken
        two = np.maximum(self._count(self.pairs, self.pair_counts, context) - DISCOUNT, 0) + TRUST_TWO * alone
        two = two / (self.ones[last] + TRUST_TWO)[:, None]
        pair = before * self._base + last
        key = pair[:, None] * self._base + taken
        three = (
            np.maximum(self._count(self.triples, self.triple_counts, key) - DISCOUNT, 0) + TRUST_THREE * two
        )
        seen = self._count(self.pairs, self.pair_counts, pair)
        chances: Costs = np.log(three / (seen + TRUST_THREE)[:, None])
        return chances

    @staticmethod
    def _count(keys: Numbers, counts: Numbers, asked: Numbers) -> Numbers:
        places = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
        return np.where(keys[places] == asked, counts[places], 0)

    def save(self, path: Path) -> None:
        np.savez_compressed(
            path, characters=np.array(self.characters), ones=self.ones.astype(np.uint32),
            pairs=np.diff(self.pairs, prepend=0).astype(np.uint32), pair_counts=self.pair_counts.astype(np.uint16),
            triples=np.diff(self.triples, prepend=0).astype(np.uint64), triple_counts=self.triple_counts.astype(np.uint16),
        )  # fmt: skip

    @classmethod
    def load(cls, path: Path) -> Mender:
        with np.load(path) as stored:
            return cls(
                str(stored["characters"]), stored["ones"].astype(np.int64),
                np.cumsum(stored["pairs"].astype(np.int64)), stored["pair_counts"].astype(np.int64),
                np.cumsum(stored["triples"].astype(np.int64)), stored["triple_counts"].astype(np.int64),
            )  # fmt: skip


@lru_cache(maxsize=1)
def _mender() -> Mender:
    return Mender.load(MENDING_FILE)


@lru_cache(maxsize=REMEMBERED)
def mended(text: str) -> str:
    """The text with misheard characters set right by the committed model; same length."""
    return _mender().mend(text)
