"""Answers every kind of message a channel can bring: words go to the conversation, the rest is taken kindly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

import structlog
import yaml
from sqlalchemy.exc import SQLAlchemyError

from backend.domain.phone import normal_phone
from bot.channels.contract import (
    Content,
    Hears,
    Hello,
    Incoming,
    MediaError,
    More,
    Phone,
    Picture,
    Place,
    Text,
    Unreadable,
    Voice,
)  # fmt: skip
from bot.channels.keeper import Keeper
from bot.conversations import NOT_STORED, Answer
from bot.dialogue.turn import Asks, Choice, Reply, Turn
from config.catalogue import load_catalogue
from config.wording import load_wording

log = structlog.get_logger()

MAGNET = re.compile(r"[A-Za-z0-9_-]{32}")


class Handles(Protocol):
    """What a channel needs of the conversation."""

    def handle(self, turn: Turn) -> Answer: ...


@cache
def load_channel_words() -> Mapping[str, Any]:
    """`config/wording/channels.yaml`, with what is said for the person who presses an item's button."""
    folder = files("config.wording")
    words: dict[str, Any] = yaml.safe_load(folder.joinpath("channels.yaml").read_text("utf-8"))
    page = yaml.safe_load(folder.joinpath("elder_page.yaml").read_text("utf-8"))
    words["press"] = page["press"]
    return words


def press(code: str) -> str | None:
    """What is said for the person who presses this item, or one of the other entries of the menu; None: unknown."""
    words, catalogue = load_channel_words(), load_catalogue()
    if code in words["says"]:
        return str(words["says"][code])
    if code not in catalogue:
        return None
    said = words["press"].get(code) or words["press"]["default"].format(button=catalogue[code].button)
    return str(said)


def scanned(word: str) -> Content:
    """What a QR code says for the person who scanned it: the word of a fridge magnet binds, anything else greets."""
    if not MAGNET.fullmatch(word):
        return Hello()
    return Text(load_channel_words()["says"]["magnet"].format(word=word))


class Reception:
    """The one place where messages of all channels are answered. Safe to call from several threads."""

    def __init__(self, conversations: Handles, keeper: Keeper, hears: Hears | None = None) -> None:
        self._conversations, self.keeper, self._hears = conversations, keeper, hears

    @property
    def hears(self) -> bool:
        """Whether voice messages can be recognised here."""
        return self._hears is not None

    def receive(self, message: Incoming) -> Answer:
        """Answer one message. The same message id again gets the same answer and causes nothing new."""
        try:
            return self._by_content(message, message.content)
        except Exception as fault:
            # The conversation answers its own faults; this is a fault of ours around it. Nothing personal is in the log.
            log.exception("message_failed", content=type(message.content).__name__)
            answer = _say(message, "fault.later")
            if not isinstance(fault, SQLAlchemyError):
                return answer
            return replace(answer, reply=replace(answer.reply, happened=(NOT_STORED,)))

    def _by_content(self, message: Incoming, content: Content) -> Answer:
        match content:
            case Text():
                return self._talk(message, content.text, content.alternatives)
            case Voice():
                return self._voice(message, content)
            case Picture():
                return self._picture(message, content)
            case Place():
                return self._place(message, content)
            case Phone():
                return self._phone(message, content)
            case Hello():
                return self._talk(message, load_channel_words()["says"]["hello"])
            case More():
                return self._more(message, content)
            case Unreadable():
                return _say(message, "channel.link" if content.kind == "link" else "channel.unreadable")

    def _talk(self, message: Incoming, text: str | None, alternatives: tuple[str, ...] = ()) -> Answer:
        return self._conversations.handle(
            Turn(
                session=message.session,
                sender=self._sender(message.sender),
                now=message.at,
                text=text,
                channel=message.channel,
                alternatives=alternatives,
                message_id=message.message_id,
            )
        )

    def _sender(self, sender: str) -> str:
        """Who has shown a telephone number that the platform vouches for is known by it, as on the telephone."""
        if normal_phone(sender):
            return sender
        return self.keeper.phone_of(sender) or sender

    def _voice(self, message: Incoming, voice: Voice) -> Answer:
        if self.keeper.answered(message.session, message.message_id):
            return self._talk(message, None)
        text = voice.recognised
        if not text and self._hears is not None:
            try:
                text = self._hears(voice.fetch(), voice.media_type)
            except MediaError as problem:
                log.warning("voice_not_fetched", problem=str(problem))
            except Exception:
                log.exception("voice_not_heard")
        if text and text.strip():
            return self._talk(message, text)
        return _say(message, "channel.voice_unheard" if self._hears else "channel.voice_not_taken")

    def _picture(self, message: Incoming, picture: Picture) -> Answer:
        try:
            self.keeper.keep_picture(message, picture.fetch())
        except MediaError as problem:
            log.warning("picture_refused", problem=str(problem))
            return _say(message, "channel.picture_bad")
        self.keeper.note(message, load_channel_words()["lines"]["picture"])
        if picture.caption:
            return self._talk(message, picture.caption)
        return _say(message, "channel.picture")

    def _place(self, message: Incoming, place: Place) -> Answer:
        words = load_channel_words()
        memory = self.keeper.memory(message.session)
        again = self.keeper.answered(message.session, message.message_id)
        if place.address and (again or memory.in_danger or memory.asking == Asks.PLACE):
            # The line reads the address back before it orders; in danger it goes to the staff at once.
            return self._talk(message, words["says"]["place"].format(place=place.address))
        point = words["lines"]["point"].format(latitude=place.latitude, longitude=place.longitude)
        self.keeper.note(message, f"{point} {place.address or ''}".strip(), place=place.address)
        if place.address:
            return _say(message, "channel.place_noted", place=place.address)
        return _say(message, "channel.place_unnamed")

    def _phone(self, message: Incoming, phone: Phone) -> Answer:
        number = normal_phone(phone.number)
        if number is None:
            return self._talk(message, phone.number)
        if phone.own:
            self.keeper.verify_phone(message.sender, number)
        memory = self.keeper.memory(message.session)
        if memory.asking == Asks.PHONE or self.keeper.answered(message.session, message.message_id):
            return self._talk(message, number)
        return _say(message, "channel.phone_kept" if phone.own else "channel.phone_of_other")

    def _more(self, message: Incoming, more: More) -> Answer:
        codes = load_channel_words()["more"].get(more.group, ())
        catalogue = load_catalogue()
        choices = tuple(Choice(catalogue[code].button, press(code) or code) for code in codes)
        return _say(message, "channel.more" if choices else "channel.unreadable", choices)


def _say(message: Incoming, phrase: str, choices: tuple[Choice, ...] = (), /, **values: str) -> Answer:
    sentences = load_wording().say(phrase, message.channel.value, **values)
    return Answer(Reply(sentences, choices=choices, happened=(phrase,)), ())
