"""Values as staff read them: masked phone numbers, wanted times, how long ago. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from backend.domain.wanted import is_rule, is_time, rule_parts
from backend.web.words import Words

_MASKED = "****"
MOST_RAW = 40  # characters of a time that can not be read


def mask_phone(phone: str | None) -> str:
    """`13812345678` → `138****5678`; a shorter number keeps only its last digits. Not a number: nothing."""
    digits = "".join(letter for letter in phone or "" if letter.isdigit())
    if len(digits) >= 11:
        return f"{digits[:-8]}{_MASKED}{digits[-4:]}"
    return f"{_MASKED}{digits[-3:]}" if len(digits) >= 5 else ""


def is_phone(sender: str | None) -> bool:
    """Whether a sender can be called back: nothing but digits, with an optional plus."""
    return bool(sender) and len(sender or "") >= 5 and (sender or "").lstrip("+").isdigit()


def clock(at: datetime) -> str:
    """Hours and minutes: `09:05`."""
    return f"{at.hour:02d}:{at.minute:02d}"


def moment(at: datetime, now: datetime, words: Words) -> str:
    """A past moment with its day: «今天 10:32», «11月3日 09:05»."""
    days = (now.date() - at.date()).days
    if days in (0, 1):
        return words("times.today" if days == 0 else "times.yesterday", clock=clock(at))
    key = "times.day" if at.year == now.year else "times.day_of_year"
    return words(key, year=at.year, month=at.month, day=at.day, clock=clock(at))


def ago(at: datetime, now: datetime, words: Words) -> str:
    """How long ago in words; from 12 hours on, the moment itself. A moment ahead of the clock reads as just now."""
    passed = now - at
    if passed < timedelta(minutes=1):
        return words("times.just_now")
    if passed < timedelta(hours=1):
        return words("times.minutes_ago", n=int(passed.total_seconds() // 60))
    if passed < timedelta(hours=12):
        return words("times.hours_ago", n=int(passed.total_seconds() // 3600))
    return moment(at, now, words)


def lasting(seconds: int, words: Words) -> str:
    """How long something took: «3 分 20 秒»."""
    minutes, rest = divmod(seconds, 60)
    return words("calls.minutes", m=minutes, s=rest) if minutes else words("calls.seconds", s=rest)


def wanted_time(iso: str | None, asap: bool, recurrence: str | None, now: datetime, words: Words) -> str:
    """When an order is wanted: «明天 11月24日 14:00–18:00», «每周一三，11月24日 周二 起», «尽快».

    Never raises: what is no time, from before times were checked, stands as it is, marked as wrong. One row must not take a page.
    """
    if iso is None:
        return words("wanted.asap" if asap else "wanted.any")
    if not is_time(iso):
        return words("wanted.unreadable", raw=iso[:MOST_RAW])
    first = _span(iso, now.date(), words)
    if recurrence:
        return words("wanted.recurring", which=_recurrence(recurrence, words), first=first)
    return first


def _span(iso: str, today: date, words: Words) -> str:
    start, _, end = iso.partition("/")
    if not end:
        return _point(start, today, words)
    if "T" in start and "T" in end and start[:10] == end[:10]:
        return f"{_point(start, today, words)}–{clock(datetime.fromisoformat(end))}"
    return words("wanted.between", start=_point(start, today, words), end=_point(end, today, words))


def day_named(day: date, today: date, words: Words) -> str:
    """«今天 11月23日», «11月27日 周五»."""
    return _point(day.isoformat(), today, words)


def _point(iso: str, today: date, words: Words) -> str:
    day = date.fromisoformat(iso[:10])
    names = words.group("wanted.days")
    distance = (day - today).days
    if distance in names:
        text = words("wanted.named_day", name=names[distance], month=day.month, day=day.day)
    else:
        weekday = words.find("wanted.weekdays")[day.weekday()]
        text = words("wanted.day", month=day.month, day=day.day, weekday=weekday)
    return f"{text} {clock(datetime.fromisoformat(iso))}" if "T" in iso else text


def _recurrence(rule: str, words: Words) -> str:
    if not is_rule(rule):
        return words("wanted.other")
    parts = rule_parts(rule)
    every = int(parts.get("INTERVAL", "1"))
    match parts.get("FREQ"):
        case "DAILY":
            return words("wanted.daily") if every == 1 else words("wanted.every_n_days", n=every)
        case "WEEKLY" if parts.get("BYDAY") and every == 1:
            letters = words.group("wanted.day_letters")
            days = "".join(str(letters.get(day, "")) for day in parts["BYDAY"].split(","))
            return words("wanted.weekly_on", days=days)
        case "WEEKLY":
            return words("wanted.weekly") if every == 1 else words("wanted.every_n_weeks", n=every)
        case "MONTHLY":
            return words("wanted.monthly")
    return words("wanted.other")
