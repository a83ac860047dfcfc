"""Values in words, the way people say them: times, phone numbers, addresses, lists, and whom it is for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from backend.domain.order import Wanted
from backend.domain.wanted import is_rule, is_time, rule_parts

Words = Mapping[str, Any]  # config/wording/words.yaml

_CHINESE = re.compile(r"[\u3400-\u9fff]")
# Where a long address may be broken into two sentences: behind a county, town, street or estate.
_PLACE_BREAK = re.compile(r"(?<=[区县镇乡村路街园苑里])")
MOST_CHARACTERS = 22  # in one spoken sentence
DAYS_OF_WEEK = 7


def _word(words: Words, key: str, /, **values: str) -> str:
    return str(words[key]).format(**values)


def length(sentence: str) -> int:
    """How many Chinese characters a sentence has; digits count as the characters they are spoken with."""
    return len(_CHINESE.findall(sentence)) + len(re.findall(r"\d", sentence))


def _clock(moment: time, words: Words) -> str:
    part = next(row["name"] for row in reversed(words["parts"]) if row["from"] <= moment.hour)
    hour = moment.hour if moment.hour <= 12 else moment.hour - 12
    spoken = _word(words, "two_o_clock") if hour == 2 else number(hour, words)
    text = f"{part}{_word(words, 'o_clock', n=spoken)}"
    if moment.minute == 30:
        return text + _word(words, "half")
    if moment.minute == 15:
        return text + _word(words, "quarter")
    if moment.minute:
        return text + _word(words, "minutes", n=number(moment.minute, words))
    return text


def number(value: int, words: Words) -> str:
    """A number from 0 to 99 in Chinese: 12 → 十二."""
    digits = words["digits"]
    tens, ones = divmod(value, 10)
    if not tens:
        return str(digits[str(ones)])
    return (
        ("" if tens == 1 else digits[str(tens)]) + _word(words, "ten") + (digits[str(ones)] if ones else "")
    )


def _day(day: date, today: date, words: Words) -> str:
    distance = (day - today).days
    if distance in words["days"]:
        return str(words["days"][distance])
    return _word(
        words,
        "date" if distance < 8 else "date_short",
        month=number(day.month, words),
        day=number(day.day, words),
        weekday=words["weekdays"][day.weekday()],
    )


def _moment(iso: str, today: date, words: Words) -> str:
    if "T" not in iso:
        return _day(date.fromisoformat(iso), today, words)
    at = datetime.fromisoformat(iso)
    return _day(at.date(), today, words) + _clock(at.time(), words)


def when(wanted: Wanted, now: datetime, words: Words) -> str:
    """A wanted time in words: 「明天中午十二点」, 「后天下午」, 「每天中午十二点，从明天开始」, 「尽快」."""
    if wanted.iso is None or not is_time(wanted.iso):
        return _word(words, "asap" if wanted.asap else "any_time")
    today = now.date()
    first = _span(wanted.iso, today, words)
    if wanted.recurrence and is_rule(wanted.recurrence):
        which = recurrence(wanted.recurrence, words)
        last = last_day(wanted.recurrence)
        if last is not None and twice(wanted):
            named = [_day(day, today, words) for day in (date.fromisoformat(wanted.iso[:10]), last)]
            return joined(named, words, link="list_and") + first.removeprefix(named[0])
        if last is not None:
            return _word(words, "recurring_until", which=which, first=first, last=_day(last, today, words))
        return _word(words, "recurring", which=which, first=first)
    return first


def twice(wanted: Wanted) -> bool:
    """Whether it is two days and no more («周三和周五»)."""
    rule = wanted.recurrence or ""
    last, two = last_day(rule), rule_parts(rule).get("BYDAY", "").count(",") == 1
    if last is None or wanted.iso is None or not two:
        return False
    return (last - date.fromisoformat(wanted.iso[:10])).days < DAYS_OF_WEEK


def _span(iso: str, today: date, words: Words) -> str:
    start, _, end = iso.partition("/")
    if not end:
        return _moment(start, today, words)
    if "T" in start and "T" in end and start[:10] == end[:10]:
        name = words["named_ranges"].get(f"{start[11:13]}-{end[11:13]}")
        if name and start.endswith(":00") and end.endswith(":00"):
            return _day(date.fromisoformat(start[:10]), today, words) + str(name)
        later = _clock(datetime.fromisoformat(end).time(), words)
        return _moment(start, today, words) + _word(words, "until") + later
    return _moment(start, today, words) + _word(words, "until") + _moment(end, today, words)


def last_day(rule: str) -> date | None:
    """The day on which a repetition ends; None when it goes on."""
    until = rule_parts(rule).get("UNTIL")
    return datetime.strptime(until[:8], "%Y%m%d").date() if until else None  # noqa: DTZ007 (a day)


def recurrence(rule: str, words: Words) -> str:
    """「每天」, 「每三天一次」, 「每星期三、五」, 「每月十五号」 of an RRULE."""
    parts = rule_parts(rule)
    every = int(parts.get("INTERVAL", "1"))
    count = _word(words, "two") if every == 2 else number(every, words)
    match parts.get("FREQ"):
        case "DAILY" if every > 2:
            return _word(words, "every_n_days", count=count)
        case "DAILY":
            return _word(words, "every_other_day" if every == 2 else "daily")
        case "MONTHLY":
            return _monthly(parts.get("BYMONTHDAY", ""), every, count, words)
    days = [words["recurrence_days"].get(day, day) for day in parts.get("BYDAY", "").split(",") if day]
    on_days = _word(words, "list_comma").join(days)
    if every > 1:
        rhythm = _word(words, "every_n_weeks", count=count)
        return rhythm + _word(words, "on_days", days=on_days) if days else rhythm
    return _word(words, "weekly", days=on_days) if days else _word(words, "weekly_once")


def _monthly(by_day: str, every: int, count: str, words: Words) -> str:
    if every > 1:
        return _word(words, "every_n_months", count=count)
    if not by_day or by_day.startswith("-"):
        return _word(words, "monthly")
    days = [number(int(day), words) for day in by_day.split(",")]
    return _word(words, "monthly_on", days=_word(words, "list_comma").join(days))


def of_time(when_words: str, what: str, words: Words) -> str:
    """「明天中午十二点」 and 「送餐」 → 「明天中午十二点的送餐」."""
    return _word(words, "of_time", when=when_words, what=what)


def phone_groups(digits: str) -> str:
    """A phone number in the groups people say it in: mobile numbers 3-4-4, others in fours from the end."""
    if len(digits) == 11 and digits.startswith("1"):
        return f"{digits[:3]} {digits[3:7]} {digits[7:]}"
    return digits


def joined(names: Sequence[str], words: Words, *, link: str = "list_or") -> str:
    """「订饭、打扫还是看病」."""
    if len(names) < 2:
        return "".join(names)
    return _word(words, "list_comma").join(names[:-1]) + _word(words, link) + names[-1]


def broken_short(sentences: Sequence[str]) -> tuple[str, ...]:
    """Sentences cut so that each can be said in one breath; only values of callers (addresses) are ever that long."""
    return tuple(piece for sentence in sentences for piece in _pieces(sentence))


def _pieces(sentence: str) -> list[str]:
    if length(sentence) <= MOST_CHARACTERS:
        return [sentence]
    for mark in ("，", "、", "；"):
        cut = sentence.rfind(mark, 0, MOST_CHARACTERS)
        if cut > 3:
            return [sentence[:cut] + "。", *_pieces(sentence[cut + 1 :])]
    cuts = [
        match.start() for match in _PLACE_BREAK.finditer(sentence) if 4 < match.start() <= MOST_CHARACTERS - 2
    ]
    cut = cuts[-1] if cuts else MOST_CHARACTERS - 2
    return [sentence[:cut] + "。", *_pieces(sentence[cut:])]
