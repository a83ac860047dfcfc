"""Values in words, the way people say them: times, phone numbers, addresses, lists, and whom it is for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from backend.domain.order import Wanted
from backend.domain.wanted import is_rule, is_time, rule_parts
from config.lexicon import load

Words = Mapping[str, Any]  # config/wording/words.yaml

_CHINESE = re.compile(r"[\u3400-\u9fff]")
# Where a long address may be broken into two sentences: behind a county, town, street or estate.
# Where a long address or list may be broken: behind a region, a road, an estate, a house, never within their names.
_BREAK = re.compile(
    r"(?<=[区县镇乡村路街园苑里院])(?!小区|社区|家属|[园苑里院]|市场|委|[口头边])|(?<=号楼|单元)| |(?=和[^，。]{2,}的)"
)
MOST_CHARACTERS = 22  # in one spoken sentence
DAYS_OF_WEEK = 7
MOST_LISTED = 3  # days of the week in a row that are named one by one
A_MOMENT = timedelta(minutes=15)
LEAST_BEFORE = timedelta(hours=1)


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


def calendar(now: datetime, words: Words) -> tuple[str, str]:
    """The day with its weekday, and the time of the clock: 「十一月二十四号星期二」, 「上午九点半」."""
    day = _word(
        words,
        "date",
        month=number(now.month, words),
        day=number(now.day, words),
        weekday=words["weekdays"][now.weekday()],
    )
    return day, _clock(now.time(), words)


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
    first = _before(wanted.iso, now, words) or _span(wanted.iso, today, words)
    if wanted.recurrence and is_rule(wanted.recurrence):
        which = recurrence(wanted.recurrence, words)
        hours = "" if two_days(wanted) else _hours(wanted, words)
        if hours:
            which, first = which + hours, _day(date.fromisoformat(wanted.iso[:10]), today, words)
        last = last_day(wanted.recurrence)
        if last is not None and last.isoformat() == wanted.iso[:10]:
            return first + hours
        if last is not None and two_days(wanted):
            named = [_day(day, today, words) for day in (date.fromisoformat(wanted.iso[:10]), last)]
            return joined(named, words, link="list_and") + first.removeprefix(named[0])
        if last is not None:
            return _word(words, "recurring_until", which=which, first=first, last=_day(last, today, words))
        return _word(words, "recurring", which=which, first=first)
    return first


def _hours(wanted: Wanted, words: Words) -> str:
    """The hour of something that comes on named days: 「中午十二点」 of every noon; empty when none was said."""
    parts, iso = rule_parts(wanted.recurrence or ""), wanted.iso or ""
    named = parts.get("FREQ") == "DAILY" or "BY" in (wanted.recurrence or "")
    if "INTERVAL" in parts or not named:
        return ""
    if hours := [time(int(hour)) for hour in parts.get("BYHOUR", "").split(",") if hour]:
        return joined([_clock(hour, words) for hour in hours], words, link="list_and")
    ends = iso.split("/")
    if all("T" in end for end in ends) and ends[0][11:] > ends[-1][11:]:  # over night
        clocks = [_clock(datetime.fromisoformat(end).time(), words) for end in ends]
        return _word(words, "until").join(clocks)
    if not all("T" in end for end in ends) or ends[0][:10] != ends[-1][:10]:
        return ""
    day = date.fromisoformat(iso[:10])
    return _span(iso, day, words).removeprefix(_day(day, day, words))


def twice(wanted: Wanted) -> bool:
    """Whether it is two days and no more («周三和周五»), or two meals of one day."""
    last = last_day(wanted.recurrence or "")
    one_day = last is not None and wanted.iso is not None and last.isoformat() == wanted.iso[:10]
    return one_day or two_days(wanted)


def two_days(wanted: Wanted) -> bool:
    """Whether it is two days and no more («周三和周五»)."""
    rule = wanted.recurrence or ""
    last, two = last_day(rule), rule_parts(rule).get("BYDAY", "").count(",") == 1
    if last is None or wanted.iso is None or not two:
        return False
    return (last - date.fromisoformat(wanted.iso[:10])).days < DAYS_OF_WEEK


def _before(iso: str, now: datetime, words: Words) -> str | None:
    """A range of today that begins with the call: 「今天下午五点以前」."""
    start, _, end = iso.partition("/")
    if "T" not in start or "T" not in end or start[:10] != end[:10]:
        return None
    ahead = datetime.fromisoformat(start) - now
    later = datetime.fromisoformat(end)
    if not -A_MOMENT <= ahead <= A_MOMENT or start.endswith(":00") or later - now < LEAST_BEFORE:
        return None
    return _word(words, "before", when=_moment(end, now.date(), words))


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
    name = words["named_ranges"].get(f"{start[11:13]}-{end[11:13]}")
    if name and start.endswith(":00") and end.endswith(":00"):  # one of the mornings of these days
        return _span(f"{start[:10]}/{end[:10]}", today, words) + _word(words, "of_days", part=str(name))
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
            weekday = words["recurrence_days"].get(parts.get("BYDAY"))
            return _monthly(parts.get("BYMONTHDAY", ""), every, count, words, weekday)
    named = [day for day in parts.get("BYDAY", "").split(",") if day]
    days = [words["recurrence_days"].get(day, day) for day in named]
    on_days = _word(words, "list_comma").join(days)
    if len(named) > MOST_LISTED and ",".join(named) in ",".join(words["recurrence_days"]):
        on_days = _word(words, "from_day_to_day", first=days[0], last=days[-1])
    if every > 1:
        rhythm = _word(words, "every_n_weeks", count=count)
        return rhythm + _word(words, "on_days", days=on_days) if days else rhythm
    return _word(words, "weekly", days=on_days) if days else _word(words, "weekly_once")


def _monthly(by_day: str, every: int, count: str, words: Words, weekday: str | None = None) -> str:
    if every > 1:
        return _word(words, "every_n_months", count=count)
    if not by_day or by_day.startswith("-"):
        return _word(words, "monthly")
    if weekday:  # one of seven days: «每月第一个星期六»
        which = number(int(by_day.split(",")[0]) // 7 + 1, words)
        return _word(words, "monthly_weekday", which=which, day=weekday)
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


def called(item: str, details: Sequence[str], words: Words) -> str:
    """「上门理发」 or 「上门理发、剪指甲」: the specific things among the details; empty when none is named."""
    names = [
        name
        for name, pattern in words["called"].get(item, {}).items()
        if any(re.search(pattern, detail) for detail in details)
    ]
    return _word(words, "list_comma").join(
        [name if at == 0 else name.removeprefix(words["at_home"]) for at, name in enumerate(names)]
    )


def whole_service(item: str, say: str, text: str, words: Words) -> str:
    """The word of the text for the service as a whole (「打扫」), where specific things are told apart from it."""
    found = re.search(words["called"].get(item, {}).get(say) or "(?!)", text)
    return found[0] if found else ""


def specific(item: str, details: Sequence[str], what: str, words: Words) -> list[str]:
    """The details worth reading back besides `what`: those that name something («骨科»), not the service again."""
    patterns = words["called"].get(item, {}).values()
    known = load("details")["items"].get(item, ())
    return [
        detail
        for detail in details
        if any(word in detail for word in known)
        and detail not in what
        and detail not in words["says_no_more"]
        and not any(re.search(pattern, detail) for pattern in patterns)
    ]


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
    cuts = [match.start() for match in _BREAK.finditer(sentence) if 4 < match.start() <= MOST_CHARACTERS - 2]
    cut = cuts[-1] if cuts else MOST_CHARACTERS - 2
    return [sentence[:cut] + "。", *_pieces(sentence[cut:].strip())]
