"""Names said together with whom they belong to: «我妈马秀英», «我叫刘洋，她叫于秀琴», «收件人：于秀琴», «刘建国 我老伴»."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from bot.dialogue import cues
from config.lexicon import load
from nlu.slots.names import name_at
from nlu.slots.person import relation_of_word

SELF, THEM, NOBODY = "self", "them", "nobody"  # whose a name may be beside that of a relative
WHOLE = 3  # letters of most names
FORM_PARTS = 3  # who writes so many parts at once fills in a form
_PART = re.compile(r"[^\s，。！？；、,.!?;（）()]+")


@dataclass(frozen=True, slots=True)
class Told:
    """A name and whose it is: a relation of lexicon/relations.yaml, the caller's own, «her», or of nobody who was named."""

    whose: str
    name: str
    word: str = ""  # the relative, as said


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    words = "|".join(sorted(map(re.escape, relation_of_word()), key=len, reverse=True))
    shapes: dict[str, str] = load("relations")["told_names"]
    return {name: re.compile(shape.replace("{kin}", f"(?:{words})")) for name, shape in shapes.items()}


def names_told(text: str, *, asked: bool = False) -> list[Told]:
    """The names of a sentence that say whose they are, in order. `asked`: a name was asked for, so that «她是…» is one."""
    told: list[Told] = []
    before = None
    asked = asked or len(_patterns()["owned"].findall(text)) > 1  # «我妈于秀琴我爸马福»
    for part in _PART.finditer(text):
        said = part[0]
        found = list(_in_part(said, asked))
        if not found and before and _patterns()["kin_alone"].fullmatch(said):
            relation = _relation(said)
            found = [Told(relation, before, said)] if relation else []
        told += found
        nobodys = [one.name for one in found if one.whose == NOBODY]
        before = said if name_at(said, 0) == said else nobodys[-1] if nobodys else None
    return told


def name_at_the_end(text: str) -> str | None:
    """The last part of a message, if it is a name and nothing else: «我妈要订饭，银古小区2-4-101，明天中午，于秀琴»."""
    parts = [part[0] for part in _PART.finditer(text)]
    is_form = len(parts) >= FORM_PARTS and len(parts[-1]) == WHOLE
    return parts[-1] if is_form and name_at(parts[-1], 0) == parts[-1] else None


def _in_part(part: str, asked: bool) -> Iterator[Told]:
    patterns = _patterns()
    if (label := patterns["label"].match(part)) and (name := _whole_name(part[label.end() :])):
        yield Told(NOBODY, name)
        return
    if (back := patterns["behind"].fullmatch(part)) and _whole_name(back["name"]):
        if relation := _relation(back["kin"]):
            yield Told(relation, back["name"], back["kin"])
        return
    at = 0
    while lead := patterns["lead"].search(part, at):
        name = name_at(part, lead.end()) or _called(part[lead.end() :], lead[0])
        at = max(lead.end(), lead.start() + 1)
        if name is None or not _ends_there(part, lead.end() + len(name)) or _is_no_name(name):
            continue
        if not (lead["link"] or lead["who"]) and cues.says("no_name_behind", name):
            continue  # «我妈周六，我婆婆周日», «给我奶奶买土豆»
        if not asked and (lead["called"] == "是" or not (lead["link"] or lead["who"] or len(name) == WHOLE)):
            continue  # «我是党员», «我妈黄疸»
        at = lead.end() + len(name)
        if lead["kin"]:
            if relation := _relation(lead["kin"]):
                yield Told(relation, name, lead["kin"])
        else:
            yield Told(SELF if patterns["me"].fullmatch(lead["who"]) else THEM, name)


def _relation(said: str) -> str | None:
    """What «我妈» is to the caller."""
    words = relation_of_word()
    return next((words[said[at:]] for at in range(len(said)) if said[at:] in words), None)


def _called(rest: str, lead: str) -> str | None:
    """A name with a rare surname, behind a word that surely leads to one («我老伴叫纪秀兰»)."""
    return rest if lead.endswith("叫") and _patterns()["any_name"].fullmatch(rest) else None


def _whole_name(text: str) -> str | None:
    return text if text and name_at(text, 0) == text and not _is_no_name(text) else None


def _is_no_name(name: str) -> bool:
    """«我妈高血压», «她是黄疸»."""
    return any(cues.says(cue, name) for cue in ("health", "diet"))


def _ends_there(part: str, end: int) -> bool:
    return end == len(part) or _patterns()["goes_on"].match(part, end) is not None


def name_in_answer(text: str) -> str | None:
    """The name of an answer that says more than the name: corrected, in two pieces, or as one is called («就写老刘»)."""
    patterns = _patterns()
    if pieces := patterns["in_pieces"].search(text):
        return pieces["surname"] + pieces["given"]
    if (familiar := patterns["familiar"].fullmatch(text.rstrip("。！!，, "))) is not None:
        return familiar["name"]
    parts = [part[0] for part in _PART.finditer(text)]
    last = parts[-1] if len(parts) > 1 else ""
    again = cues.says("corrects", text) or any(last.startswith(part) for part in parts[:-1])
    return _whole_name(cues.core(last)) if again and last else None
