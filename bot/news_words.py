"""Puts a letter of news into words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.domain.order import Wanted
from backend.services.news import danger_words
from backend.web.present import mask_phone
from bot.channels.contract import Outgoing
from bot.dialogue import phrasing
from bot.dialogue.turn import Choice
from config.catalogue import load_catalogue
from config.news import load_news
from config.wording import load_wording


def words_of(
    body: Mapping[str, Any], now: datetime, *, relay: str | None = None, pictures: int = 0
) -> Outgoing:
    """What the person reads. `relay`: a number that leads to the worker without showing theirs; `pictures`: that follow."""
    match body["kind"]:
        case "alert":
            return _alert(body)
        case "alert_answered":
            relation = body["relation"] or load_news().people["someone"]
            text = load_news().texts["alert_answered"].format(who=body["who"] or "", relation=relation)
            return Outgoing(text, urgent=True)
        case "summary":
            return Outgoing(_summary(body))
        case _:
            return Outgoing(_of_order(body, now, relay, pictures))


def _alert(body: Mapping[str, Any]) -> Outgoing:
    rules = load_news()
    text = rules.texts["alert"].format(who=body["who"], why=danger_words(body["why"]))
    if body["place"]:
        text += rules.texts["alert_place"].format(place=body["place"])
    return Outgoing(text, (Choice(rules.on_my_way, rules.on_my_way),), urgent=True)


def _summary(body: Mapping[str, Any]) -> str:
    texts = load_news().texts
    parts = [texts["summary"].format(who=body["who"], done=body["done"])]
    parts += [
        texts[f"summary_{name}"].format(**{name: body[name]}) for name in ("open", "cancelled") if body[name]
    ]
    return "".join(parts)


def _of_order(body: Mapping[str, Any], now: datetime, relay: str | None, pictures: int) -> str:
    rules, words, kind = load_news(), load_wording().words, str(body["kind"])
    worker = body["worker"] if kind in ("accepted", "on_the_way") else None
    text = rules.texts[f"{kind}_by" if worker else kind].format(
        who=rules.people["self"] if body["who"] == "self" else body["who"],
        what=load_catalogue()[body["item"]].say,
        when=phrasing.when(Wanted(**body["wanted"]), now, words),
        worker=worker["name"] if worker else "",
        rating=rules.ratings.get(body["rating"] or 0, ""),
    )
    if worker and kind == "on_the_way" and (phone := relay or mask_phone(worker["phone"])):
        text += rules.texts["phone"].format(phone=phone)
    if pictures:
        text += rules.texts["pictures"].format(count=pictures)
    elif kind == "done" and body["photos"]:
        text += rules.texts["photos"].format(count=body["photos"])
    return text
