"""The messages of a media-stream WebSocket (as Twilio defined it and others copy it): JSON in, objects out.

https://www.twilio.com/docs/voice/media-streams/websocket-messages
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from voice.audio.g711 import decode_ulaw, encode_ulaw
from voice.audio.tones import KEY_TONES
from voice.line.line import Samples

RATE = 8000  # µ-law; the protocol knows nothing else


class MessageError(Exception):
    """A message that does not keep to the protocol; the text says why."""


@dataclass(frozen=True, slots=True)
class Started:
    stream: str  # must stand in every message to the peer
    caller: str  # from the parameters `caller` or `From`, empty when not given
    called: str


@dataclass(frozen=True, slots=True)
class Media:
    samples: Samples


@dataclass(frozen=True, slots=True)
class Pressed:
    key: str


@dataclass(frozen=True, slots=True)
class Marked:
    """Everything before our mark of this name has been played, or was cleared."""

    name: str


@dataclass(frozen=True, slots=True)
class Stopped:
    pass


Message = Started | Media | Pressed | Marked | Stopped


def read_message(text: str | bytes) -> Message | None:
    """None for what needs no answer (`connected`, and events that are newer than this). Raises MessageError."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MessageError("not JSON") from error
    event = data.get("event") if isinstance(data, dict) else None
    match event:
        case "start":
            return _started(_part(data, "start"), data)
        case "media":
            media = _part(data, "media")
            return None if media.get("track") == "outbound" else Media(_sound(media.get("payload")))
        case "dtmf":
            key = _part(data, "dtmf").get("digit")
            if key not in KEY_TONES:
                raise MessageError("a key is one of 0-9 * # A-D")
            return Pressed(key)
        case "mark":
            return Marked(_text(_part(data, "mark"), "name"))
        case "stop":
            return Stopped()
        case str():
            return None
        case _:
            raise MessageError("a message needs an «event»")


def media_message(stream: str, frame: Samples) -> str:
    payload = base64.b64encode(encode_ulaw(frame)).decode()
    return json.dumps({"event": "media", "streamSid": stream, "media": {"payload": payload}})


def mark_message(stream: str, name: str) -> str:
    return json.dumps({"event": "mark", "streamSid": stream, "mark": {"name": name}})


def clear_message(stream: str) -> str:
    return json.dumps({"event": "clear", "streamSid": stream})


def _started(start: dict[str, Any], data: dict[str, Any]) -> Started:
    form = start.get("mediaFormat") or {"encoding": "audio/x-mulaw", "sampleRate": RATE}
    if (
        not isinstance(form, dict)
        or form.get("encoding") != "audio/x-mulaw"
        or form.get("sampleRate") != RATE
    ):
        raise MessageError("only audio/x-mulaw at 8000 is understood")
    given = start.get("customParameters") or {}
    if not isinstance(given, dict):
        raise MessageError("customParameters must be an object")
    stream = start.get("streamSid") or data.get("streamSid")
    if not isinstance(stream, str) or not stream:
        raise MessageError("streamSid is missing")
    caller, called = (str(given.get(ours) or given.get(theirs) or "") for ours, theirs in _NUMBERS)
    return Started(stream, caller, called)


_NUMBERS = (("caller", "From"), ("called", "To"))


def _sound(payload: object) -> Samples:
    if not isinstance(payload, str):
        raise MessageError("payload is missing")
    try:
        return decode_ulaw(base64.b64decode(payload, validate=True))
    except (binascii.Error, ValueError) as error:
        raise MessageError("payload is not base64") from error


def _part(data: dict[str, Any], name: str) -> dict[str, Any]:
    part = data.get(name)
    if not isinstance(part, dict):
        raise MessageError(f"«{name}» is missing")
    return part


def _text(part: dict[str, Any], name: str) -> str:
    value = part.get(name)
    if not isinstance(value, str):
        raise MessageError(f"«{name}» is missing")
    return value
