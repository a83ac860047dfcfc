"""The menu under the WeChat conversation, from `config/wording/channels.yaml`."""

from __future__ import annotations

from typing import Any

from bot.channels.reception import load_channel_words, press
from bot.channels.wechat.messages import MORE
from config.catalogue import load_catalogue

MOST_COLUMNS, MOST_ENTRIES = 3, 5
LONGEST_COLUMN_BYTES, LONGEST_ENTRY_BYTES = 16, 60  # WeChat cuts longer names


class MenuError(ValueError):
    """The menu in config/wording/channels.yaml can not be shown; the message says why."""


def menu_data() -> dict[str, Any]:
    """The menu as WeChat's menu interface takes it. Raises MenuError."""
    columns = load_channel_words()["menu"]
    if len(columns) > MOST_COLUMNS or any(len(column["entries"]) > MOST_ENTRIES for column in columns):
        raise MenuError(f"a WeChat menu has at most {MOST_COLUMNS} columns of {MOST_ENTRIES}")
    for column in columns:
        if len(column["name"].encode()) > LONGEST_COLUMN_BYTES:
            raise MenuError(f"the column name {column['name']} is longer than {LONGEST_COLUMN_BYTES} bytes")
    return {
        "button": [
            {"name": column["name"], "sub_button": [_entry(code) for code in column["entries"]]}
            for column in columns
        ]
    }


def _entry(code: str) -> dict[str, str]:
    words, catalogue = load_channel_words(), load_catalogue()
    name = words["names"].get(code) or (catalogue[code].button if code in catalogue else None)
    known = code.removeprefix(MORE) in words["more"] if code.startswith(MORE) else press(code) is not None
    if name is None or not known:
        raise MenuError(
            f"the menu entry {code} is no service item, no word of `says`, and no group of `more`"
        )
    if len(name.encode()) > LONGEST_ENTRY_BYTES:
        raise MenuError(f"the name of {code} is longer than {LONGEST_ENTRY_BYTES} bytes")
    return {"type": "click", "name": name, "key": code}
