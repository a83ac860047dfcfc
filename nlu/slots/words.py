"""Word lists as fast patterns: one branch a letter, the longest word wins."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
END = ""  # marks a node of the tree where a word ends
SAME_TURN = 32  # texts whose pieces are kept: a turn looks at the same few again and again


def alternation(words: Iterable[object]) -> str:
    """A pattern that matches any of the words and prefers the longest; quick however many words there are."""
    tree: dict[str, Any] = {}
    for word in words:
        node = tree
        for letter in str(word):
            node = node.setdefault(letter, {})
        node[END] = {}
    return _branch(tree)


def _branch(tree: dict[str, Any]) -> str:
    ends = END in tree
    singles = sorted(letter for letter, below in tree.items() if letter != END and set(below) == {END})
    branches = [
        re.escape(letter) + _branch(below)
        for letter, below in sorted(tree.items())
        if letter != END and set(below) != {END}
    ]
    if singles:
        escaped = "".join(re.escape(letter) for letter in singles)
        branches.append(f"[{escaped}]" if len(singles) > 1 else escaped)
    if not branches:
        return ""
    body = (
        branches[0]
        if len(branches) == 1 and (not ends or len(branches[0]) == 1)
        else f"(?:{'|'.join(branches)})"
    )
    return f"(?:{body})?" if ends else body


def filled(shape: str, fillings: dict[str, str]) -> str:
    """A pattern of a lexicon with its {placeholders} filled in; counts like {1,3} stay."""
    return PLACEHOLDER.sub(lambda match: fillings[match.group(1)], shape)


def mapped(groups: dict[str, Iterable[object]]) -> dict[str, str]:
    """Word -> name of its group."""
    return {str(word): str(name) for name, words in groups.items() for word in words}
