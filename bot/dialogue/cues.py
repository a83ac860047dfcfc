"""Small signs inside an answer: a yes in front, a change of mind, a refusal, «the second one»."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from config.lexicon import load


@cache
def _cue(name: str) -> re.Pattern[str]:
    return re.compile(_lexicon()[name])


def _lexicon() -> dict[str, Any]:
    return load("replies")


def says(cue: str, text: str) -> bool:
    """Whether the text carries the cue of this name in config/lexicon/replies.yaml."""
    return _cue(cue).search(text) is not None


def before(cue: str, text: str) -> str:
    """What stands before the first sign of the cue; the whole text when it carries none."""
    found = _cue(cue).search(text)
    return text[: found.start()] if found else text


def without(cue: str, text: str) -> str:
    """The text without the first sign of the cue."""
    return _cue(cue).sub("", text, count=1)


def ordinal(text: str) -> int | None:
    """0, 1 or 2 for «the first», «the second», «the last»."""
    for index, pattern in enumerate(_lexicon()["ordinals"]):
        if re.search(pattern, text.strip()):
            return index
    return None


def core(text: str) -> str:
    """An answer without its lead-in and trailing particles: 「我叫马建国啊」 → 「马建国」."""
    stripped = _cue("trail").sub("", _cue("lead_in").sub("", text.strip()))
    return stripped or text.strip()


def items_mentioned(text: str) -> set[str]:
    """Items whose everyday words occur in the text; only for telling existing orders apart."""
    return {item for item, words in _lexicon()["item_words"].items() if any(word in text for word in words)}


def first_mention(item: str, text: str) -> int:
    """Where the text first speaks of the item; its length when it does not by these words."""
    found = [text.find(word) for word in _lexicon()["item_words"].get(item, ()) if word in text]
    return min(found, default=len(text))
