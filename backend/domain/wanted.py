"""When something is wanted: what may be written, and how far from now it may lie. Pure.

Whatever gets past these checks can be shown, said and counted by everything that comes later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta

LONGEST = 200  # characters
BACK = timedelta(days=1)  # whoever writes down what was agreed yesterday
AHEAD = timedelta(days=2 * 365 + 1)

TIME_MEANT = "a day YYYY-MM-DD, a moment YYYY-MM-DDTHH:MM, or a range A/B of these, local and without offset"
RULE_MEANT = (
    "a rule like FREQ=WEEKLY;BYDAY=MO,TH: first FREQ (DAILY, WEEKLY or MONTHLY), "
    "then any of INTERVAL, BYDAY, BYMONTHDAY, BYHOUR, UNTIL (YYYYMMDD)"
)

_POINT = re.compile(r"\d{4}-\d\d-\d\d(T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?)?", re.ASCII)
_WEEKDAY, _MONTH_DAY, _HOUR = r"(MO|TU|WE|TH|FR|SA|SU)", r"([1-9]|[12]\d|3[01])", r"(1?\d|2[0-3])"
_PARTS: Mapping[str, re.Pattern[str]] = {
    "FREQ": re.compile(r"DAILY|WEEKLY|MONTHLY"),
    "INTERVAL": re.compile(r"[1-9]\d?", re.ASCII),
    "BYDAY": re.compile(rf"{_WEEKDAY}(,{_WEEKDAY}){{0,6}}"),
    "BYMONTHDAY": re.compile(rf"{_MONTH_DAY}(,{_MONTH_DAY}){{0,30}}", re.ASCII),
    "BYHOUR": re.compile(rf"{_HOUR}(,{_HOUR}){{0,23}}", re.ASCII),
    "UNTIL": re.compile(r"\d{8}", re.ASCII),
}


def moments(iso: str) -> tuple[datetime, datetime]:
    """The first and the last moment named; of a day its beginning. Raises ValueError for what is not written like `Wanted.iso`."""
    ends = iso.split("/")
    if len(ends) > 2 or not all(_POINT.fullmatch(end) for end in ends):
        raise ValueError(f"must be {TIME_MEANT}")
    first, last = datetime.fromisoformat(ends[0]), datetime.fromisoformat(ends[-1])
    if last < first:
        raise ValueError("must not end before it begins")
    return first, last


def is_time(value: object) -> bool:
    """Whether it is written like `Wanted.iso`."""
    try:
        return isinstance(value, str) and bool(moments(value))
    except ValueError:
        return False


def is_rule(value: object) -> bool:
    """Whether it is a repetition as `Wanted.recurrence` has it."""
    if not isinstance(value, str) or len(value) > LONGEST:
        return False
    parts = [part.partition("=")[::2] for part in value.split(";")]
    names = [name for name, _ in parts]
    known = names[0] == "FREQ" and len(set(names)) == len(names) and set(names) <= _PARTS.keys()
    if not known or not all(_PARTS[name].fullmatch(text) for name, text in parts):
        return False
    return _is_day(dict(parts).get("UNTIL", "20261124"))


def rule_parts(rule: str) -> dict[str, str]:
    """Names and values of a repetition: «FREQ=DAILY;INTERVAL=2» → FREQ, INTERVAL. What is written otherwise is left out."""
    return dict(part.split("=", 1) for part in rule.split(";") if "=" in part)


def out_of_reach(iso: str, at: datetime) -> str | None:
    """Why a time lies too far from `at`, saying what is possible; None when it does not. `iso` is one that `is_time`."""
    first, last = moments(iso)
    earliest, latest = at.date() - BACK, at.date() + AHEAD
    if earliest <= first.date() and last.date() <= latest:
        return None
    return f"must lie between {earliest} and {latest}"


def _is_day(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True
