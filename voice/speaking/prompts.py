"""Everything that can be rendered ahead: the fixed wording, and the words of closed lists in the sentences they occur in."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import product
from math import prod
from typing import Any

import yaml

from config.catalogue import load_catalogue
from config.knowledge import load_knowledge
from config.organisation import load_departments, load_regions
from config.outbound import load_outbound_rules
from config.turn_taking import load_turn_rules
from config.wording import load_wording, sentences
from voice.speaking import fragments
from voice.speaking.figures import clock, count, speaking_rules, spell
from voice.speaking.words import to_words

_MOST_VARIANTS = 12  # a sentence with places is rendered whole in all its variants when it has no more
_SHORTEST_LEAD = 2  # characters of a fixed beginning that is worth keeping
_COUNTY_CODE = 6  # digits of the codes of provinces, cities and counties; towns have more, and there are too many of them
_MOST_WAITING = 10  # places in the row of waiting callers that are rendered ahead
# These phrases are rendered before all others: what every call begins with, and what no call may wait for.
_FIRST = ("greet", "emergency", "fault")
_NEXT = ("ask", "confirm", "order", "anything_else", "goodbye", "again", "not_understood", "silence", "person")  # fmt: skip


def scripts() -> list[str]:
    """Scripts (see `fragments`) in the order in which they are rendered: what no call may wait for, ordering from question to
    farewell, the words of closed lists, and what is rarely said."""
    found = [*first_scripts(), *_wording(_NEXT), *_ahead(), *_wording(), *_calls_and_waiting(), *_knowledge()]
    return list(dict.fromkeys(script for script in found if script))


def first_scripts() -> list[str]:
    """What no call may wait for: the greeting, all that is said in danger, and what the telephone says by itself."""
    return list(dict.fromkeys(script for script in (*_wording(_FIRST), *_says()) if script))


@cache
def pieces() -> frozenset[str]:
    """The names of all pieces that `scripts` give."""
    return frozenset(piece for script in scripts() for piece in fragments.pieces(script))


def spoken_script(script: str) -> str:
    """A script in spoken words; the bars stay where they are."""
    return fragments.CUT.join(to_words(part) for part in script.split(fragments.CUT))


def _wording(groups: Iterable[str] | None = None) -> Iterator[str]:
    """The phrases of these groups of talk.yaml; of all of them."""
    talk = yaml.safe_load(files("config.wording").joinpath("talk.yaml").read_text("utf-8"))
    for group in talk if groups is None else groups:
        yield from _of_texts(_phrases(talk.get(group)))


def _says() -> Iterator[str]:
    """What the telephone says by itself: about recording, hearing and keys."""
    rules = load_turn_rules()
    says = dict(rules.says)
    by_key = says.pop("by_key")
    by_keys = [by_key.format(label=label, key=key) for key, label in enumerate(rules.keys.yes_no, start=1)]
    yield from _of_texts([*says.values(), *by_keys, by_key])


def _calls_and_waiting() -> Iterator[str]:
    """What is said in the calls that the line makes, and to those who wait."""
    outbound = load_outbound_rules()
    texts = [outbound.no_more_calls_closing]
    for kind in outbound.kinds.values():
        texts += [kind.opening, *(question.text for question in kind.questions), kind.offer, kind.closing]
    waiting = yaml.safe_load(files("config.wording").joinpath("waiting.yaml").read_text("utf-8"))
    for text in waiting.values():
        places = range(1, _MOST_WAITING + 1) if "{place}" in text else (0,)
        texts += [text.format(place=place) for place in places]
    yield from _of_texts(texts)


def _of_texts(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for sentence in sentences(text):
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
    if variants := _variants(sentence):
        yield from variants
        return
    for clause in fragments.clauses(sentence):
        yield from _variants(clause) or _around_places(clause)


def _variants(text: str) -> list[str]:
    """A text in all its readings; none when it has places without a list, or too many readings."""
    names = _places(text)
    lists = [_values().get(name, ()) for name in names]
    if not all(lists) or prod(map(len, lists)) > _MOST_VARIANTS:
        return []
    return [to_words(text.format(**dict(zip(names, words, strict=True)))) for words in product(*lists)]


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
        "key": [count(str(key)) for key in range(1, 10)],
        "digit": [spell(str(digit)) for digit in range(10)],
        "who": [
            str(words["who"]["self"]),
            *dict.fromkeys(to.format(word=word) for word in words["polite"].values()),
        ],
        "told": [str(word) for word in words["told"].values()],
        "department": [department.name for department in load_departments().by_code.values()],
        "region": [region.name for region in load_regions().values() if len(region.code) == _COUNTY_CODE],
        "source": list(dict.fromkeys(entry.source_name for entry in load_knowledge().entries)),
        **speaking_rules()["values"],
    }
