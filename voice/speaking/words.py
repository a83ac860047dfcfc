"""Written text to the words that are spoken: figures, times, phones, money, addresses, letters; punctuation to pauses.

What stands for what is data: `config/speaking.yaml`. The result has Chinese characters and the marks ，。？！、；：… only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from config.wording import load_wording
from voice.speaking.figures import amount, clock, count, decimal, groups, speaking_rules, spell, year

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]

_PAUSES = str.maketrans({",": "，", ".": "。", "?": "？", "!": "！", ";": "；", ":": "：", "(": "，", ")": "，", "（": "，", "）": "，",
                         "\n": "。", "【": "，", "】": "，", "—": "，", "/": "、", "|": "，", "·": None, "\t": "，"})  # fmt: skip
_NOT_SPOKEN = re.compile(r"[^㐀-鿿〇，。？！、；：…]")
_SAME_PAUSE = re.compile(
    r"[，、；：。？！…]*([。？！])[，、；：。？！…]*|[，、；：…]*([，；：…])[，、；：…]*|(、)、*"
)
_RANGE = "-–—~～至到"


def to_words(text: str) -> str:
    """A sentence as it is spoken; an empty string when there is nothing to say. Never raises."""
    table = speaking_rules()
    for written, spoken in table["replaced"].items():
        text = text.replace(written, spoken)
    text = _without_wide_forms(text)
    for pattern, spoken_of in _rules():
        text = pattern.sub(spoken_of, text)
    text = "".join(table["letters"].get(sign.upper(), sign) if sign.isascii() else sign for sign in text)
    text = _NOT_SPOKEN.sub("", text.translate(_PAUSES))
    text = _SAME_PAUSE.sub(lambda found: next(mark for mark in found.groups() if mark), text)
    return text.lstrip("，、；：。？！…")


def _without_wide_forms(text: str) -> str:
    """Full-width letters and digits to plain ones; Chinese punctuation stays."""
    return "".join(unicodedata.normalize("NFKC", sign) if "０" <= sign <= "ｚ" else sign for sign in text)


def _clock_of(found: re.Match[str]) -> str:
    before = found["part"] or ""
    return before + clock(int(found["h"]), int(found["m"]), part=not before)


def _date_of(found: re.Match[str]) -> str:
    joints = speaking_rules()["joints"]
    in_year = f"{year(found['y'])}{joints['year']}" if found["y"] else ""
    return f"{in_year}{count(found['mo'])}{joints['month']}{count(found['d'])}{joints['day']}"


def _money(found: re.Match[str]) -> str:
    joints = speaking_rules()["joints"]
    whole, _, rest = found["n"].replace(",", "").partition(".")
    rest = rest.rstrip("0")
    if len(rest) > 2:
        return f"{decimal(found['n'])}{joints['yuan']}"
    spoken = f"{amount(whole, joints['yuan'])}{joints['yuan']}"
    for digit, unit in zip(rest, (joints["dime"], joints["cent"]), strict=False):
        spoken += count(digit) + (unit if digit != "0" else "")
    return spoken


def _measured(found: re.Match[str]) -> str:
    unit = str(speaking_rules()["units"][found["unit"]])
    return unit + decimal(found["n"]) if found["unit"] in "%‰" else amount(found["n"], unit) + unit


def _range_of(found: re.Match[str]) -> str:
    """Both ends keep what is written behind the second: 100-200元."""
    return f"{found['a']}{speaking_rules()['joints']['until']}{found['b']}"


def _percent_range(found: re.Match[str]) -> str:
    table = speaking_rules()
    return f"{table['units']['%']}{decimal(found['a'])}{table['joints']['until']}{decimal(found['b'])}"


def _any_number(found: re.Match[str]) -> str:
    """What no other rule took: long numbers and those with leading zeros are names, not amounts."""
    number = found["n"]
    digits = number.replace(",", "")
    if digits in speaking_rules()["hotlines"]:
        return spell(digits)
    if (
        "." not in number
        and "," not in number
        and (len(digits) >= 7 or (digits[0] == "0" and len(digits) > 1))
    ):
        return groups(digits)
    return amount(number, found.string[found.end() : found.end() + 3])


@cache
def _rules() -> tuple[Rule, ...]:
    """In this order: each takes what it knows, later ones see the rest."""
    table: Mapping[str, Any] = speaking_rules()
    joints = table["joints"]
    parts = "|".join(dict.fromkeys(str(row["name"]) for row in load_wording().words["parts"]))
    units = "|".join(re.escape(unit) for unit in sorted(table["units"], key=len, reverse=True))
    number = r"(?P<n>-?\d+(?:,\d{3})*(?:\.\d+)?)"
    rows: list[tuple[str, Callable[[re.Match[str]], str]]] = [
        # dates and times
        (r"(?P<y>\d{4})[-/.年](?P<mo>\d{1,2})[-/.月](?P<d>\d{1,2})[日号]?[T ]?(?!\d\d\d)(?=\d{1,2}:|\D|$)", _date_of),
        (r"(?P<y>(?<!\d)\d{4})?年?(?<!\d)(?P<mo>1[0-2]|0?[1-9])月(?P<d>[0-3]?\d)[日号]", _date_of),
        (r"(?P<d>(?<!\d)(?:1\d|20)\d\d)(?=年)", lambda found: year(found["d"])),
        (rf"(?P<part>{parts})?(?<!\d)(?P<h>[01]?\d|2[0-4])[:：](?P<m>[0-5]\d)(?:[:：][0-5]\d)?(?![\d])", _clock_of),
        (rf"(?<=[{joints['clock']}{joints['half']}{joints['minute']}{joints['day']}])\s*[-–—~～]\s*(?=[\d㐀-鿿])",
         lambda found: str(joints["until"])),
        # phones
        (r"(?<!\d)(?P<a>1[3-9]\d)[ -]?(?P<b>\d{4})[ -]?(?P<c>\d{4})(?!\d)",
         lambda found: groups(found["a"] + found["b"] + found["c"])),
        (r"(?<!\d)(?P<a>1[3-9]\d)\*+(?P<b>\d{2,4})(?!\d)", lambda found: f"{spell(found['a'])}，{spell(found['b'])}"),
        (r"(?<!\d)(?P<a>0\d{2,3})[ -]?(?P<b>[2-9]\d{6,7})(?!\d)",
         lambda found: f"{spell(found['a'])}，{groups(found['b'])}"),
        (r"(?<!\d)(?P<a>[48]00)[ -](?P<b>\d{3,4})[ -](?P<c>\d{3,4})(?!\d)",
         lambda found: "，".join(spell(found[part]) for part in "abc")),
        # house numbers, codes of orders and papers
        (r"(?<![\d.])(?P<a>\d+(?:-\d+){2,})(?![\d.])",
         lambda found: joints["dash"].join(spell(part) for part in found["a"].split("-"))),
        (r"(?P<a>[A-Za-z]{1,4}-?\d[\dA-Za-z-]*\d)", lambda found: _code(found["a"])),
        # from … to …
        (r"(?P<a>\d+(?:\.\d+)?)%?[-–—~～至到](?P<b>\d+(?:\.\d+)?)%", _percent_range),
        (rf"(?P<a>\d(?:[\d.]*\d)?)[{_RANGE}](?P<b>\d)", _range_of),
        # doors, and digits in groups
        (r"(?P<a>(?:单元|号楼|栋|幢|座|层|楼)\s*)(?P<n>\d{3,4})(?=\D|$)", lambda found: found["a"].strip() + spell(found["n"])),
        (r"(?<!\d)(?P<n>\d{3,4})(?=[室房])", lambda found: spell(found["n"])),
        (r"(?<!\d)(?P<a>\d{2,4}) (?P<b>\d{3,4})(?: (?P<c>\d{1,4}))?(?!\d)",
         lambda found: "，".join(spell(part) for part in found.groups() if part)),
        # two numbers with a sign between them
        (r"(?<![\d/])(?P<a>\d{3})/(?P<b>\d{2,3})(?![\d/])",  # blood pressure
         lambda found: f"{count(found['a'])}、{count(found['b'])}"),
        (r"(?<![\d/])(?P<a>\d{1,2})/(?P<b>\d{1,2})(?![\d/])",
         lambda found: count(found["b"]) + joints["fraction"] + count(found["a"])),
        (r"(?<!\d)(?P<a>\d{1,3})[:：](?P<b>\d{1,3})(?!\d)",
         lambda found: count(found["a"]) + joints["ratio"] + count(found["b"])),
        # amounts
        (rf"[¥￥]\s*{number}", _money),
        (rf"{number}\s*元", _money),
        (rf"{number}\s*(?P<unit>{units})(?![A-Za-z])", _measured),
        (r"(?<=第)(?P<n>\d+)", lambda found: count(found["n"])),
        (r"(?<![\d.])(?P<n>-?\d+(?:,\d{3})*(?:\.\d+)?)", _any_number),
        (r"(?P<n>\d+)", _any_number),
    ]  # fmt: skip
    return tuple((re.compile(pattern), spoken) for pattern, spoken in rows)


def _code(text: str) -> str:
    """An order or certificate number: letters as they are, digits one by one in groups."""
    runs = re.findall(r"[A-Za-z]+|\d+", text)
    return "，".join(run if run.isalpha() else groups(run) for run in runs)
