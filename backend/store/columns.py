"""Column types that both databases understand alike: text of any origin, local times, lists of words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import DateTime, Dialect, Text, TypeDecorator

from backend.domain.geography import Position
from backend.domain.local_time import local_time


class PlainText(TypeDecorator[str]):
    """Text that may come from outside: what a database can not hold (NUL, half surrogate pairs) becomes a mark."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return _clean(value)


class LocalTime(TypeDecorator[datetime]):
    """A naive local time (Asia/Shanghai), as everywhere in this house. A time with an offset is converted."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else local_time(value)


class Words(TypeDecorator[Sequence[str]]):
    """A short list of words, kept as a JSON array."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> str | None:
        return None if value is None else orjson.dumps([_clean(word) for word in value]).decode("utf-8")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[str, ...]:
        return () if value is None else tuple(orjson.loads(value))


def position_from(value: Sequence[float] | None) -> Position | None:
    """A position as JSON gives it back."""
    return None if value is None else Position(*value)


class PlainJson(TypeDecorator[Any]):
    """A JSON value that holds no personal data, as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        return None if value is None else orjson.dumps(value).decode("utf-8")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any | None:
        return None if value is None else orjson.loads(value)


def _clean(word: str) -> str:
    return word.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")
