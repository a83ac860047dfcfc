"""Telegram, through python-telegram-bot: webhook or polling."""

import os

# The library is going over to time spans instead of numbers of seconds, and warns everybody who has not asked for them.
os.environ.setdefault("PTB_TIMEDELTA", "true")
