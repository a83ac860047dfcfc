"""The words of the staff pages, read from `config/wording/staff.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


class WordError(KeyError):
    """A word is missing in `config/wording/staff.yaml`, or its text asks for a value that was not given."""


class Words:
    """Look-up by dotted key: `words("problems.login_wrong")`, `words("times.hours_ago", n=2)`."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self._tree = tree

    def find(self, key: str) -> Any:
        """The node at `key`, text or group. Raises WordError when it is not there."""
        node: Any = self._tree
        for part in key.split("."):
            if not isinstance(node, Mapping) or part not in node:
                raise WordError(f"no {key} in config/wording/staff.yaml")
            node = node[part]
        return node

    def group(self, key: str) -> Mapping[Any, Any]:
        """All words of one group."""
        node = self.find(key)
        if not isinstance(node, Mapping):
            raise WordError(f"{key} is one word, not a group")
        return node

    def get(self, key: str, fallback: str) -> str:
        """The word at `key`, or `fallback` (an operator's own code) when there is none."""
        try:
            return str(self.find(key))
        except WordError:
            return fallback

    def __call__(self, key: str, /, **values: object) -> str:
        try:
            return str(self.find(key)).format(**values)
        except KeyError as missing:
            if isinstance(missing, WordError):
                raise
            raise WordError(f"{key} asks for {missing}") from None


@cache
def load_words() -> Words:
    """Read the file once a process."""
    return Words(yaml.safe_load(files("config.wording").joinpath("staff.yaml").read_text("utf-8")))
