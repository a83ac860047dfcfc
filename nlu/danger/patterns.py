"""Makes the signs of `config/lexicon/danger.yaml` ready for matching: word tries and sign patterns.

How a pattern is written: a word, `word/word` (one of them) or `<group>` (one of a group's words) is a term.
`A + B` near each other in any order, `A > B` near each other in this order, `A & B` both anywhere in what was said.
`A >> B` is A with B right behind it; B only tells what A means. In a word of a list, `(a|b)c` is short for ac and bc.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Any

from config.lexicon import load
from nlu.speech import even, sounds, tables

LEVELS = ("sure", "strong", "short", "weak", "hint")
CUES = (
    "now",
    "urgent",
    "past",
    "past_after",
    "maybe",
    "resolved",
    "but",
    "story",
    "usual",
    "asked",
    "planned",
    "denied",
    "still",
    "called_off",
    "beast",
)
NUMERALS = "零一二两三四五六七八九十几半多0123456789"
ANY_NUMERAL = "N"  # in a word: any one numeral; what was said is in lower case, so it can not be meant itself


class DangerLexiconError(ValueError):
    """`danger.yaml` can not be used; the message names the pattern that is wrong."""


@dataclass(slots=True)
class Node:
    """One step of a trie: keys are characters, or numbers of folded syllables."""

    following: dict[str | int, Node] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)  # the words that end here, side by side with `groups`

    def add(self, keys: Iterable[str | int], group: str, word: str) -> None:
        node = self
        for key in keys:
            node = node.following.setdefault(key, Node())
        node.groups.append(group)
        node.written.append(word)


@dataclass(frozen=True, slots=True)
class Chain:
    """Groups whose words stand near each other."""

    groups: tuple[str, ...]
    in_order: bool = False
    followed: bool = False  # only the first group counts; the others stand right behind it


@dataclass(frozen=True, slots=True)
class Sign:
    """What points to a danger; all chains must be there."""

    kind: str
    level: str  # one of LEVELS
    chains: tuple[Chain, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of danger: whom to call, and which guards leave it unmoved."""

    name: str
    call: str
    call_instead: dict[str, tuple[Chain, ...]]
    unmoved_by: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rules:
    """The whole of `danger.yaml`, compiled."""

    words: Node
    heard: Node
    kinds: dict[str, Kind]  # in the order in which one wins over another
    signs: dict[str, tuple[Sign, ...]]  # by the first group of the first chain
    harmless: tuple[Chain, ...]
    everyday: tuple[Chain, ...]
    repairs: tuple[Chain, ...]
    calls: frozenset[str]  # words that only call for help, or tell of fear
    watched: frozenset[str]  # the groups that signs are made of


