"""When two recognisers heard the same answer."""

from __future__ import annotations

import re

from pypinyin import lazy_pinyin

_MARKS = re.compile(r"[\W_]+")
_DIGITS = frozenset("零幺一二三四五六七八九")
# One character for what is said in two ways.
_SAID_ALIKE = str.maketrans("幺两〇洞0123456789", "一二零零零一二三四五六七八九")


def same_answer(one: str, other: str) -> bool:
    """They sound the same without tones, marks and repetitions: «对，对。» and «对», 一三八 and 幺三八."""
    return sounds_of(one) == sounds_of(other)


def sounds_of(text: str) -> list[str]:
    """Syllables without tones; the same for what is said in two ways."""
    said = _MARKS.sub("", text).translate(_SAID_ALIKE)
    if _DIGITS.isdisjoint(said):  # digits may stand twice and mean it
        said = re.sub(r"^(.+?)\1+$", r"\1", said)
    return lazy_pinyin(said)
