"""Small signs inside an answer: a yes in front, a change of mind, a refusal, «the second one»."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from typing import Any

from config.lexicon import load


@cache
def _cue(name: str) -> re.Pattern[str]:
    return re.compile(_lexicon()[name])


@cache
def _lexicon() -> dict[str, Any]:
    return load("replies") | load("going_on")


@cache
def patterns(name: str) -> tuple[re.Pattern[str], ...]:
    """The patterns of a list in config/lexicon/replies.yaml."""
    return tuple(re.compile(pattern) for pattern in _lexicon()[name])


def says(cue: str, text: str) -> bool:
    """Whether the text carries the cue of this name in config/lexicon/replies.yaml or going_on.yaml."""
    return _cue(cue).search(text) is not None


def before(cue: str, text: str) -> str:
    """What stands before the first sign of the cue; the whole text when it carries none."""
    found = _cue(cue).search(text)
    return text[: found.start()] if found else text


def after(cue: str, text: str) -> str:
    """What stands behind the last sign of the cue; nothing when the text carries none."""
    ends = [found.end() for found in _cue(cue).finditer(text)]
    return text[ends[-1] :] if ends else ""


def without(cue: str, text: str) -> str:
    """The text without the first sign of the cue."""
    return _cue(cue).sub("", text, count=1)


def without_all(cue: str, text: str) -> str:
    """The text without any sign of the cue."""
    return _cue(cue).sub("", text)


def part(cue: str, text: str) -> str:
    """The first sign of the cue itself; empty when the text carries none."""
    found = _cue(cue).search(text)
    return found[0] if found else ""


def sign(cue: str, text: str) -> re.Match[str] | None:
    """The first sign of the cue with its named parts, or None."""
    return _cue(cue).search(text)


def ordinal(text: str) -> int | None:
    """0, 1 or 2 for «the first», «the second», «the last»."""
    for index, pattern in enumerate(_lexicon()["ordinals"]):
        if re.search(pattern, text.strip()):
            return index
    return None


def measure(text: str) -> str | None:
    """What a bare amount counts: 「份」 of «两份»; None when the text is something else."""
    found = _cue("amount").match(text)
    return found[1] if found else None


def thing(text: str) -> str:
    """A thing without how much of it: 「米」 of «十斤米»; the whole text when nothing else is left."""
    return _cue("counted").sub("", text) or text


def counted(text: str) -> str | None:
    """What a thing is counted in: 「斤」 of «二斤鸡蛋»; None when it is not counted."""
    found = _cue("counted").match(text)
    return found[1] if found else None


def bought(text: str) -> str | None:
    """What is to be bought, where no list knows it: 「去痛片」 of «给我买点去痛片»."""
    found = _cue("bought").search(text)
    return found["thing"] if found else None


def child_of(text: str) -> str | None:
    """Whose child speaks: 「李秀英」 of «我是李秀英的女儿»."""
    found = _cue("child_of").search(text)
    return found["name"] if found else None


def lasting(text: str) -> int | None:
    """For how many days something is ordered («先订一个月»); None when it does not say."""
    found = _cue("lasting").search(text)
    return _days(found) if found else None


def _days(found: re.Match[str]) -> int:
    words = _lexicon()
    return int(words["lasting_days"][found["unit"]] * words["lasting_counts"][found["count"]])


def staying(text: str) -> int | None:
    """For how many days somebody is to stay («照看一周», «三个晚上»); None when it does not say."""
    found = next((found for one in patterns("staying") if (found := one.search(text))), None)
    return _days(found) if found else None


def clause(text: str, place: int) -> str:
    """The part of the sentence between two marks in which that place lies."""
    return next(
        (part[0].strip() for part in re.finditer(_lexicon()["clause"], text) if part.end() > place), text
    )


def shift(text: str) -> timedelta | None:
    """By how much something is put off («推迟一小时»), or brought forward («提前两天»); None when it does not say."""
    found = _cue("shift").search(text)
    if found is None:
        return None
    words = _lexicon()
    hours = words["shift_hours"][found["unit"]] * words["lasting_counts"][found["count"]]
    return timedelta(hours=-hours if found["earlier"] else hours)


def core(text: str) -> str:
    """An answer without its lead-in and trailing particles: 「我叫马建国啊」 → 「马建国」."""
    stripped = _cue("trail").sub("", _cue("lead_in").sub("", text.strip()))
    return stripped or text.strip()


def items_mentioned(text: str) -> set[str]:
    """Items whose everyday words occur in the text; only for telling existing orders apart."""
    return {item for item, words in _item_words().items() if words.search(text)}


@cache
def _item_words() -> dict[str, re.Pattern[str]]:
    """What each service is called; verbs also with what softens them («理个发», «打扫一下卫生»)."""
    softened = {
        item: "|".join("(?:一?[个下次])?".join(map(re.escape, word)) for word in words)
        for item, words in _lexicon()["item_words"].items()
    }
    return {item: re.compile(words) for item, words in softened.items()}


def me_and(text: str, start: int, end: int) -> tuple[int, str]:
    """Where the «我» of «我和老伴» stands, and that word; «老伴» is at `start`..`end`. Empty when nobody is named besides."""
    first = max(0, start - 3)
    found = _cue("me_and").search(text[first:end])
    return (first + found.start(1), found[1]) if found else (start, "")


def and_me(text: str) -> tuple[int, str]:
    """Where the «我» of «再给我自己送一份» stands, and that word; empty when nothing is wanted for the caller, too."""
    found = _cue("and_me").search(text)
    return (found.start(1), found[1]) if found else (0, "")


def then_me(text: str) -> tuple[int, str]:
    """Where the «我» of «…，下午给我洗» stands, and that word; empty when nothing is wanted for the caller."""
    found = _cue("then_me").search(text)
    return (found.start(1), found[1]) if found else (0, "")


def digits(text: str) -> str:
    """The first groups of a number that stand in the text; empty when none does."""
    return "".join(re.findall(r"[0-9]{3,}", text))


def goes_with(item: str, text: str) -> bool:
    """Whether the text names something that belongs to this service without being a request of its own."""
    return any(word in text for word in _lexicon()["goes_with"].get(item, ()))


def first_mention(item: str, text: str) -> int:
    """Where the text first speaks of the item; its length when it does not by these words."""
    words = _item_words().get(item)
    found = words.search(text) if words else None
    return found.start() if found else len(text)
