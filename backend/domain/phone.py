"""Phone numbers in any writing, as digits."""

from __future__ import annotations

import re
import unicodedata

_SCHEME = re.compile(r"^(?:tel|sips?):", re.IGNORECASE)
_HOST = re.compile(r"@.*$", re.DOTALL)
_SEPARATORS = re.compile(r"[\s\-‐-―−().·]+")
_COUNTRY = re.compile(r"^(?:\+86|0086|86(?=1[3-9]\d{9}$)|86(?=0[1-9]\d{8,10}$))")
# Mobile; landline with area code (010, 02x, 0xxx) and 7 or 8 digits; local landline; 400/800 service number.
_NUMBER = re.compile(r"(?:1[3-9]\d{9}|0(?:10|2\d)\d{8}|0[3-9]\d{2}\d{7,8}|[2-8]\d{6,7}|[48]00\d{7})")
LONGEST = 64  # characters; no phone number in any writing is longer


def normal_phone(text: str) -> str | None:
    """The digits of a Chinese phone number however it is written, or None when the text is something else.

    Understands +86/0086/86, a trunk 0 before a mobile number, spaces, dashes, brackets, full-width digits, `tel:` and `sip:`.
    """
    if len(text) > LONGEST:
        return None
    plain = unicodedata.normalize("NFKC", text).strip()
    plain, schemes = _SCHEME.subn("", plain)
    if schemes:
        plain = _HOST.sub("", plain)
    digits = _SEPARATORS.sub("", plain)
    digits, abroad = _COUNTRY.subn("", digits)
    if re.fullmatch(r"01[3-9]\d{9}", digits):
        digits = digits[1:]
    elif (
        abroad
        and re.fullmatch(r"[1-9]\d{9,10}", digits)
        and not digits.startswith(("13", "14", "15", "16", "17", "18", "19"))
    ):
        digits = "0" + digits  # +86 951 1234567: the area code without its trunk 0
    return digits if _NUMBER.fullmatch(digits) else None


def sender_identity(sender: str) -> str:
    """What a sender is known by: the digits of a phone number, else the channel id as it came."""
    return normal_phone(sender) or sender.strip()
