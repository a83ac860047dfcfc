"""Everything that can be rendered ahead: the fixed wording, and the words of closed lists in the sentences they occur in."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import product
from math import prod
from typing import Any

import yaml

from config.catalogue import load_catalogue
from config.knowledge import load_knowledge
from config.organisation import load_departments
from config.wording import load_wording, sentences
from voice.speaking import fragments
from voice.speaking.figures import clock, count, speaking_rules, spell
from voice.speaking.words import to_words

_MOST_VARIANTS = 12  # a sentence with places is rendered whole in all its variants when it has no more
_SHORTEST_LEAD = 2  # characters of a fixed beginning that is worth keeping
_FIRST = ("emergency", "fault", "greet", "ask", "confirm")  # these phrases are rendered before the others


def scripts() -> list[str]:
    """Scripts (see `fragments`) in the order in which they are rendered: danger first, answers to policy questions last."""
    found = [*_wording(), *_ahead(), *_knowledge()]
    return list(dict.fromkeys(script for script in found if script))


@cache
def pieces() -> frozenset[str]:
    """The names of all pieces that `scripts` give."""
    return frozenset(piece for script in scripts() for piece in fragments.pieces(script))


def spoken_script(script: str) -> str:
    """A script in spoken words; the bars stay where they are."""
    return fragments.CUT.join(to_words(part) for part in script.split(fragments.CUT))


def _wording() -> Iterator[str]:
    talk = yaml.safe_load(files("config.wording").joinpath("talk.yaml").read_text("utf-8"))
    first = {key: talk.pop(key) for key in _FIRST if key in talk}
    for phrase in _phrases(first | talk):
        for sentence in sentences(phrase):
            yield from _of_sentence(sentence)


def _phrases(node: Any) -> Iterator[str]:
    """The text of every phrase as it is spoken."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping) and "text" in node:
        yield str(node.get("spoken") or node["text"])
    elif isinstance(node, Mapping):
        for child in node.values():
            yield from _phrases(child)


def _of_sentence(sentence: str) -> Iterator[str]:
    names = _places(sentence)
    lists = [_values().get(name) for name in names]
    if all(lists) and prod(len(one or ()) for one in lists) <= _MOST_VARIANTS:
        for words in product(*(one or () for one in lists)):
            yield to_words(sentence.format(**dict(zip(names, words, strict=True))))
        return
    for clause in fragments.clauses(sentence):
        if "{" not in clause:
            yield to_words(clause)
        else:
            yield from _around_places(clause)


def _around_places(clause: str) -> Iterator[str]:
    """The fixed words of a clause, cut from a reading with an example in each place."""
    examples = speaking_rules()["examples"]
    parts = list(string.Formatter().parse(clause))
    if all(name in examples for name in _places(clause)):
        words = [part for text, name, _, _ in parts for part in (text, examples.get(name)) if part]
        # A mark alone is no piece: it belongs to the word before it.
        yield spoken_script(fragments.CUT.join(words).replace(f"{fragments.CUT}{clause[-1]}", clause[-1]))
    elif len(parts[0][0]) >= _SHORTEST_LEAD:
        yield f"{to_words(parts[0][0])}{fragments.CUT}{speaking_rules()['example']}。"


def _ahead() -> Iterator[str]:
    """All places go through their lists at once, each from another word on, so that no script has the same word twice."""
    for line in speaking_rules()["ahead"]:
        parts = list(string.Formatter().parse(line))
        lists = [_values()[name] for _, name, _, _ in parts if name]
        for turn in range(max(map(len, lists), default=1)):
            words = (values[(turn + 3 * at) % len(values)] for at, values in enumerate(lists))
            yield spoken_script("".join(text + (next(words) if name else "") for text, name, _, _ in parts))


def _knowledge() -> Iterator[str]:
    for entry in load_knowledge().entries:
        for sentence in entry.sentences("spoken"):
            yield to_words(sentence)


def _places(sentence: str) -> list[str]:
    return list(dict.fromkeys(name for _, name, _, _ in string.Formatter().parse(sentence) if name))


@cache
def _values() -> Mapping[str, list[str]]:
    """The closed lists by the names of the places."""
    words, catalogue = load_wording().words, load_catalogue()
    to = str(words["who"]["other"])
    return {
        "item": list(dict.fromkeys(item.say for item in catalogue.values())),
        "choice": list(dict.fromkeys(item.short for item in catalogue.values())),
        "day": [str(name) for distance, name in words["days"].items() if distance >= 0],
        "weekday": [str(name) for name in words["weekdays"]],
        "clock": [clock(hour, minute, part=True) for hour in range(6, 21) for minute in (0, 30)],
        "month": [f"{count(str(month))}{speaking_rules()['joints']['month']}" for month in range(1, 13)],
        "date": [f"{count(str(day))}{speaking_rules()['joints']['day']}" for day in range(1, 32)],
        "digit": [spell(str(digit)) for digit in range(10)],
        "who": [
            str(words["who"]["self"]),
            *dict.fromkeys(to.format(word=word) for word in words["polite"].values()),
        ],
        "told": [str(word) for word in words["told"].values()],
        "department": [department.name for department in load_departments().by_code.values()],
        "source": list(dict.fromkeys(entry.source_name for entry in load_knowledge().entries)),
        **speaking_rules()["values"],
    }
