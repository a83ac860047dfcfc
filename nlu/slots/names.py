"""Names of people: after «我叫», spelled («弓长张»), with a word of respect («隔壁王奶奶»)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from config.lexicon import load
from nlu.slots.words import alternation, filled

USUAL_LENGTH = 3  # letters of a name
MARKS = " ，。！？；、,.!?;:：\n"


@dataclass(frozen=True, slots=True)
class NameSpan:
    """A name, where it stands, and where the words leading to it begin."""

    start: int
    end: int
    name: str
    led_from: int
    relation: str | None = None
    certain: bool = False  # led to by «我叫» or the like


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    return load("relations")


def is_surname(text: str) -> bool:
    """Whether the text is a surname and nothing else («李»)."""
    return len(text) == 1 and text in _surnames()


@lru_cache(maxsize=1)
def _surnames() -> str:
    return "".join(dict.fromkeys(words()["surnames"]))


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    lexicon = words()
    fillings = {
        "surname": f"(?:{alternation(lexicon['double_surnames'])}|[{_surnames()}])",
        "near": alternation(lexicon["neighbour_words"]),
        "group": alternation(lexicon["group_words"]),
        "honorific": alternation(lexicon["honorifics"]),
        "elders": alternation(_elders()),
        "surnames": _surnames(),
    }
    surname = fillings["surname"]
    shapes = {name: filled(lexicon["shapes"][name], fillings) for name in ("titled", "familiar", "neighbour")}
    shapes |= {
        "led": f"(?:{lexicon['name_before']})",
        "surname_only": filled(lexicon["surname_only"], fillings),
        "full": f"{surname}[\u4e00-\u9fff]{{1,2}}",
        "dotted": str(lexicon["dotted_name"]),
        "whole": filled(lexicon["whole_name"], fillings),
        "surname": surname,
        "spelled_first": filled(lexicon["spelled_first"], fillings),
        "crowd": lexicon["crowd"],
    }
    return {name: re.compile(shape) for name, shape in shapes.items()}


def _elders() -> list[str]:
    relations = words()["relations"]
    return [*relations["elder"]["words"], *relations["neighbour"]["words"], *words()["neighbour_ends"]]


@lru_cache(maxsize=1)
def given_before() -> re.Pattern[str]:
    return re.compile(str(words()["given_before"]))


def titled_names(text: str) -> list[NameSpan]:
    """«王奶奶», «隔壁李大爷», «五保户老马», «给老田», «对门独居老人»."""
    found = []
    for match in _patterns()["titled"].finditer(text):
        if not _blocked(text, match.start("name")):
            relation = "neighbour" if match["near"] else "elder"
            found.append(NameSpan(match.start(), match.end(), match["name"], match.start(), relation))
    for match in _patterns()["familiar"].finditer(text):
        given = given_before().search(text, 0, match.start())
        if match["near"] or match["group"] or given:
            relation = "neighbour" if match["near"] else "elder"
            found.append(NameSpan(match.start(), match.end(), match["name"], match.start(), relation))
    for match in _patterns()["neighbour"].finditer(text):
        found.append(NameSpan(match.start(), match.end(), "", match.start(), "neighbour"))
    for match in _patterns()["crowd"].finditer(text):
        found.append(NameSpan(match.start(), match.end(), "", match.start(), "elder"))
    return found


def _blocked(text: str, start: int) -> bool:
    return any(text.startswith(str(word), start) for word in words()["not_names"])


def led_names(text: str) -> list[NameSpan]:
    """Names that are announced: «我叫马建国», «名字叫…», «姓撒»."""
    found = []
    for match in _patterns()["led"].finditer(text):
        start = _spelled_from(text, match.end())
        name = name_at(text, start)
        if name and (len(name) > 1):
            found.append(NameSpan(start, start + len(name), name, match.start(), certain=True))
    for match in _patterns()["surname_only"].finditer(text):
        start = match.start("surname")
        whole = _spelled_from(text, start)
        known = any(one.start == whole for one in found)
        name = (name_at(text, whole) if whole > start and not known else None) or match["surname"]
        start = whole if len(name) > 1 else start
        found.append(NameSpan(start, start + len(name), name, match.start(), certain=True))
    return found


def _spelled_from(text: str, start: int) -> int:
    """Where the whole name begins, when its surname is said or spelled first: «何，何万林», «弓长张，张国平»."""
    match = _patterns()["spelled_first"].match(text, start)
    return match.start("name") if match else start


def name_at(text: str, start: int) -> str | None:
    """A full name that begins exactly here, or None."""
    if dotted := _patterns()["dotted"].match(text, start):
        return dotted["name"]
    match = _patterns()["full"].match(text, start)
    if not match or _blocked(text, start):
        return None
    if whole := _patterns()["whole"].match(text, start):
        return whole[
            "name"
        ]  # nothing else in its clause: any letter may be one of the name («马有福», «杨生福»)
    surname = _patterns()["surname"].match(text, start)
    length = surname.end() - start if surname else 1
    stops, never = str(words()["name_stops"]), str(words()["name_letters_not"])
    given = ""
    for letter in text[start + length : start + length + 2]:
        if letter in stops or letter in never or not "\u4e00" <= letter <= "\u9fff":
            break
        given += letter
    return text[start : start + length] + given if given else None


def is_dotted_name(text: str) -> bool:
    """Whether nothing is said but a name of other peoples: «买买提·艾力»."""
    return _patterns()["dotted"].fullmatch(text.strip(MARKS)) is not None


def whole_name(text: str) -> NameSpan | None:
    """An answer of three letters built like a name, even where a word is in it that is none elsewhere: «白天明», «周日新»."""
    said = text.strip(MARKS)
    start = text.find(said)
    odd = set(said[1:]) & {*words()["name_stops"], *words()["name_letters_not"], *words()["hour_ends"]}
    if len(said) == USUAL_LENGTH and is_surname(said[0]) and not odd:
        return NameSpan(start, start + len(said), said, start)
    return bare_name(text)


def bare_name(text: str) -> NameSpan | None:
    """The whole answer is a name, perhaps with its spelling: «马建国，骏马的马», «弓长张，张国平»."""
    start = 0
    while start < len(text) and (text[start] in MARKS or text[start] in str(words()["name_lead"])):
        start += 1
    start = _spelled_from(text, start)
    name = name_at(text, start)
    if not name:
        return None
    after = text[start + len(name) :]
    if after and after[0] not in MARKS and after[0] not in str(words()["name_stops"]):
        return None
    return NameSpan(start, start + len(name), name, start)
