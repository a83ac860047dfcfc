"""Names said together with whom they belong to: «我妈马秀英», «我叫刘洋，她叫于秀琴», «收件人：于秀琴», «刘建国 我老伴»."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from bot.dialogue import cues
from config.lexicon import load
from nlu.slots.names import name_at
from nlu.slots.person import NO_KIN, relation_of_word

SELF, THEM, NOBODY = "self", "them", "nobody"  # whose a name may be beside that of a relative
CONTACT = "contact"  # whoever is to be rung up; the caller, where it is for the caller
WHOLE = 3  # letters of most names
LENGTHS = (3, 2)  # letters of a name, the likeliest first
SEXES = ("男", "女")
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
    shapes = {
        name: shape for name, shape in load("relations")["told_names"].items() if isinstance(shape, str)
    }
    return {name: _compiled(shape) for name, shape in shapes.items()}


@cache
def _answers() -> tuple[re.Pattern[str], ...]:
    return tuple(_compiled(shape) for shape in load("relations")["told_names"]["answers"])


def _compiled(shape: str) -> re.Pattern[str]:
    words = "|".join(sorted(map(re.escape, relation_of_word()), key=len, reverse=True))
    return re.compile(shape.replace("{kin}", f"(?:{words})"))


def names_told(text: str, *, asked: bool = False) -> list[Told]:
    """The names of a sentence that say whose they are, in order. `asked`: a name was asked for, so that «她是…» is one."""
    text = _patterns()["bracket"].sub(lambda match: f"{match['kin']}：", text)
    if pair := _pair(text):
        return pair
    told: list[Told] = []
    before: str | None = None
    owner: Told | None = None  # whom the part before ends with, still without a name
    asked = asked or len(_patterns()["owned"].findall(text)) > 1  # «我妈于秀琴我爸马福»
    parts = [part[0] for part in _PART.finditer(text)]
    for part, behind in zip(parts, [*parts, ""][1:], strict=True):
        found = list(_in_part(part, asked))
        if not found and before and _patterns()["kin_alone"].fullmatch(part):
            relation = _relation(part)
            found = [Told(relation, before, part)] if relation else []
        if owner and (name := _name_of(owner, part, found)):
            found = [replace(owner, name=name)]
        if not found and behind[:1] in SEXES and name_at(part, 0) == part:
            found = [Told(NOBODY, part)]  # «于秀琴，女，82»
        told += found
        nobodys = [one.name for one in found if one.whose == NOBODY]
        before = part if name_at(part, 0) == part else nobodys[-1] if nobodys else None
        owner = _owner(part)
    return told


def _owner(part: str) -> Told | None:
    """Whose a name right behind this part is: «老人是我父亲，…», «我自己，…»."""
    if _patterns()["self_alone"].fullmatch(part):
        return Told(SELF, "")
    if last := _patterns()["kin_last"].search(part):
        return Told(_relation(last["kin"]) or NOBODY, "", last["kin"])
    return None


def _name_of(owner: Told, part: str, found: Sequence[Told]) -> str | None:
    """The name that a part tells of the `owner`: bare («王德福»), or found as nobody's («叫马秀英»)."""
    if not found:
        return _whole_name(part) if owner.whose == SELF or len(part) == WHOLE else None
    return found[0].name if owner.word and [one.whose for one in found] == [NOBODY] else None


def _pair(text: str) -> list[Told]:
    """The names of two relatives one behind the other: «父亲王有才78，母亲刘翠花76»; none where fewer are told."""
    told = []
    for lead in _patterns()["pair"].finditer(text):
        name = next(
            (name for name in _names_at(text, lead.end()) if _goes_on(text, lead.end() + len(name))), None
        )
        relation = SELF if _patterns()["me"].fullmatch(lead["kin"]) else _relation(lead["kin"])
        if name and relation and not _is_no_name(name) and not cues.says("no_name_behind", name):
            told.append(Told(relation, name, "" if relation == SELF else lead["kin"]))
    relatives = {one.whose for one in told} - {SELF}
    return told if len(relatives) > 1 else []


def _goes_on(text: str, end: int) -> bool:
    """Whether a name of two may end there."""
    return not _PART.match(text, end) or _patterns()["goes_on_of_two"].match(text, end) is not None


