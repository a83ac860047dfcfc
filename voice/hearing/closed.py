"""Closed questions: which answers can come, as a grammar and as words."""

from __future__ import annotations

import re

from config.hearing import HearingWords
from voice.hearing.network import Network, network
from voice.hearing.recogniser import Hint
from voice.hearing.same import sounds_of

_RULE = re.compile(r"<(\w+)>")
_NOT_A_WORD = re.compile(r"[\s|()\[\]+*]+")
# Questions whose answer is yes or no, good or bad: any word of a list will do.
_WHICH_LIST = ("confirm", "satisfaction")
_FOR = "给"


def is_closed(hint: Hint, words: HearingWords) -> bool:
    """Only a few answers make sense, and they are known, or some are that would otherwise be misheard."""
    return has_grammar(hint, words) or hint.asks in words.besides


def has_grammar(hint: Hint, words: HearingWords) -> bool:
    """All answers that make sense are known."""
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


def answers(hint: Hint, words: HearingWords, *, besides: bool = True) -> Network:
    """All that can be answered, as a network. `besides`: with what people say instead of an answer, and behind a no."""
    more = (words.besides.get(ask, "") for ask in ("any", hint.asks or "")) if besides else ()
    asked = " | ".join(filter(None, (_asked(hint, words), *more)))
    return network(asked, tuple((name, words.rules[name]) for name in _used(asked, words)))


def meaning(said: str, hint: Hint, words: HearingWords) -> str:
    """The same for two answers that mean the same to who asked: 是的 and 对着呢, 幺三八 and 138."""
    if hint.asks in _WHICH_LIST:
        for name in _used(words.asks.get(hint.asks or "", ""), words):
            if made_of(said, _words_in(words.rules[name])):
                return f"<{name}>"
    for one, other in words.alike.items():
        said = said.replace(one, other)
    return " ".join(sounds_of(said.removeprefix(_FOR)))


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
    alternatives = (words.asks.get(hint.asks or "", ""), *dict.fromkeys(map(_short_or_long, offered)))
    return " | ".join(alternative for alternative in alternatives if alternative)


def _short_or_long(phrase: str) -> str:
    """«给王桂兰» is as often answered by the name alone."""
    return f"[{_FOR}] {phrase[1:]}" if phrase.startswith(_FOR) and len(phrase) > 1 else phrase


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
