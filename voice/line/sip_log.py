"""The stack writes callers' numbers into its log lines: they are masked before any handler sees them."""

from __future__ import annotations

import logging
import re

from voice.line.numbers import masked

# A filter works on the logger it is added to, not on those below it.
LOGGERS = ("baresip.native", "baresip.native.sip", "baresip.call", "baresip.ua", "baresip.runtime")
_USER = re.compile(r"(?P<scheme>\bsips?:)(?P<user>[^@\s;<>\"]+)(?=@)", re.IGNORECASE)


def mask_addresses(text: str) -> str:
    return _USER.sub(lambda match: match["scheme"] + masked(match["user"]), text)


class MaskAddresses(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = mask_addresses(record.getMessage()), ()
        if isinstance(peer := getattr(record, "peer", None), str):
            record.peer = mask_addresses(peer)
        return True


_FILTER = MaskAddresses()


def mask_stack_log() -> None:
    """Adding it again changes nothing."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)
