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
MOBILE_DIGITS = 11
# Questions that are answered in a word or two.
CLOSED = frozenset({"confirm", "which_item", "satisfaction"})


class Phrase(StrEnum):
    """How much more is to be expected."""

    CLOSED = "closed"  # a clear yes or no, or one of the choices, to a closed question
    COMPLETE = "complete"
    OPEN = "open"  # could stand so, could go on
    VAGUE = "vague"  # hardly all of it: a wish without a wish in it, a place without a number
    UNFINISHED = "unfinished"
    OBJECTLESS = "objectless"  # so it seems: it ends in a verb
    DIGITS = "digits"  # a group of digits of a longer number
    BACKCHANNEL = "backchannel"  # «嗯», «哦»: a sign of listening
    EMPTY = "empty"


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
    if core in words.complete:
        return Phrase.COMPLETE
    if core != said or core.endswith(words.unfinished) or text.rstrip().endswith((",", "，", "、", "…")):
        return Phrase.UNFINISHED
    if core.endswith(words.objectless):
        return Phrase.OBJECTLESS
    if core.endswith(words.closing) or text.rstrip().endswith(("?", "？")):
        return Phrase.COMPLETE
    return _by_question(core, asks, words)


def judged(kind: Phrase, completeness: Completeness | None) -> Phrase:
    """The kind that the words suggest, corrected by whoever understands them.

    Words that show that a sentence goes on, or that it is rounded off, are believed whatever it means, unless they are the
    very answer («给我妈» to «是给谁办的»).
    """
    if kind is Phrase.OPEN and completeness is Completeness.MISSING:
        return Phrase.VAGUE
    if completeness is Completeness.SETTLED:
        return {
            Phrase.OPEN: Phrase.COMPLETE,
            Phrase.VAGUE: Phrase.COMPLETE,
            Phrase.OBJECTLESS: Phrase.OPEN,
        }.get(kind, kind)
    if completeness is Completeness.ANSWERED and kind is not Phrase.CLOSED:
        return Phrase.COMPLETE
    return kind


def _by_question(core: str, asks: str | None, words: Words) -> Phrase:
    """Whether it says what was asked for."""
    match asks:
        case None:
            return Phrase.OPEN if any(word in core for word in words.wishes) else Phrase.VAGUE
        case "place":
            return Phrase.OPEN if _DIGIT.search(core) else Phrase.VAGUE
        case "time":
            return Phrase.COMPLETE if core.endswith(words.time_ends) else Phrase.OPEN
        case "detail" | "name":
            return Phrase.OPEN
        case _:
            return Phrase.COMPLETE


def _without_fillers(said: str, words: Words) -> str:
    """The phrase without hesitation at its end («我要订饭，那个……»)."""
    while filler := next((word for word in words.fillers if said.endswith(word)), None):
        said = said[: -len(filler)]
    return said
