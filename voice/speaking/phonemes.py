"""Mandarin in characters to the phonemes that Kokoro reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from pypinyin import Style, lazy_pinyin
from pypinyin.contrib.tone_convert import to_finals, to_initials, to_normal

from voice.speaking.figures import speaking_rules
from voice.speaking.segmentation import words_of
from voice.speaking.voice import SpeakingError

_RUNS = re.compile(r"[㐀-鿿]+|[^㐀-鿿]")


@dataclass(frozen=True, slots=True)
class Phonemes:
    """What the model reads of a text."""

    ids: tuple[int, ...]
    ends: tuple[int, ...]  # for each character of the text, how many ids stand up to its end


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = yaml.safe_load(
        files("voice.speaking").joinpath("phonemes.yaml").read_text("utf-8")
    )
    return table


@cache
def syllable(pinyin: str) -> str:
    """The phonemes of one syllable with its tone as a digit: `zhong1` → `ꭧʊ→ŋ`. Raises SpeakingError for no pinyin."""
    table = _table()
    plain, tone = to_normal(pinyin[:-1]), table["tones"].get(pinyin[-1:])
    initial, final = to_initials(plain, strict=True), to_finals(plain, strict=True, v_to_u=True)
    if plain in table["whole"]:
        shape = table["whole"][plain]
    elif final == "i" and initial in table["buzzed"]["initials"]:
        shape = table["initials"][initial] + table["buzzed"]["final"]
    elif tone is not None and final in table["finals"]:
        shape = table["initials"].get(initial, "") + table["finals"][final]
    else:
        raise SpeakingError(f"{pinyin!r} is no syllable of Mandarin")
    return str(shape).replace("0", tone or "")


def read(text: str) -> Phonemes:
    """The phonemes of a text of Chinese characters and punctuation. Raises SpeakingError when nothing of it can be spoken."""
    table = _table()
    symbols: dict[str, int] = table["symbols"]
    ids: list[int] = []
    ends: list[int] = []
    for run in _RUNS.findall(text):
        if len(run) == 1 and run in table["punctuation"]:
            ids += [symbols[table["punctuation"][run]], symbols[" "]]
            ends.append(len(ids))
            continue
        for word in words_of(run):
            if ids and ids[-1] != symbols[" "]:
                ids.append(symbols[" "])  # the model was trained on words with spaces between them
            for pinyin in _readings(word):
                ids += [symbols[sign] for sign in syllable(pinyin)] if pinyin else []
                ends.append(len(ids))
    if not any(ident > symbols[" "] for ident in ids):
        raise SpeakingError("there is nothing to speak in this text")
    return Phonemes(tuple(ids), tuple(ends))


def _readings(word: str) -> list[str]:
    """The syllable of each character with its tone; empty for what has none (rare characters, other signs)."""
    if reading := speaking_rules()["readings"].get(word):
        return str(reading).split()
    # The declared type of `errors` forgets that it may return a list, one entry for each sign.
    found: list[str] = lazy_pinyin(
        word,
        style=Style.TONE3,
        neutral_tone_with_five=True,
        errors=lambda signs: [""] * len(signs),  # type: ignore[arg-type,return-value]
    )
    return found
