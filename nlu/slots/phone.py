"""Telephone numbers as they are spoken: 幺 for 1, in groups, with the end said again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from config.lexicon import load
from nlu.slots.numbers import digit_values
from nlu.speech import cut, even
from nlu.understanding import Expecting, Phone

MOBILE = re.compile(r"1[3-9]\d{9}")
MOBILE_BEGUN = re.compile(r"1[3-9]\d*")
SERVICE = re.compile(r"[48]00\d{7}")
COUNTRY = "86"
LONGEST = 12  # digits: area code and number; longer runs are card or identity numbers
LOCAL = range(6, 9)  # digits of a number without its area code
SHORTEST_GROUP = 3  # digits of a group that is worth keeping when a number was asked for
MOST_RUNS = 60
ENDS = " ，。,.！!吧啊呢嘛"


@dataclass(frozen=True, slots=True)
class PhoneSpan:
    """A number, or part of one. `phone` is None for «this number», the one the caller is calling from."""

    start: int
    end: int
    phone: Phone | None


@dataclass(frozen=True, slots=True)
class _Run:
    start: int
    end: int
    digits: str


@dataclass(frozen=True, slots=True)
class _Patterns:
    run: re.Pattern[str]
    between: re.Pattern[str]
    correction: re.Pattern[str]
    not_before: re.Pattern[str]
    before: re.Pattern[str]
    number_follows: re.Pattern[str]
    tail_before: re.Pattern[str]
    not_after: re.Pattern[str]
    restart: re.Pattern[str]
    this: re.Pattern[str]
    counted: re.Pattern[str]


@lru_cache(maxsize=1)
def _heard() -> dict[str, int]:
    return {str(character): int(digit) for character, digit in load("digits")["heard"].items()}


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    words = load("digits")["phone"]
    true = "".join(digit_values())
    any_digit = true + "".join(_heard())
    several = "|".join(sorted(map(str, words["twice"]), key=len, reverse=True))
    run = f"(?:(?:{several})(?=[{true}])|[{true}])[{any_digit}]*(?:(?:{several})[{true}][{any_digit}]*)*"
    this = "|".join(sorted(map(str, words["this"]), key=len, reverse=True))
    return _Patterns(
        re.compile(run), re.compile(words["between"]),
        re.compile(f"(?:{words['correction']}{words['correction_tail']})+"),
        re.compile(words["not_before"]), re.compile(words["before"]),
        re.compile(words["number_follows"]), re.compile(words["tail_before"]),
        re.compile(words["not_after"]), re.compile(words["restart"]), re.compile(this), re.compile(words["counted"]),
    )  # fmt: skip


def find_phones(text: str, *, expecting: Expecting | None = None) -> list[PhoneSpan]:
    """The telephone numbers of the text in order; parts of numbers mostly when a number was asked for."""
    asked = expecting is Expecting.PHONE
    patterns = _patterns()
    found: list[PhoneSpan] = []
    runs = _runs(text)
    place = 0
    while place < len(runs):
        span, place = _gathered(text, runs, place, asked)
        if span:
            found.append(span)
    found = [span for span in found if span.phone and (span.phone.complete or not _followed(span, found))]
    if not found and asked and (match := patterns.this.search(text)):
        return [PhoneSpan(match.start(), match.end(), None)]
    return found


def with_a_whole_number(text: str, alternatives: Iterable[str]) -> str:
    """The first reading of an answer that holds a whole number, else the best: digits come and go between readings."""
    for reading in (text, *alternatives):
        found = find_phones(even(reading), expecting=Expecting.PHONE)
        if any(span.phone is None or span.phone.complete for span in found):
            return cut(reading)
    return text


def _followed(part: PhoneSpan, found: list[PhoneSpan]) -> bool:
    """A part is of no use when a whole number is there."""
    return any(other.phone and other.phone.complete for other in found)


def _runs(text: str) -> list[_Run]:
    """Runs of digits; misheard ones count only inside a run that is mostly digits."""
    runs = []
    for match in _patterns().run.finditer(text):
        digits, end = _digits_of(match.group())
        counted = end == 1 and _patterns().counted.match(text, match.end())
        if digits and not counted:
            runs.append(_Run(match.start(), match.start() + end, digits))
    return runs[:MOST_RUNS]


def _digits_of(said: str) -> tuple[str, int]:
    """The digits of a run and how many characters of it they take."""
    values, heard = digit_values(), _heard()
    twice = {str(word): int(times) for word, times in load("digits")["phone"]["twice"].items()}
    digits: list[str] = []
    true_count = position = last_true = true_length = 0
    while position < len(said):
        word = next(
            (word for word in twice if said.startswith(word, position) and len(said) > position + len(word)),
            None,
        )
        if word and said[position + len(word)] in values and (len(word) > 1 or said[position] not in values):
            digits.append(str(values[said[position + len(word)]]) * twice[word])
            position += len(word) + 1
            true_count, last_true, true_length = true_count + 1, position, len(digits)
            continue
        letter = said[position]
        digit = values.get(letter)
        position += 1
        if digit is not None:
            digits.append(str(digit))
            true_count, last_true, true_length = true_count + 1, position, len(digits)
        elif letter in heard:
            digits.append(str(heard[letter]))
        else:
            break
    if len(digits) == true_count or (true_count >= 7 and len("".join(digits)) in (7, 11)):
        return "".join(digits), position
    if true_length == true_count:
        return "".join(digits[:true_length]), last_true
    return "".join(digits[:true_length]) if true_count >= 6 else "", last_true


def _gathered(text: str, runs: list[_Run], place: int, asked: bool) -> tuple[PhoneSpan | None, int]:
    """One number from the run at `place` on, and the place of the next run."""
    patterns = _patterns()
    first = runs[place]
    digits, start, end = first.digits, first.start, first.end
    place += 1
    while place < len(runs):
        run = runs[place]
        gap = text[end : run.start]
        if len(gap) > 24:
            break
        if patterns.correction.fullmatch(gap) or (patterns.restart.search(gap) and len(digits) >= 3):
            whole = _whole(run.digits) or patterns.restart.search(gap)
            if whole or len(run.digits) >= len(digits):
                digits, start = run.digits, run.start
            else:
                digits = digits[: len(digits) - len(run.digits)] + run.digits
        elif (
            _whole(digits)
            or _whole(run.digits)
            or not patterns.between.fullmatch(gap)
            or len(digits) + len(run.digits) > LONGEST + 2
        ):
            break
        else:
            digits += run.digits
        end = run.end
        place += 1
    return _judged(text, PhoneSpan(start, end, Phone(digits, complete=False)), asked), place


def _whole(digits: str) -> str | None:
    """The number without its country code when it is a complete mobile, service or long-distance number."""
    if digits.startswith(COUNTRY) and len(digits) == 13:
        digits = digits.removeprefix(COUNTRY)
    if MOBILE.fullmatch(digits) or SERVICE.fullmatch(digits):
        return digits
    area = digits[:4]
    if digits.startswith("0") and (area in load("digits")["phone"]["area_codes"] or len(digits) >= 11):
        return digits if 10 <= len(digits) <= LONGEST else None
    return None


def _announced(text: str, span: PhoneSpan) -> bool:
    """«打我爸电话，138»: the first group of a number, and nothing after it."""
    long_enough = span.phone is not None and len(span.phone.digits) >= SHORTEST_GROUP
    last = not text[span.end :].strip(ENDS)
    return long_enough and last and _patterns().number_follows.search(text, 0, span.start) is not None


def _judged(text: str, span: PhoneSpan, asked: bool) -> PhoneSpan | None:
    """Whether the gathered digits are a telephone number, and a whole one."""
    if span.phone is None:
        return None
    patterns, digits = _patterns(), span.phone.digits
    left, right = text[max(0, span.start - 12) : span.start], text[span.end : span.end + 4]
    whole = _whole(digits)
    if whole and not patterns.not_before.search(left):
        return PhoneSpan(span.start, span.end, Phone(whole, complete=True))
    if patterns.not_before.search(left) or patterns.not_after.match(right) or len(digits) > LONGEST + 1:
        return None
    wanted = asked or bool(patterns.before.search(left))
    if wanted and len(digits) in LOCAL and digits[0] not in "01":
        return PhoneSpan(span.start, span.end, Phone(digits, complete=True))
    begun = bool(MOBILE_BEGUN.fullmatch(digits)) and (len(digits) >= 7 or _announced(text, span))
    named = wanted and len(digits) >= SHORTEST_GROUP and not (not asked and len(digits) < 7)
    if begun or named or patterns.tail_before.search(left):
        return PhoneSpan(span.start, span.end, Phone(digits, complete=False))
    return None
