"""What relatives are told and when: `news.yaml`, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class NewsRules:
    """The rules and words of news."""

    quiet_from: time
    quiet_until: time
    alert_answer_within: timedelta
    summary_day: int
    summary_at: time
    events: Mapping[str, str]  # name of an event → kind of news
    known_to_caller: frozenset[str]
    texts: Mapping[str, str]
    people: Mapping[str, str]
    ratings: Mapping[int, str]
    dangers: Mapping[str, str]
    on_my_way: str
    work: Mapping[str, str]


@cache
def load_news() -> NewsRules:
    """Read `config/news.yaml`."""
    raw: dict[str, Any] = yaml.safe_load(files("config").joinpath("news.yaml").read_text("utf-8"))
    return NewsRules(
        quiet_from=time.fromisoformat(raw["quiet"]["from"]),
        quiet_until=time.fromisoformat(raw["quiet"]["until"]),
        alert_answer_within=timedelta(seconds=raw["alert"]["answer_within_s"]),
        summary_day=raw["summary"]["day"],
        summary_at=time.fromisoformat(raw["summary"]["at"]),
        events=raw["events"],
        known_to_caller=frozenset(raw["known_to_caller"]),
        texts=raw["texts"],
        people=raw["people"],
        ratings=raw["ratings"],
        dangers=raw["dangers"],
        on_my_way=raw["on_my_way"],
        work=raw["work"],
    )
