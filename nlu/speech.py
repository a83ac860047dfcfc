"""Evens out how a sentence is written and hears how it sounds: one character in, one character out, so offsets hold.

The tables (full width, traditional characters, control characters, sound of each character) are made once from
opencc and pypinyin by `nuanxian nlu train` and read from `model/characters.npz`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from config.lexicon import load

MAX_LENGTH = 400  # characters of one utterance that are looked at; two minutes of speech
PLANE = 0x10000  # the tables cover the first plane; what lies beyond (emoji, rare characters) stays as it is
TABLE_FILE = Path(__file__).parent / "model" / "characters.npz"
LATIN = re.compile(r"[a-z]{2,}")
_LINE_BREAK = re.compile(r"(?P<marked>(?<=[，。！？；：、,.!?;:]))?[ \t\u3000]{0,9}[\r\n]\s*")
SPACE = 0x20
HAN_FIRST, HAN_LAST = "\u3400", "\u9fff"

Codes = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Tables:
    """What every character is written as and sounds like."""

    even: NDArray[
        np.uint16
    ]  # code -> evened code (half width, lower case, simplified, no control characters)
    sound: NDArray[np.uint16]  # code -> syllable number, 0: none
    folded: NDArray[np.uint16]  # syllable number -> folded syllable number
    word: NDArray[np.bool_]  # code -> part of a word (letters, digits, characters), not punctuation
    syllables: tuple[str, ...]  # number -> toneless syllable
    numbers: dict[str, int]


@lru_cache(maxsize=1)
def tables() -> Tables:
    with np.load(TABLE_FILE) as stored:
        syllables = tuple(str(stored["syllables"]).split(" "))
        return Tables(
            stored["even"], stored["sound"], stored["folded"], stored["word"], syllables,
            {name: number for number, name in enumerate(syllables) if set(name) & set("aeiouv")},
        )  # fmt: skip


def cut(text: str) -> str:
    """The text as far as it is looked at."""
    return text[:MAX_LENGTH]


def codes_of(text: str) -> Codes:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32)


def even(text: str) -> str:
    """The text in half width, lower case, simplified characters, without control characters; same length."""
    codes = codes_of(text)
    inside = codes < PLANE
    result = codes.copy()
    result[inside] = tables().even[codes[inside]]
    return result.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def simplified(text: str) -> str:
    """The text in simplified characters, and otherwise as it was written; same length."""
    return "".join(_simplified(letter) for letter in text)


@lru_cache(maxsize=4096)
def _simplified(letter: str) -> str:
    return letter if not HAN_FIRST <= letter <= HAN_LAST or letter in _of_names() else even(letter)


@lru_cache(maxsize=1)
def _of_names() -> str:
    """Letters that the script calls variants, and that stand in names as they are."""
    return str(load("pronunciation")["of_names"])


def in_one_line(text: str) -> str:
    """A message of several lines as it would be said: what stands in a line of its own is a part of the sentence."""
    return _LINE_BREAK.sub(lambda found: "，" if found["marked"] is None else "", text.strip())


def sounds(text: str) -> NDArray[np.int64]:
    """The syllable number of each character of an evened text; Latin letters that spell syllables sound at the first
    letter of each syllable. 0: no sound."""
    table = tables()
    codes = codes_of(text)
    result = np.zeros(len(codes), np.int64)
    inside = codes < PLANE
    result[inside] = table.sound[codes[inside]]
    for match in LATIN.finditer(text):
        start = match.start()
        for syllable in spelled(match.group()):
            result[start] = table.numbers[syllable]
            start += len(syllable)
    return result


@lru_cache(maxsize=4096)
def spelled(letters: str) -> tuple[str, ...]:
    """The syllables that a run of Latin letters spells, or () when it is no pinyin; the fewest syllables win."""
    if len(letters) > 80:
        return ()
    numbers = tables().numbers
    best: list[tuple[str, ...] | None] = [()] + [None] * len(letters)
    for end in range(1, len(letters) + 1):
        for start in range(max(0, end - 6), end):
            before = best[start]
            current = best[end]
            if before is None or letters[start:end] not in numbers:
                continue
            if current is None or len(before) + 1 < len(current):
                best[end] = (*before, letters[start:end])
    found = best[len(letters)]
    return found if found is not None and 2 * len(found) <= len(letters) + 1 else ()


def spoken(text: str) -> tuple[Codes, NDArray[np.int64]]:
    """Character codes and folded sounds of an evened text without punctuation and spaces: what n-grams are made of."""
    table = tables()
    codes = codes_of(text)
    heard = table.folded[sounds(text)].astype(np.int64)
    is_word = np.ones(len(codes), np.bool_)
    inside = codes < PLANE
    is_word[inside] = table.word[codes[inside]]
    return codes[is_word], heard[is_word & (heard > 0)]


def fold(syllable: str, rules: dict[str, Any]) -> str:
    """A toneless syllable with the sounds merged that `pronunciation.yaml` merges."""
    whole = rules["syllables"].get(syllable)
    if whole is not None:
        return fold(str(whole), rules)
    for written, merged in rules["finals"].items():
        if syllable.endswith(written):
            syllable = syllable.removesuffix(written) + merged
            break
    for written, merged in rules["initials"].items():
        if syllable.startswith(written):
            return str(merged) + syllable.removeprefix(written)
    return syllable


def build_tables() -> None:
    """Make `model/characters.npz` from the Unicode tables, opencc and pypinyin."""
    import unicodedata

    import opencc
    from pypinyin import Style, pinyin

    rules = load("pronunciation")
    simplify = opencc.OpenCC("t2s").convert
    written = np.arange(PLANE, dtype=np.uint16)
    names: dict[str, int] = {"": 0}
    sound = np.zeros(PLANE, np.uint16)
    word = np.zeros(PLANE, np.bool_)
    for code in range(PLANE):
        if 0xD800 <= code < 0xE000:
            continue
        character = chr(code)
        plain = unicodedata.normalize("NFKC", character).lower()
        plain = simplify(plain) if len(plain) == 1 and 0x3400 <= ord(plain) < 0xA000 else plain
        if unicodedata.category(character)[0] in "CZ":
            plain = " "
        if len(plain) != 1 or ord(plain) >= PLANE:
            plain = character
        written[code] = ord(plain)
        word[code] = unicodedata.category(plain)[0] in "LN"
        if 0x3400 <= ord(plain) < 0xA000:
            syllable = pinyin(plain, style=Style.NORMAL, errors="ignore", v_to_u=False)
            if syllable and syllable[0][0].isascii():
                sound[code] = names.setdefault(syllable[0][0], len(names))
    folded_names = {name: fold(name, rules) for name in names}
    for name in folded_names.values():
        names.setdefault(name, len(names))
    order = list(names)
    folded = np.array([names[fold(name, rules)] if name else 0 for name in order], np.uint16)
    TABLE_FILE.parent.mkdir(exist_ok=True)
    np.savez_compressed(
        TABLE_FILE, even=written, sound=sound, folded=folded, word=word, syllables=np.array(" ".join(order))
    )
