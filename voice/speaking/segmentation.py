"""Cuts running Chinese into words, the way the text was cut that the neural voice learnt from."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from math import log

from voice.speaking.figures import speaking_rules

_LONGEST = 4  # characters of a word
_RARE = 1  # how often a character occurred that is not in the list
_OWN = 2_000  # the same for words of this line (`words` and `readings` in config/speaking.yaml)


@cache
def _weights() -> dict[str, float]:
    """The logarithm of each word's share of all words; the empty word has that of a rare character."""
    counts: dict[str, int] = json.loads(files("voice.speaking").joinpath("word_list.json").read_text("utf-8"))
    counts |= dict.fromkeys([*speaking_rules()["words"], *speaking_rules()["readings"]], _OWN)
    total = log(sum(counts.values()))
    return {word: log(count) - total for word, count in counts.items()} | {"": log(_RARE) - total}


def words_of(run: str) -> list[str]:
    """The most probable words of a run of Chinese characters (a unigram model, as jieba has)."""
    weights = _weights()
    best: list[tuple[float, int]] = [
        (0.0, 0)
    ]  # for each end: the weight so far, and where the last word begins
    for end in range(1, len(run) + 1):
        best.append(
            max(
                (best[start][0] + weights.get(run[start:end], weights[""]), start)
                for start in range(max(0, end - _LONGEST), end)
                if end - start == 1 or run[start:end] in weights
            )
        )
    cuts, end = [], len(run)
    while end:
        cuts.append(run[best[end][1] : end])
        end = best[end][1]
    return cuts[::-1]