def _names_at(text: str, start: int) -> Iterator[str]:
    """What may be a name from there on, the likeliest first."""
    for length in LENGTHS:
        said = text[start : start + length]
        if len(said) == length and name_at(said, 0) == said:
            yield said


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
    if (called := patterns["only_called"].match(part)) and (name := _whole_name(part[called.end() :])):
        yield Told(NOBODY, name)
        return
    if (contact := patterns["contact"].match(part)) and (name := name_at(part, contact.end())):
        yield Told(CONTACT, name)
        return
    if (back := patterns["behind"].fullmatch(part)) and _whole_name(back["name"]):
        if relation := _relation(back["kin"]):
            yield Told(relation, back["name"], back["kin"])
        return
    at = 0
    while lead := patterns["lead"].search(part, at):
        given = bool(lead["kin"]) and patterns["given_before"].search(part[: lead.start()]) is not None
        name = _name_behind(part, lead.end(), given=given) or _called(part[lead.end() :], lead[0])
        at = max(lead.end(), lead.start() + 1)
        if name is None or _is_no_name(name):
            continue
        if not (lead["link"] or lead["who"]) and cues.says("no_name_behind", name):
            continue  # «我妈周六，我婆婆周日», «给我奶奶买土豆»
        sure = given or lead["link"] or lead["who"] or len(name) == WHOLE
        if not asked and (lead["called"] == "是" or not sure):
            continue  # «我是党员», «我妈黄疸»
        at = lead.end() + len(name)
        if lead["kin"]:
            if relation := _relation(lead["kin"]):
                mere = relation in NO_KIN and not patterns["mine"].match(lead["kin"])
                yield Told(THEM, name) if mere else Told(relation, name, lead["kin"])
        else:
            yield Told(SELF if patterns["me"].fullmatch(lead["who"]) else THEM, name)
    if at == 0 and (name := _elder_in_part(part)):
        yield Told(NOBODY, name)


def elder_named(text: str) -> str | None:
    """The only elder who is told by name with a general word before it: «村里老人王有福要理发»."""
    names = {name for part in _PART.finditer(text) if (name := _elder_in_part(part[0]))}
    return names.pop() if len(names) == 1 else None


def _elder_in_part(part: str) -> str | None:
    elder = _patterns()["elder"].search(part)
    if elder is None:
        return None
    name = next(
        (one for one in _names_at(part, elder.end()) if _ends_there(part, elder.end() + len(one))), None
    ) or _wanted_for(part, elder)
    return name if name and not _is_no_name(name) and not cues.says("no_name_behind", name) else None


def _wanted_for(part: str, elder: re.Match[str]) -> str | None:
    """«我给低保户马有财报个修»: the name of the elder for whom something is wanted."""
    given = cues.says("for_somebody", part[: elder.start()])
    return _name_behind(part, elder.end(), given=given)


def _name_behind(part: str, start: int, *, given: bool) -> str | None:
    """The name that begins there. `given`: something is for them, so that what is wanted may follow («给我妈于秀琴约个打扫»)."""
    name = name_at(part, start)
    if name and _ends_there(part, start + len(name)):
        return name
    if not given:
        return None
    wanted = _patterns()["wanted"]
    return next((one for one in _names_at(part, start) if wanted.match(part, start + len(one))), None)


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
    if told := next((found["name"] for shape in _answers() if (found := shape.search(text))), None):
        return told
    parts = [part[0] for part in _PART.finditer(text)]
    last = _bare(parts[-1]) if parts else ""
    if len(parts) > 1 and any(
        last.startswith(part) or (last.endswith(part) and len(last) <= WHOLE) for part in parts[:-1]
    ):
        return last if len(last) > 1 else None
    return _whole_name(last)


def bare_names(text: str) -> list[str]:
    """The parts that are a name and nothing else: «尹建平» of «尹建平，我叫尹芳»."""
    return [part[0] for part in _PART.finditer(text) if _whole_name(part[0])]


def names_in_answer(text: str) -> list[str]:
    """The names of several people, and nothing else: «王有福，李桂花», «王有福和李桂花»."""
    names = [name for name in re.split(_patterns()["between"], text.strip("。！!，, ")) if name]
    return names if len(names) > 1 and all(_whole_name(name) for name in names) else []


def whole_of(surname: str, text: str) -> str | None:
    """The name of which only the surname was told before: «单名一个芳», «刘芳»."""
    if given := _patterns()["given"].match(text):
        return surname + given["given"]
    name = _whole_name(_bare(text))
    return name if name and name.startswith(surname) and len(name) > 1 else None


def stays(text: str) -> bool:
    """Whether the name was right, whoever else is meant."""
    return _patterns()["stays"].search(text) is not None


def _bare(text: str) -> str:
    """The answer without what is said around a name."""
    return _patterns()["around"].sub("", cues.core(text)) or text
