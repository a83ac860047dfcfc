"""Makes `model/whole.npz` from the training sentences and their beginnings (needs scikit-learn)."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nlu.clauses import MARKS
from nlu.data_files import Example
from nlu.decide import sigmoid
from nlu.engines.ngrams import NgramModel
from nlu.noise import mishear
from nlu.whole import BINS, MODEL_FILE, places_of

LONGEST = 30  # letters of the sentences that are learnt from: on the telephone few are longer
SHORT, SHORT_WEIGHT = 10, 3.0  # a short sentence counts for more, as it begins many others
ANYWHERE, EARLY, EARLY_WITHIN = 1, 2, 10  # beginnings of a sentence, and of those that are so short
SAYS_ALL = 0.7  # a clause that is so sure to say what the whole says is no beginning
MISHEARD_SHARE, MISHEARD_WEIGHT, SHARES = 0.5, 0.7, (0.1, 0.2)
STRENGTH = 0.03  # inverse of the regularisation
SEED = 7

Cut = Callable[[str], Sequence[str]]  # a run of Chinese characters into words


@dataclass(frozen=True, slots=True)
class Sample:
    text: str
    whole: bool
    weight: float = 1.0


def samples_of(
    sentences: Sequence[Example], words_of: Cut, meaning: NgramModel, *, seed: int = SEED
) -> list[Sample]:
    """Sentences, beginnings of them, and some of both as they are misheard; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 (repeatable)
    said = [sample for sentence in sentences for sample in _of(sentence, words_of, meaning, chance)]
    return [*said, *(_misheard(sample, chance) for sample in said if chance.random() < MISHEARD_SHARE)]


def fit_whole(
    sentences: Sequence[Example],
    words_of: Cut,
    meaning: NgramModel,
    *,
    path: Path = MODEL_FILE,
    say: Callable[[str], None] = print,
) -> None:
    """Fit one logistic model and write it as 16-bit weights."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    samples = samples_of(sentences, words_of, meaning)
    rows = [places_of(sample.text) for sample in samples]
    starts = np.cumsum([0, *map(len, rows)])
    touched = csr_matrix(
        (np.ones(starts[-1], np.float32), np.concatenate(rows), starts), shape=(len(rows), BINS)
    )
    model = LogisticRegression(C=STRENGTH, max_iter=200).fit(
        touched,
        [sample.whole for sample in samples],
        sample_weight=[sample.weight for sample in samples],
    )
    weights = model.coef_[0].astype(np.float16)
    np.savez_compressed(path, weights=weights, bias=model.intercept_.astype(np.float32))
    say(f"whole sentences: {sum(sample.whole for sample in samples)} of {len(samples)} samples")


def ends_of_words(text: str, words_of: Cut) -> list[int]:
    """Where somebody can stop within the text: after a word, or a mark."""
    found, at = [], 0
    for run in re.findall(r"[\u4e00-\u9fff]+|[^\u4e00-\u9fff]+", text):
        for word in words_of(run) if "\u4e00" <= run[0] <= "\u9fff" else [run]:
            at += len(word)
            found.append(at)
    return [end for end in found if end < len(text.rstrip(MARKS))]


def _of(sentence: Example, words_of: Cut, meaning: NgramModel, chance: random.Random) -> Iterator[Sample]:
    text = sentence.text
    if len(text) > LONGEST:
        return
    yield Sample(text, whole=True, weight=SHORT_WEIGHT if len(text) <= SHORT else 1.0)
    ends = ends_of_words(text, words_of)
    early = [end for end in ends if end <= EARLY_WITHIN]
    drawn = {*chance.sample(ends, min(ANYWHERE, len(ends))), *chance.sample(early, min(EARLY, len(early)))}
    for end in sorted(drawn):
        at_mark = text[end - 1] in MARKS or text[end] in MARKS
        if not (at_mark and _says_all(text[:end], sentence, meaning)):
            yield Sample(text[:end], whole=False)


def _says_all(clause: str, sentence: Example, meaning: NgramModel) -> bool:
    chances = sigmoid(meaning.score(clause))
    return any(chances[meaning.labels.index(label)] >= SAYS_ALL for label in sentence.labels)


def _misheard(sample: Sample, chance: random.Random) -> Sample:
    text = mishear(sample.text, chance, share=chance.choice(SHARES), folded=chance.random() < 0.5)
    return Sample(text, sample.whole, sample.weight * MISHEARD_WEIGHT)
