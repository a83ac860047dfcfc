"""Is a phrase finished, as far as its words tell?"""

from __future__ import annotations

import re
from enum import StrEnum

from config.turn_taking import Words
from voice.conversation import Completeness

_MARKS = re.compile(r"[\s,，。.！!？?、；;：:…~～—\-“”\"'「」]+")
_NUMERAL = "0-9０-９零〇一二三四五六七八九十幺两洞拐"
_ENDS_IN_DIGITS = re.compile(rf"[{_NUMERAL}]{{2,}}$")
_DIGIT = re.compile(rf"[{_NUMERAL}]")
_AGE = re.compile(rf"[{_NUMERAL}]{{2,}}(岁|岁了|了)$")
_REPEATED = re.compile(r"(.)一?\1$")  # «修一修», «修修»: such a verb wants no object
MOBILE_DIGITS = 11
SURNAME_ALONE = 2  # letters: «姓马», «马»: the given name may follow
# Questions that are answered in a word or two.
CLOSED = frozenset({"confirm", "which_item", "satisfaction"})


class Phrase(StrEnum):
    """How much more is to be expected."""

    CLOSED = "closed"  # a clear yes or no, or one of the choices, to a closed question
    SETTLED = "settled"  # a whole wish or answer: somebody has understood it as one
    COMPLETE = "complete"  # as far as its words tell
    OPEN = "open"  # could stand so, could go on
    LIST = "list"  # things to buy: another may come to mind
    VAGUE = "vague"  # hardly all of it: a wish without a wish in it, a place without a number
    UNFINISHED = "unfinished"
    OBJECTLESS = "objectless"  # so it seems: it ends in a verb
    DIGITS = "digits"  # a group of digits of a longer number
    BACKCHANNEL = "backchannel"  # «嗯», «哦»: a sign of listening
    EMPTY = "empty"


# Whatever it means besides, this is what it is.
PLAIN = frozenset({Phrase.CLOSED, Phrase.BACKCHANNEL})


def bare(text: str) -> str:
    """The words without marks and spaces."""
    return _MARKS.sub("", text)


def is_backchannel(text: str, words: Words) -> bool:
    return all(part in words.backchannel for part in _MARKS.split(text) if part)


def phrase(text: str, asks: str | None, choices: tuple[str, ...], words: Words) -> Phrase:
    """What kind of phrase this is, said in answer to `asks` with these `choices` on offer."""
    said = bare(text)
    if not said:
        return Phrase.EMPTY
    if (asks in CLOSED or choices) and (said in words.affirm or said in words.deny or said in choices):
        return Phrase.CLOSED
    if is_backchannel(text, words):
        return Phrase.BACKCHANNEL
    core = _without_fillers(said, words)
    if not core:
        return Phrase.UNFINISHED
    if asks == "phone" and _ENDS_IN_DIGITS.search(core):
        return Phrase.COMPLETE if len(_DIGIT.findall(core)) >= MOBILE_DIGITS else Phrase.DIGITS
    # «要那个|不辣的»: whoever points at something has yet to name it.
    if said.endswith(words.pointing):
        return Phrase.UNFINISHED
    # «要» answers a question; before any it begins a sentence.
    if core in words.complete and (asks is not None or core not in words.unfinished):
        return Phrase.COMPLETE
    if asks is None and _is_background(core, words):
        return Phrase.UNFINISHED
    if core != said or core.endswith(words.unfinished) or text.rstrip().endswith((",", "，", "、", "…")):
        return Phrase.UNFINISHED
    if core.endswith(words.objectless) and not _REPEATED.search(core):
        return Phrase.OBJECTLESS
    if core.endswith(words.closing) or text.rstrip().endswith(("?", "？")):
        return Phrase.COMPLETE
    return _by_question(core, asks, words)


def judged(kind: Phrase, completeness: Completeness | None) -> Phrase:
    """The kind that the words suggest, corrected by whoever understands them.

    Words that show that a sentence goes on are believed whatever it means, unless they are the very answer («给我妈» to
    «是给谁办的») or a whole request beyond doubt («派个人来打扫一下»). That it is rounded off is believed less: a recogniser
    easily hears «了» or «吗» at the end of a few words.
    """
    if kind in (Phrase.OPEN, Phrase.LIST, Phrase.COMPLETE) and completeness is Completeness.MISSING:
        return Phrase.VAGUE
    if completeness in (Completeness.ANSWERED, Completeness.WHOLE) and kind not in PLAIN:
        return Phrase.SETTLED
    if completeness in (Completeness.SETTLED, Completeness.LISTING):
        whole = Phrase.SETTLED if completeness is Completeness.SETTLED else Phrase.LIST
        return {
            Phrase.COMPLETE: whole,
            Phrase.OPEN: whole,
            Phrase.LIST: whole,
            Phrase.VAGUE: whole,
            Phrase.OBJECTLESS: Phrase.OPEN,
        }.get(kind, kind)
    return kind


def _is_background(core: str, words: Words) -> bool:
    """«我那个社保卡», «我今年八十二了»: what it is about, and not yet what about it."""
    topic = core.startswith(words.topics) and any(word in core for word in words.wishes)
    return bool(_AGE.search(core)) or (topic and not any(verb in core for verb in words.verbs))


def _by_question(core: str, asks: str | None, words: Words) -> Phrase:
    """Whether it says what was asked for."""
    match asks:
        case None:
            return Phrase.OPEN if any(word in core for word in words.wishes) else Phrase.VAGUE
        case "place":
            return Phrase.OPEN if _DIGIT.search(core) else Phrase.VAGUE
        case "time":
            return Phrase.COMPLETE if core.endswith(words.time_ends) else Phrase.OPEN
        case "detail":
            return Phrase.LIST
        case "name":
            return Phrase.OPEN if len(core) > SURNAME_ALONE else Phrase.VAGUE
        case _:
            return Phrase.COMPLETE


def _without_fillers(said: str, words: Words) -> str:
    """The phrase without hesitation at its end («我要订饭，那个……»)."""
    while filler := next((word for word in words.fillers if said.endswith(word)), None):
        said = said[: -len(filler)]
    return said
