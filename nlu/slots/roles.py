"""In which role somebody stands in a sentence: served, or dead, looking after another, opening the door, paying, …

The words that show a role are data: `roles` and `wants` of config/lexicon/relations.yaml.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from nlu.slots.names import words
from nlu.slots.words import alternation, filled

LEFT, RIGHT = 12, 24  # characters beside somebody that tell their role
MARKS = "，。！？；\n"
ANYBODY = re.compile("")
_WIDE = str.maketrans(",.!?;", "，。！？；")  # marks as the signs write them


@dataclass(frozen=True, slots=True)
class _Sign:
    """What stands before and behind somebody in one role, and what they may be called then."""

    role: str
    before: re.Pattern[str]
    behind: re.Pattern[str]
    who: re.Pattern[str]
    even_given: bool  # holds behind «给», too


def role_of(text: str, start: int, end: int) -> str | None:
    """The role, a key of `roles`, in which the person named at `start`..`end` is only mentioned; None where none is told."""
    left, right = _left(text, start), _right(text, end)
    given = is_given(text, start)
    for sign in _signs():
        if given and not sign.even_given:
            continue
        if sign.before.search(left) and sign.behind.match(right) and sign.who.search(text[start:end]):
            return sign.role
    return None


def is_only_beside(role: str | None) -> bool:
    """Whether somebody in this role is left out where another is served, and is who it is about where nobody else is named."""
    return role in words()["only_beside"]


def is_plain(text: str, start: int, end: int) -> bool:
    """Whether it is said in so many words that something is for the person who stands there."""
    return is_given(text, start) or is_wanting(text, start, end)


def is_given(text: str, start: int) -> bool:
    """Whether a word like «给» leads to the person who stands at `start`: what is asked for is for them."""
    return _patterns()["given"].search(_left(text, start)) is not None


def is_wanting(text: str, start: int, end: int) -> bool:
    """Whether the person named there wants something themselves, or it is done to what is theirs («我妈要洗澡», «我爸家太脏»)."""
    patterns, right = _patterns(), _right(text, end)
    if patterns["wants"].match(right):
        return True
    return bool(patterns["home_wants"].match(right) and not patterns["goes_there"].search(_left(text, start)))


def _left(text: str, start: int) -> str:
    """What stands before in the same clause."""
    wide = text[max(0, start - LEFT) : start].translate(_WIDE)
    return wide[max(wide.rfind(mark) for mark in MARKS) + 1 :]


def _right(text: str, end: int) -> str:
    return text[end : end + RIGHT].translate(_WIDE)


@lru_cache(maxsize=1)
def _fillings() -> dict[str, str]:
    lexicon = words()
    relations = [
        word for one in lexicon["relations"].values() for word in (*one["words"], *one.get("loose", ()))
    ]
    kin = f"(?:{alternation(lexicon['owners'])})?(?:{alternation(relations)})"
    return {"kin": kin} | {name: f"(?:{said})" for name, said in lexicon["role_words"].items()}


@lru_cache(maxsize=1)
def _signs() -> tuple[_Sign, ...]:
    fillings = _fillings()
    others = f"(?:(?:[和跟与、]|还有)?{fillings['kin']})*"  # «我爸我妈都不在了»

    def pattern(said: str, before: str = "", behind: str = "") -> re.Pattern[str]:
        return re.compile(f"{before}(?:{filled(said, fillings)}){behind}") if said else ANYBODY

    return tuple(
        _Sign(
            role,
            pattern(sign.get("before", ""), behind="$"),
            pattern(sign.get("behind", ""), before=f"(?:{others})?(?:们)?"),
            pattern(sign.get("who", "")),
            bool(sign.get("even_given", False)),
        )
        for role, signs in words()["roles"].items()
        for sign in signs
    )


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    fillings = _fillings()
    return {name: re.compile(filled(said, fillings)) for name, said in words()["wants"].items()}
