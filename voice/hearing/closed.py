"""Closed questions: which answers can come, as a grammar and as words."""

from __future__ import annotations

import re
from functools import lru_cache

from pypinyin import lazy_pinyin
from rapidfuzz import fuzz

from config.hearing import HearingWords
from voice.hearing.recogniser import Hint

_RULE = re.compile(r"<(\w+)>")
_NOT_A_WORD = re.compile(r"[\s|()\[\]+*]+")
# Questions whose answer is yes or no, good or bad: any word of a list will do.
_WHICH_LIST = ("confirm", "satisfaction")
# How alike two readings must sound, of 100, for the offered one to be meant.
_ALIKE = 75.0


def is_closed(hint: Hint, words: HearingWords) -> bool:
    """Only a few answers make sense, and they are known."""
    return hint.asks in words.asks and bool(_asked(hint, words))


def jsgf(hint: Hint, words: HearingWords) -> str:
    """The grammar of the answers to what was asked, in JSGF. Only for closed questions."""
    asked = _asked(hint, words)
    rules = "".join(f"<{name}> = {words.rules[name]};\n" for name in _used(asked, words))
    return f"#JSGF V1.0 UTF-8;\ngrammar answers;\n{rules}public <answer> = {asked};\n"


def vocabulary(hint: Hint, words: HearingWords) -> frozenset[str]:
    """Every word of the grammar."""
    asked = _asked(hint, words)
    rules = [asked, *(words.rules[name] for name in _used(asked, words))]
    return frozenset().union(*map(_words_in, rules))


def nearest(said: str, hint: Hint, words: HearingWords) -> str:
    """The offered answer that sounds like what was heard; what was heard where it is one, or none sounds like it."""
    offered = vocabulary(hint, words)
    if made_of(said, offered):
        return said
    if any("<" in words.rules[name] for name in _used(_asked(hint, words), words)):
        return said  # answers are put together of several words
    sounds = _sound(said)
    best = max(offered, key=lambda word: fuzz.ratio(sounds, _sound(word)))
    return best if fuzz.ratio(sounds, _sound(best)) >= _ALIKE else said


def mean_alike(one: str, other: str, hint: Hint, words: HearingWords) -> bool:
    """Both are words of one list, and the question asks no more than which list: 是的 and 对着呢."""
    lists = [_words_in(words.rules[name]) for name in _used(words.asks[hint.asks or ""], words)]
    return hint.asks in _WHICH_LIST and any(made_of(one, said) and made_of(other, said) for said in lists)


def made_of(said: str, offered: frozenset[str]) -> bool:
    """`said` is nothing but words of `offered`, one after the other."""
    reached = {0}
    for end in range(1, len(said) + 1):
        if any(said[start:end] in offered for start in reached):
            reached.add(end)
    return len(said) in reached


def _words_in(rule: str) -> frozenset[str]:
    return frozenset(word for word in _NOT_A_WORD.split(_RULE.sub(" ", rule)) if word)


def _asked(hint: Hint, words: HearingWords) -> str:
    """What can be answered, as one JSGF expansion; "" where that is not known."""
    offered = (re.sub(r"[^\w]", "", phrase) for phrase in hint.phrases)
    alternatives = (words.asks[hint.asks or ""], *dict.fromkeys(offered))
    return " | ".join(alternative for alternative in alternatives if alternative)


def _used(rule: str, words: HearingWords) -> list[str]:
    """The rules that `rule` stands on, those of those included."""
    found: list[str] = []
    waiting = _RULE.findall(rule)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found.append(name)
            waiting += _RULE.findall(words.rules[name])
    return found


@lru_cache(maxsize=4096)
def _sound(text: str) -> str:
    return " ".join(lazy_pinyin(text))
