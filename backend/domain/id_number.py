"""Resident identity numbers (GB 11643-1999): check digit, birth date and gender."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

_FORM = re.compile(r"[1-9]\d{16}[\dX]")
_OLD_FORM = re.compile(r"[1-9]\d{14}")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"


@dataclass(frozen=True, slots=True)
class IdNumber:
    """A number whose check digit and birth date are right."""

    number: str  # 18 characters
    birth_date: date
    gender: str  # "f" or "m"


def read_id_number(text: str) -> IdNumber | None:
    """The id number in any writing (full width, spaces, small x, the old 15 digits); None when it can not be one."""
    number = re.sub(r"[\s\-']", "", unicodedata.normalize("NFKC", text)).upper()
    if _OLD_FORM.fullmatch(number):
        number = f"{number[:6]}19{number[6:]}"
        number += check_digit(number)
    if not _FORM.fullmatch(number) or check_digit(number) != number[-1]:
        return None
    try:
        birth_date = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    return IdNumber(number, birth_date, "m" if int(number[16]) % 2 else "f")


def check_digit(number: str) -> str:
    """The 18th character that belongs to the first 17 digits."""
    return _CHECK_DIGITS[
        sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False)) % 11
    ]
