"""What a recogniser wrote, as people write it: Simplified, without spaces, with Chinese marks, said once."""

from __future__ import annotations

import re
from functools import cache

from opencc import OpenCC

_MARKS = str.maketrans({",": "，", "?": "？", "!": "！", ";": "；", ":": "："})
# whisper puts a Chinese comma together of two tokens and sometimes misses the second: a wide figure or letter stands there.
_BROKEN_COMMA = re.compile(r"[０-９Ａ-Ｚａ-ｚ]")
# A full stop between figures is a decimal point.
_FULL_STOP = re.compile(r"(?<!\d)\.|\.(?!\d)")
_SPACE_IN_CHINESE = re.compile(r"(?<![A-Za-z0-9])\s+|\s+(?![A-Za-z0-9])")
# A whole phrase of four characters or more, said again and again: whisper's loop. «对对对» and numbers are left alone.
_LOOP = re.compile(r"(?P<once>[^，。？！]{4,}?)(?:[，。？！]?(?P=once))+")
_NUMBER = re.compile(r"[\d\s零幺一二两三四五六七八九]+")
_EDGE_MARKS = "，。、；： "


def written(text: str) -> str:
    """The text to be used; may be empty."""
    chinese = _BROKEN_COMMA.sub("，", _FULL_STOP.sub("。", _simplified().convert(text).translate(_MARKS)))
    once = _LOOP.sub(_once, _SPACE_IN_CHINESE.sub("", chinese.strip()))
    return once.lstrip(_EDGE_MARKS).rstrip(_EDGE_MARKS)


def _once(loop: re.Match[str]) -> str:
    return loop[0] if _NUMBER.fullmatch(loop["once"]) else loop["once"]


@cache
def _simplified() -> OpenCC:
    return OpenCC("t2s")
