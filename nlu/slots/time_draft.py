"""Joins neighbouring time words into one expression: «后天» + «上午» + «九点» «到» «十一点»."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache

from nlu.slots.dates import DAY, Days, one
from nlu.slots.time_reading import read
from nlu.slots.time_words import Clock, Reading, Word, as_number, lexicon, time_words

NAMED = ("festival", "lunar", "date", "weekday")  # days that «头一天» may be counted from
LONGEST_LINK = 8  # characters between the ends of a range: «从明天开始，一直送到月底»
OF_A_YEAR = (
    "solar",
    "short_solar",
    "lunar",
    "festival",
    "only_month",
)  # a year may be said in front of these


@dataclass(slots=True)
class Draft:
    """What the words of one expression say together."""

    start: int
    end: int
    days: list[Days] = field(default_factory=list)
    part: str | None = None
    clock: Clock | None = None
    clock_to: Clock | None = None
    moments: tuple[datetime, datetime] | None = None
    recurrence: str | None = None
    by_hours: tuple[int, ...] = ()
    asap: bool = False
    vague: bool = False
    past: bool = False
    open_day: bool = False
    no_such_day: str | None = None
    shift: str | None = None
    since: date | None = None  # «下个月起每天»: no time before this day
    from_hour: int = 0  # … and on that day none before this hour («从今天晚上开始»)
    until: date | None = None  # «每天中午，送到月底»: no time after this day
    tail: str | None = None  # "before" or "after"
    to: Draft | None = None  # the other end of a range
    each: bool = False  # `to` is a day besides, and no end of a range
    shapes: list[str] = field(default_factory=list)
    instead_of: Draft | None = None  # the time that it puts right («两点，不是，三点»)

    @property
    def timed(self) -> bool:
        return self.clock is not None or self.part is not None


@lru_cache(maxsize=64)
def rule(name: str, under: str | None = None) -> re.Pattern[str]:
    """A pattern of the time lexicon, compiled."""
    words = lexicon()
    return re.compile(str(words[under][name] if under else words[name]))


def _alone(reading: Reading) -> bool:
    return bool(reading.asap or reading.moments or (reading.vague and not reading.recurrence))


def _joins(draft: Draft, reading: Reading, gap: str) -> bool:
    """Whether the reading tells more about the same time."""
    if draft.to or draft.moments or draft.asap or draft.tail or _alone(reading):
        return False
    if draft.vague and not draft.recurrence:
        return False
    if reading.past != draft.past and (reading.days or reading.past):
        return False
    if reading.days or reading.no_such_day or reading.open_day:
        loose = gap in ("", "的", " ") or (gap in ("，", ",") and _explains(draft, reading))
        return loose and not (draft.timed and (draft.days or draft.recurrence)) and not draft.recurrence
    if reading.recurrence and reading.part:
        return False
    if reading.recurrence:
        return gap in ("", "的") and not draft.recurrence and not draft.days
    if reading.by_hours:
        return not draft.timed and gap in ("", "的")
    if reading.part:
        return draft.part is None and draft.clock is None
    return draft.clock is None


def _explains(draft: Draft, reading: Reading) -> bool:
    """«二十五号，礼拜三»: a weekday after a comma that says again which day is meant."""
    if not (draft.days and reading.days and reading.days.said == "weekday"):
        return False
    day = draft.days[-1]
    return day.said in ("date", "lunar") or (day.said == "day" and day.first == reading.days.first)


def _add(draft: Draft, word: Word, reading: Reading) -> None:
    if reading.days:
        draft.days.append(reading.days)
    draft.part = reading.part or draft.part
    draft.clock = reading.clock or draft.clock
    draft.clock_to = reading.clock_to or draft.clock_to
    draft.moments = reading.moments or draft.moments
    draft.recurrence = reading.recurrence or draft.recurrence
    draft.by_hours = reading.by_hours or draft.by_hours
    draft.asap |= reading.asap
    draft.vague |= reading.vague
    draft.past |= reading.past
    draft.open_day |= reading.open_day
    draft.shift = reading.shift or draft.shift
    draft.no_such_day = reading.no_such_day or draft.no_such_day
    draft.start, draft.end = min(draft.start, word.start), max(draft.end, word.end)
    draft.shapes.append(word.shape)


def _shift_named_day(draft: Draft, text: str) -> None:
    """«国庆头一天», «清明第二天», «元旦假期»: what follows a named day and moves or completes it."""
    if not draft.days or draft.days[-1].said not in NAMED:
        return
    rest = text[draft.end : draft.end + 8]
    if match := rule("eve", "tails").match(rest):
        shift = -as_number(match["eves"] or "一")
    elif match := rule("next", "tails").match(rest):
        shift = 1
    if match:
        draft.days[-1] = one(draft.days[-1].first + shift * DAY, "date")
        draft.end += match.end()
        return
    if draft.days[-1].said in ("festival", "lunar"):
        _feast(draft, text)


def _feast(draft: Draft, text: str) -> None:
    if match := rule("feast", "tails").match(text[draft.end : draft.end + 4]):
        draft.end += match.end()


def _finish(draft: Draft, text: str) -> None:
    """«以前», «以后», «钟» behind the expression."""
    rest = text[draft.end : draft.end + 8]
    if draft.open_day:
        for name in ("feast", "eve", "next"):
            if match := rule(name, "tails").match(rest):
                draft.end += match.end()
                rest = text[draft.end : draft.end + 8]
    for name in ("before", "after", "about"):
        if match := rule(name, "tails").match(rest):
            draft.end += match.end()
            draft.tail = name if name != "about" else None
            return


def _combines(left: Draft, right: Draft) -> bool:
    """Whether the two can be the ends of one range: days with days, times of day with times of day."""
    if left.to or left.recurrence or right.recurrence or left.moments or right.moments or left.tail:
        return False
    if right.days and left.days:
        return True
    return left.timed and right.timed and not right.days


def _in_that_year(year: Word, word: Word, text: str) -> bool:
    """Whether a date is said right behind its year: «后年八月», «明年的国庆»."""
    return word.shape in OF_A_YEAR and text[year.end : word.start] in ("", "的")


def _year_start(year: Word, now: datetime) -> datetime:
    """The moment from which dates of that year are looked for."""
    ahead = int(lexicon()["years"][year.text])
    return now.replace(year=now.year + ahead, month=1, day=1) if ahead else now


def drafts(text: str, now: datetime) -> list[Draft]:
    """All expressions of the text in order, not yet judged."""
    done: list[Draft] = []
    current: Draft | None = None
    year: Word | None = None
    for word in time_words(text):
        if word.shape == "year_of":
            year = word
            continue
        if year and _in_that_year(year, word, text):
            word, since = replace(word, start=year.start), _year_start(year, now)
        else:
            since = now
        year = None
        reading = read(word, since)
        if reading is None:
            continue
        gap = text[current.end : word.start] if current else ""
        if current and len(gap) <= 4 and rule("joined_by").match(gap) and _joins(current, reading, gap):
            _add(current, word, reading)
        else:
            if current:
                _finish(current, text)
                done.append(current)
            current = Draft(word.start, word.end)
            _add(current, word, reading)
        _shift_named_day(current, text)
    if current:
        _finish(current, text)
        done.append(current)
    whole = _ranges(done, text)
    for draft in whole:
        _twice_that_day(draft)
    return whole


def _over_night(left: Draft, right: Draft) -> bool:
    """«十点到早上六点»: what ends early in the morning began in the evening."""
    early = right.part in ("early", "dawn", "small_hours") and not left.part
    return bool(early and left.clock and right.clock and right.clock[0] < left.clock[0])


def last_day(draft: Draft) -> date:
    """The last of its days («明天到周日»)."""
    days = draft.to.days if draft.to and draft.to.days else draft.days
    return max(draft.days[0].first, days[-1].last)


def _twice_that_day(draft: Draft) -> None:
    """«后天中午和晚上»: both on that day, and on no other."""
    if draft.by_hours and draft.days and not draft.recurrence:
        draft.since, draft.until = draft.days[0].first, last_day(draft)


def _ranges(found: list[Draft], text: str) -> list[Draft]:
    """Joins the two ends of ranges («周一到周三») and alternatives («明天或者后天»)."""
    result: list[Draft] = []
    for draft in found:
        before = result[-1] if result else None
        gap = text[before.end : draft.start] if before else ""
        if before and gap and len(gap) <= LONGEST_LINK and _combines(before, draft):
            ranged = rule("range_joint").match(gap)
            ranged = ranged or (
                rule("out_joint").match(gap) and rule("back_after").match(text[draft.end : draft.end + 4])
            )
            either = rule("either_joint").match(gap)
            if ranged and _over_night(before, draft):
                before.part = "evening"
            if ranged or (either and not before.timed and not draft.timed):
                before.to, before.end, before.tail = draft, draft.end, draft.tail
                before.each = bool(rule("both_joint").match(gap))
                if before.days and not before.timed:  # «周一到周五中午»: the hour counts for all of them
                    before.part, before.clock, before.clock_to = draft.part, draft.clock, draft.clock_to
                    draft.part = draft.clock = draft.clock_to = None
                continue
        result.append(draft)
    return result
