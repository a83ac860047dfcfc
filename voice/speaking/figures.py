"""Figures in spoken words: amounts, digits one by one, decimals, times of the day. The words stand in `config/speaking.yaml`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from config.wording import load_wording


@cache
def speaking_rules() -> dict[str, Any]:
    """`config/speaking.yaml`. The caller must not change it."""
    content: dict[str, Any] = yaml.safe_load(files("config").joinpath("speaking.yaml").read_text("utf-8"))
    return content


def how_it_is_read(text: str) -> str:
    """What the operator says about reading words that occur in the text; empty for nearly all texts."""
    table = speaking_rules()
    readings = [f"{word}={pinyin}" for word, pinyin in table["readings"].items() if word in text]
    return " ".join([*readings, *(word for word in table["words"] if word in text)])


@cache
def numerals() -> frozenset[str]:
    """The characters that numbers are spoken with."""
    table = speaking_rules()
    signs = "".join([*table["digits"].values(), *table["places"], *table["myriads"]])
    return frozenset(signs + table["one_by_one"] + table["two"] + table["point"])


def count(number: str) -> str:
    """A whole number as an amount: 105 → 一百零五, 10000 → 一万. Numbers of more than 16 digits are spelled."""
    table = speaking_rules()
    digits, places = table["digits"], table["places"]
    number = number.lstrip("0") or "0"
    if number == "0" or len(number) > 16:
        return spell(number)
    spoken, gap = "", False
    for position, digit in zip(range(len(number) - 1, -1, -1), number, strict=True):
        if digit == "0":
            gap = True
        else:
            spoken += (digits["0"] if gap and spoken else "") + digits[digit] + places[position % 4]
            gap = False
        group = number[max(0, len(number) - position - 4) : len(number) - position]
        if position % 4 == 0 and position and group.strip("0"):
            spoken += table["myriads"][position // 4]
    ten = digits["1"] + places[1]
    return spoken[1:] if spoken.startswith(ten) else spoken


def spell(number: str) -> str:
    """Digit by digit: 501 → 五零幺."""
    table = speaking_rules()
    return "".join(table["one_by_one"] if digit == "1" else table["digits"][digit] for digit in number)


def groups(number: str) -> str:
    """Digit by digit with pauses: mobile numbers 3-4-4, others in fours from the end, as people say them."""
    if len(number) == 11 and number.startswith("1"):
        cuts = [number[:3], number[3:7], number[7:]]
    else:
        first = len(number) % 4
        cuts = [number[max(0, end - 4) : end] for end in range(first or 4, len(number) + 1, 4)]
        if first == 1 and len(cuts) > 1:  # no group of one digit
            cuts[:2] = [cuts[0] + cuts[1]]
    return "，".join(spell(cut) for cut in cuts)


def decimal(number: str) -> str:
    """3.50 → 三点五零, -2 → 负二."""
    table = speaking_rules()
    sign = table["minus"] if number.startswith("-") else ""
    whole, _, rest = number.lstrip("-").replace(",", "").partition(".")
    plain = "".join(table["digits"][digit] for digit in rest)
    return f"{sign}{count(whole)}" + (f"{table['point']}{plain}" if rest else "")


def clock(hour: int, minute: int, *, part: bool) -> str:
    """12:30 → 中午十二点半. `part`: with the part of the day, and hours up to twelve."""
    words, table = load_wording().words, speaking_rules()
    joints = table["joints"]
    name = next(row["name"] for row in reversed(words["parts"]) if row["from"] <= hour) if part else ""
    hour = hour - 12 if part and hour > 12 else hour
    spoken = table["two"] if hour == 2 else count(str(hour))
    rest = {0: "", 15: joints["quarter"], 30: joints["half"]}.get(minute)
    if rest is None:
        rest = (table["digits"]["0"] if minute < 10 else "") + count(str(minute)) + joints["minute"]
    return f"{name}{spoken}{joints['clock']}{rest}"


def amount(number: str, following: str) -> str:
    """A number before what it counts: 2个 → 两个."""
    table = speaking_rules()
    if number == "2" and following.startswith(tuple(table["two_before"])):
        return str(table["two"])
    return decimal(number)


def year(digits: str) -> str:
    """2026 → 二零二六."""
    return "".join(speaking_rules()["digits"][digit] for digit in digits)