class _Compiler:
    """Collects words and patterns of one lexicon file."""

    def __init__(self, lexicon: dict[str, Any]) -> None:
        self.lexicon = lexicon
        self.groups: dict[str, list[str]] = {}
        self.signs: list[Sign] = []

    def compile(self) -> Rules:
        kinds = {name: self._kind(name, body) for name, body in self.lexicon["kinds"].items()}
        harmless = tuple(self._chain(str(line)) for line in self.lexicon["harmless"])
        everyday = tuple(self._chain(str(line)) for line in self.lexicon["everyday"])
        repairs = tuple(self._chain(str(line)) for line in self.lexicon["repairs"])
        cues = self.lexicon["cues"]
        if set(cues) != set(CUES):
            raise DangerLexiconError(f"cues must be {', '.join(CUES)}")
        by_first: dict[str, list[Sign]] = {}
        for sign in self.signs:
            by_first.setdefault(sign.chains[0].groups[0], []).append(sign)
        watched = frozenset(group for sign in self.signs for chain in sign.chains for group in chain.groups)
        words, heard = Node(), Node()
        for group, listed in self.groups.items():
            for word in listed:
                words.add(word, group, word)
        for name, listed in cues.items():
            for word in self._spelled(listed):
                words.add(word, f"cue {name}", word)
        self._add_sounds(heard)
        return Rules(
            words, heard, kinds, {name: tuple(found) for name, found in by_first.items()}, harmless, everyday,
            repairs, frozenset(self._spelled(self.lexicon["calls"])), watched,
        )  # fmt: skip

    def _kind(self, name: str, body: dict[str, Any]) -> Kind:
        for level in LEVELS:
            for line in body.get(level, ()):
                self.signs.append(Sign(name, level, self._chains(str(line))))
        instead = {
            str(number): tuple(self._chain(str(line)) for line in lines)
            for number, lines in (body.get("call_instead") or {}).items()
        }
        return Kind(name, str(body["call"]), instead, frozenset(body.get("unmoved_by", ())))

    def _chains(self, line: str) -> tuple[Chain, ...]:
        return tuple(self._chain(part) for part in line.split("&"))

    def _chain(self, part: str) -> Chain:
        joints = [joint for joint in (" + ", " > ", " >> ") if joint in part]
        if len(joints) > 1:
            raise DangerLexiconError(f"«+», «>» and «>>» can not be mixed: {part!r}")
        joint = joints[0] if joints else " + "
        terms = [term.strip() for term in part.split(joint)]
        return Chain(tuple(self._group(term) for term in terms), joint == " > ", joint == " >> ")

    def _group(self, term: str) -> str:
        if not term:
            raise DangerLexiconError("a pattern has an empty term")
        if term not in self.groups:
            self.groups[term] = sorted(set(self._spelled(term.split("/"))))
        return term

    def _spelled(self, listed: Iterable[Any], depth: int = 0) -> Iterator[str]:
        """The words of a list, `<group>` references and numerals written out."""
        if depth > 4:
            raise DangerLexiconError("groups of words refer to each other in a circle")
        for entry in (word for one in listed for word in written_out(str(one))):
            word = plain(entry) if ANY_NUMERAL not in entry else entry.translate(same())
            if word.startswith("<") and word.endswith(">"):
                if word[1:-1] not in self.lexicon["words"]:
                    raise DangerLexiconError(f"there is no group {word} under `words:`")
                yield from self._spelled(self.lexicon["words"][word[1:-1]], depth + 1)
            elif ANY_NUMERAL in word:
                yield from (word.replace(ANY_NUMERAL, numeral) for numeral in NUMERALS)
            elif word:
                yield word

    def _add_sounds(self, heard: Node) -> None:
        exact_only = {f"<{name}>" for name in self.lexicon["exact_only"]}
        exact_words = {plain(str(word)) for word in self.lexicon["exact_words"]}
        heard_short = {plain(str(word)) for word in self.lexicon["heard_short"]}
        folded = tables().folded
        for group, listed in self.groups.items():
            if group in exact_only:
                continue
            for word in listed:
                if word in exact_words or (len(word) < 3 and word not in heard_short):
                    continue
                keys = [int(number) for number in folded[sounds(word)]]
                if all(keys):
                    heard.add(keys, group, word)


def written_out(word: str) -> Iterator[str]:
    """The words that a word with alternatives stands for: `(a|b)c` is ac and bc."""
    pieces = [piece.split("|") for piece in re.split(r"[()]", word)]
    yield from map("".join, product(*pieces))


@lru_cache(maxsize=1)
def same() -> dict[int, str]:
    """Characters that are taken for another one, as `str.translate` wants it."""
    return str.maketrans({str(one): str(other) for one, other in load("danger")["same"].items()})


def plain(text: str) -> str:
    """The text evened, and written the one way that the lexicon is compared in; same length."""
    return even(text).translate(same())


@lru_cache(maxsize=1)
def rules() -> Rules:
    """The compiled lexicon; made once a process."""
    return _Compiler(load("danger")).compile()


def words_of_danger() -> tuple[str, ...]:
    """The words of the lexicon, in order, without those that stand for others."""
    listed = (str(word) for group in load("danger")["words"].values() for word in group)
    kept = (word for word in listed if "<" not in word and ANY_NUMERAL not in word)
    return tuple(dict.fromkeys(plain(one) for word in kept for one in written_out(word)))
