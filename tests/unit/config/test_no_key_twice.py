"""A key that stands twice in a YAML file silently replaces the first one: whoever edits the words must hear of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import config
from config.lexicon import load

FOLDER = Path(config.__file__).parent
FILES = sorted(FOLDER.rglob("*.yaml"))


def twice(node: yaml.Node | None, path: str = "") -> Iterator[str]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield f"{path}{key.value}, line {key.start_mark.line + 1}"
            seen.add(key.value)
            yield from twice(value, f"{path}{key.value}.")
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from twice(value, f"{path}{number}.")


def test_a_key_that_stands_twice_is_seen() -> None:
    assert list(twice(yaml.compose("a: 1\nb: [{c: 1, c: 2}]\na: 3"))) == ["b.0.c, line 2", "a, line 3"]


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(FOLDER)) for file in FILES])
def test_no_key_stands_twice(file: Path) -> None:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    assert list(twice(yaml.compose(file.read_text("utf-8"), Loader=loader))) == []


def test_the_two_files_of_signs_share_no_name() -> None:
    """They are read as one (bot/dialogue/cues.py)."""
    assert load("replies").keys() & load("going_on").keys() == set()
