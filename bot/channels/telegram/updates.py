"""Reads a Telegram update into what the line can take. Pure: pictures and sound are fetched elsewhere, by their file id.

In a group the line only speaks when spoken to: named (@bot), answered, commanded, or a button of its own answer was pressed
by the person it answered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from telegram import Message, Update, User

from backend.domain.local_time import local_now, local_time
from bot.channels.contract import (
    Content,
    Incoming,
    Phone,
    Picture,
    Place,
    Text,
    Unreadable,
    Voice,
)  # fmt: skip
from bot.channels.reception import scanned

EDITS_COUNT_FOR = timedelta(minutes=30)  # as long as a conversation goes on; older corrections are history
COMMANDS = ("help", "human")  # besides /start; what they say stands in config/wording/channels.yaml
Fetch = Callable[[str], Callable[[], bytes]]  # a file id → something that gives the bytes


@dataclass(frozen=True, slots=True)
class Received:
    """A message for the line, and where its answer goes."""

    incoming: Incoming
    chat: int
    answers: int | None  # the message to answer, in a group
    pressed: str | None = None  # id of the button press, to be confirmed to Telegram


def read_update(update: Update, me: User, fetch: Fetch, says: dict[str, str]) -> Received | None:
    """What a person wants from the line; None for what is not meant for it. `says`: what a command says for the person."""
    if update.callback_query is not None:
        return _press(update)
    message = update.message or update.edited_message
    if message is None or message.from_user is None or message.from_user.is_bot:
        return None
    edited = update.edited_message is not None
    if edited and (not (message.text or message.caption) or _late(message)):
        return None
    group = message.chat.type != "private"
    if group and not _spoken_to(message, me):
        return None
    content = _content(message, me, fetch, says)
    if content is None:
        return None
    number = str(message.message_id)
    if edited and message.edit_date is not None:
        number = f"{number}:{int(message.edit_date.timestamp())}"
    incoming = Incoming(
        session=_session(message.chat.id, message.from_user.id, group),
        sender=f"telegram:{message.from_user.id}",
        message_id=number,
        at=local_time(message.date),
        content=content,
    )
    return Received(incoming, message.chat.id, message.message_id if group else None)


def _session(chat: int, person: int, group: bool) -> str:
    """In a group everybody has a conversation of their own, so that two who ask at once are not mixed up."""
    return f"telegram:{chat}:{person}" if group else f"telegram:{chat}"


def _late(message: Message) -> bool:
    return message.edit_date is not None and message.edit_date - message.date > EDITS_COUNT_FOR


def _press(update: Update) -> Received | None:
    query = update.callback_query
    if query is None or not isinstance(query.message, Message) or not query.data:
        return None
    asked, group = query.message, query.message.chat.type != "private"
    answered = asked.reply_to_message.from_user if asked.reply_to_message else None
    if group and (answered is None or answered.id != query.from_user.id):
        return None
    # Pressed twice is pressed once: the id is of the button, not of the press.
    number = f"press:{asked.message_id}:{sha256(query.data.encode()).hexdigest()[:12]}"
    incoming = Incoming(
        session=_session(asked.chat.id, query.from_user.id, group),
        sender=f"telegram:{query.from_user.id}",
        message_id=number,
        at=local_now(),  # Telegram does not say when a button was pressed
        content=Text(query.data),
    )
    answers = asked.reply_to_message.message_id if group and asked.reply_to_message else None
    return Received(incoming, asked.chat.id, answers, pressed=query.id)


def _spoken_to(message: Message, me: User) -> bool:
    replied = message.reply_to_message
    if replied is not None and replied.from_user is not None and replied.from_user.id == me.id:
        return True
    text = (message.text or message.caption or "").lower()
    return bool(me.username) and f"@{me.username}".lower() in text


def _content(message: Message, me: User, fetch: Fetch, says: dict[str, str]) -> Content | None:
    if message.text is not None:
        return _words(_without_name(message.text, me), says)
    if message.photo:
        caption = _without_name(message.caption, me) if message.caption else None
        return Picture(fetch(message.photo[-1].file_id), caption)  # the last one is the largest
    if message.voice or message.audio:
        sound: Any = message.voice or message.audio
        return Voice(fetch(sound.file_id), sound.mime_type or "audio/ogg")
    if message.venue:
        point, address = message.venue.location, f"{message.venue.address} {message.venue.title}".strip()
        return Place(point.latitude, point.longitude, address or None)
    if message.location:
        return Place(message.location.latitude, message.location.longitude)
    if message.contact:
        own = message.from_user is not None and message.contact.user_id == message.from_user.id
        return Phone(message.contact.phone_number, own)
    if _is_service(message):
        return None
    return Unreadable()


def _words(text: str, says: dict[str, str]) -> Content:
    command = text.split()[0] if text.startswith("/") and text.split() else ""
    name = command.removeprefix("/").split("@")[0].lower()
    if name == "start":
        return scanned("".join(text.split()[1:2]))
    if name in COMMANDS:
        return Text(says[name])
    return Text(text)


def _without_name(text: str, me: User) -> str:
    """«@line_bot 打扫卫生» is about cleaning, not about the line's name."""
    if not me.username:
        return text
    at = text.lower().find(f"@{me.username}".lower())
    if at < 0 or text.startswith("/"):
        return text
    return (text[:at] + text[at + len(me.username) + 1 :]).strip()


def _is_service(message: Message) -> bool:
    """Somebody joined, a title changed …: told by Telegram, said by nobody."""
    return any((
        message.new_chat_members, message.left_chat_member, message.new_chat_title, message.pinned_message,
        message.group_chat_created, message.new_chat_photo, message.delete_chat_photo,
    ))  # fmt: skip
