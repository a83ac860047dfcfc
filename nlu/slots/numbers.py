"""Numbers as people say and write them: «二十五», «两百三», «五零一», «15»."""

from __future__ import annotations

from functools import lru_cache

from config.lexicon import load

LARGEST = 12  # characters; longer runs are no quantity


@lru_cache(maxsize=1)
def digit_values() -> dict[str, int]:
    """Character -> digit, the Latin digits among them."""
    said = {str(character): int(digit) for character, digit in load("digits")["digits"].items()}
    return said | {str(digit): digit for digit in range(10)}


@lru_cache(maxsize=1)
def _tens() -> dict[str, int]:
    return {str(character): int(value) for character, value in load("digits")["tens"].items()}


@lru_cache(maxsize=1)
def number_characters() -> str:
    """Every character a spoken or written number may be made of."""
    return "".join((*digit_values(), *_tens()))


def spoken_digits(text: str) -> str | None:
    """«五零一» -> "501": each character is one digit; None when any is not."""
    values = digit_values()
    digits = [values.get(character) for character in text]
    return None if not digits or None in digits else "".join(map(str, digits))


@lru_cache(maxsize=4096)
def number(text: str) -> int | None:
    """The quantity a run of number characters means; «两百三» is 230, «一万八» 18000, «五零一» 501. None: no number."""
    if not text or len(text) > LARGEST:
        return None
    tens = _tens()
    if not any(character in tens for character in text):
        digits = spoken_digits(text)
        return int(digits) if digits else None
    return _with_units(text, tens)


def _with_units(text: str, tens: dict[str, int]) -> int | None:
    values = digit_values()
    total = section = current = 0
    last_unit = 0
    zero_said = False
    for character in text:
        unit = tens.get(character)
        if unit is None:
            digit = values.get(character)
            if digit is None:
                return None
            zero_said = zero_said or digit == 0
            current = current * 10 + digit if character.isascii() else digit
            continue
        if unit in (20, 30):  # 廿, 卅
            section, last_unit = section + unit, 10
        elif unit == 10000:
            total, section, last_unit = total + (section + current) * unit, 0, unit
        else:
            section, last_unit = section + (current or 1) * unit, unit
        current, zero_said = 0, False
    if current and last_unit >= 100 and not zero_said and not text[-1].isascii():
        current *= last_unit // 10  # «两百三»: the unit below is left out
    return total + section + current
