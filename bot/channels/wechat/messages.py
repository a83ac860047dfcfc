"""Reads a WeChat message into what the line can take, and writes answers the way WeChat shows them. Pure."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from wechatpy import parse_message
from wechatpy.replies import TextReply

from bot.channels.contract import (
    BrokenError,
    Content,
    Hello,
    Incoming,
    Limits,
    More,
    Outgoing,
    Picture,
    Place,
    Text,
    Unreadable,
    Voice,
    local_time,
    utf8_bytes,
)  # fmt: skip
from bot.channels.reception import press, scanned
from bot.dialogue.turn import Choice

Fetch = Callable[[str], Callable[[], bytes]]  # a media id → something that gives the bytes
# WeChat carries 2,048 bytes; the quick answers are links in the text and need their share of it.
LIMITS = Limits(longest=1200, measure=utf8_bytes, most_choices=6)
LONGEST_ID = 128
MORE = "more:"
SCENE_OF_NEW = "qrscene_"  # in front of the scene when whoever scanned did not follow us before
SILENT_EVENTS = frozenset(
    {
        "unsubscribe",
        "location",
        "view",
        "view_miniprogram",
        "templatesendjobfinish",
        "masssendjobfinish",
        "scancode_push",
        "pic_sysphoto",
        "pic_photo_or_album",
        "pic_weixin",
        "location_select",
    }
)  # fmt: skip — what is sent by these menu entries comes again as a message of its own
_FULL_WIDTH = str.maketrans({"<": "\uff1c", ">": "\uff1e", "&": "\uff06", '"': "\uff02"})
VOICE_TYPES = {"amr": "audio/amr", "speex": "audio/speex", "mp3": "audio/mpeg"}


def read_message(xml: str, account: str, fetch: Fetch) -> Incoming | None:
    """The message of a person; None for events that want no answer. Raises BrokenError."""
    try:
        message = parse_message(xml)
        sender, at = str(message.source or ""), local_time(int(message.time or 0))
        content = _content(message, fetch)
        number = _message_id(message, xml)
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, OSError) as problem:
        raise BrokenError(f"no message that we read: {type(problem).__name__}") from None
    if not sender or len(sender) > LONGEST_ID:
        raise BrokenError("no sender")
    if content is None:
        return None
    person = f"wechat:{account}:{sender}"
    return Incoming(session=person, sender=person, message_id=number, at=at, content=content)


def _message_id(message: Any, xml: str) -> str:
    """WeChat numbers messages; events are told apart by their time and what happened."""
    if message.id:
        return str(message.id)
    raw = message._data
    parts = (message.source, message.time, raw.get("Event"), raw.get("EventKey"), raw.get("MediaId"))
    return "event:" + sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]


def _content(message: Any, fetch: Fetch) -> Content | None:
    match message.type:
        case "text":
            return Text(message.content)
        case "voice":
            media_type = VOICE_TYPES.get((message.format or "").lower(), "application/octet-stream")
            return Voice(fetch(message.media_id), media_type, recognised=message.recognition or None)
        case "image":
            return Picture(fetch(message.media_id))
        case "location":
            return Place(float(message.location_x), float(message.location_y), message.label or None)
        case "link":
            return Unreadable("link")
        case "event":
            return _event(message)
        case _:
            # wechatpy gives what it does not know the type «unknown»: an event of that kind wants no answer.
            return None if message._data.get("MsgType") == "event" else Unreadable()


def _event(message: Any) -> Content | None:
    if message.event in {"subscribe_scan", "scan"}:
        return scanned(str(message.scene_id or "").removeprefix(SCENE_OF_NEW))
    if message.event == "subscribe":
        return Hello()
    if message.event == "click":
        return menu_entry(message.key or "")
    if message.event == "scancode_waitmsg":
        return Unreadable("link")
    return None


def menu_entry(key: str) -> Content:
    """What pressing an entry of the menu says."""
    if key.startswith(MORE):
        return More(key.removeprefix(MORE))
    said = press(key)
    return Text(said) if said else Unreadable()  # an entry of an older menu that somebody still has open


def shown(piece: Outgoing) -> str:
    """The text of one message. A quick answer is a link that says it when tapped; old clients show its words."""
    return "\n".join(
        [plain(piece.text), *(_link(number, choice) for number, choice in enumerate(piece.choices, 1))]
    )


def plain(text: str) -> str:
    """Text that WeChat shows as it is: only our own links may be links, and nothing may end the XML section it stands in."""
    return text.translate(_FULL_WIDTH)


def _link(number: int, choice: Choice) -> str:
    said, label = plain(choice.text), plain(choice.label)
    return f'<a href="weixin://bizmsgmenu?msgmenucontent={said}&msgmenuid={number}">{label}</a>'


def passive_reply(message_xml: str, text: str, now_s: float) -> str:
    """The XML that answers a message in the same connection."""
    rendered: str = TextReply(message=parse_message(message_xml), content=text, time=int(now_s)).render()
    return rendered
