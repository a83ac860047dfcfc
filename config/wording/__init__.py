"""What the line says, as an operator edits it: phrases by key, with variants by channel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

# A phrase has one text, or one for each of these ways to reach a person; `text` stands in for a missing one.
VARIANTS = ("spoken", "text", "buttons")
_SENTENCE = re.compile(r"[^。？！]+[。？！]+[”」]?|[^。？！]+$")


class WordingError(KeyError):
    """A phrase is missing in config/wording, or lacks a value that its text asks for."""


class Wording:
    """All phrases. `Wording.say("ask.time", "spoken")` gives the sentences of a phrase."""

    def __init__(self, phrases: Mapping[str, Any], words: Mapping[str, Any]) -> None:
        self._phrases = phrases
        self.words = words

    def keys(self) -> list[str]:
        """Every phrase by its dotted key."""
        return list(_walk(self._phrases, ""))

    def has(self, key: str) -> bool:
        try:
            self._find(key)
        except WordingError:
            return False
        return True

    def say(self, key: str, variant: str = "text", /, **values: str) -> tuple[str, ...]:
        """The sentences of a phrase with its values filled in. Raises WordingError for an unknown key or value."""
        phrase = self._find(key)
        if isinstance(phrase, Mapping):
            phrase = phrase.get(variant) or phrase["text"]
        try:
            return sentences(phrase.format(**values))
        except KeyError as missing:
            raise WordingError(f"phrase {key} asks for {missing}") from None

    def _find(self, key: str) -> Any:
        node: Any = self._phrases
        for part in key.split("."):
            if not isinstance(node, Mapping) or part not in node:
                raise WordingError(f"no phrase {key} in config/wording/talk.yaml")
            node = node[part]
        if isinstance(node, Mapping) and "text" not in node:
            raise WordingError(f"{key} is a group of phrases, not a phrase")
        return node


def sentences(text: str) -> tuple[str, ...]:
    """Split at 。？！ and keep the marks."""
    return tuple(part.strip() for part in _SENTENCE.findall(text) if part.strip())


def _walk(node: Any, prefix: str) -> list[str]:
    if not isinstance(node, Mapping) or "text" in node:
        return [prefix]
    return [
        key
        for name, child in node.items()
        for key in _walk(child, f"{prefix}.{name}" if prefix else str(name))
    ]


@cache
def load_wording() -> Wording:
    """Read `config/wording/talk.yaml` and `words.yaml`."""
    folder = files("config.wording")
    talk, words = (
        yaml.safe_load(folder.joinpath(name).read_text("utf-8")) for name in ("talk.yaml", "words.yaml")
    )
    return Wording(talk, words)
