"""Scripting: one JSON object a line in, one out, flushed. Any fault of a line is answered in its own line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TextIO

import structlog

from backend.domain.local_time import local_now, local_time
from bot.conversations import Answer, Conversations
from bot.dialogue.turn import Channel, Turn
from bot.order_json import order_json
from config.wording import load_wording

log = structlog.get_logger()

# How the names of channels in the wild map to how words reach the person.
CHANNELS = {
    "phone": Channel.SPOKEN,
    "voice": Channel.SPOKEN,
    "sip": Channel.SPOKEN,
    "call": Channel.SPOKEN,
    "spoken": Channel.SPOKEN,
    "web": Channel.BUTTONS,
    "wechat": Channel.BUTTONS,
    "telegram": Channel.BUTTONS,
    "buttons": Channel.BUTTONS,
}
LONGEST_NAME = 200  # of a session or a sender


class LineError(ValueError):
    """A line that is no turn; the message says what is wrong with it."""


class JsonLines:
    """The conversation behind JSON objects. In: session, channel, sender, text, now. Out: see `handle`."""

    def __init__(self, conversations: Conversations | str) -> None:
        """On these conversations, or on a line of its own at a database URL (then faults are raised, not soothed)."""
        if isinstance(conversations, str):
            from bot.composition import open_house

            conversations = open_house(db=conversations, rescue=False).conversations
        self._conversations = conversations

    def handle(self, message: dict[str, Any]) -> dict[str, Any]:
        """One turn. Out: session, reply, asks, ended, emergency, handoff, orders; and `error` when the line was no turn."""
        try:
            turn = read_turn(message)
        except LineError as problem:
            log.warning("line_refused", problem=str(problem))
            return _refusal(message, str(problem))
        return as_json(turn.session, self._conversations.handle(turn))

    def run(self, lines: Iterable[str], out: TextIO) -> None:
        """Answer every line until the input ends."""
        for line in lines:
            if not line.strip():
                continue
            try:
                message = json.loads(line)
            except json.JSONDecodeError as problem:
                answer = _refusal({}, f"not JSON: {problem.msg} at column {problem.colno}")
            else:
                answer = self.handle(message)
            out.write(json.dumps(answer, ensure_ascii=False) + "\n")
            out.flush()


def read_turn(message: Any) -> Turn:
    """Check a message and make a turn of it. Raises LineError."""
    if not isinstance(message, dict):
        raise LineError("a line must be a JSON object")
    session, sender = message.get("session"), message.get("sender")
    if not isinstance(session, str) or not session or len(session) > LONGEST_NAME:
        raise LineError("`session` must be a text of 1 to 200 characters")
    if sender is None:
        sender = session
    if not isinstance(sender, str) or len(sender) > LONGEST_NAME:
        raise LineError("`sender` must be a text of at most 200 characters")
    text = message.get("text")
    if text is not None and not isinstance(text, str):
        text = str(text)
    alternatives = message.get("alternatives") or ()
    message_id = message.get("message_id")
    return Turn(
        session=session,
        sender=sender,
        now=_moment(message.get("now")),
        text=text,
        channel=CHANNELS.get(str(message.get("channel", "")).lower(), Channel.TEXT),
        alternatives=tuple(str(a) for a in alternatives) if isinstance(alternatives, list) else (),
        message_id=str(message_id) if message_id is not None else None,
    )


def _moment(raw: Any) -> datetime:
    """Local time without offset; now when nothing usable was given."""
    if raw is None:
        return local_now()
    try:
        moment = datetime.fromisoformat(str(raw))
    except ValueError:
        raise LineError("`now` must be an ISO time such as 2026-11-23T09:00") from None
    return local_time(moment)


def as_json(session: str, answer: Answer) -> dict[str, Any]:
    reply = answer.reply
    return {
        "session": session,
        "reply": reply.text,
        "asks": reply.asks.value if reply.asks else None,
        "ended": reply.ended,
        "emergency": reply.emergency,
        "handoff": reply.handoff,
        "orders": [order_json(order) for order in answer.orders],
    }


def _refusal(message: Any, problem: str) -> dict[str, Any]:
    session = message.get("session") if isinstance(message, dict) else None
    return {
        "session": session,
        "reply": "".join(load_wording().say("refused_input.not_a_turn")),
        "asks": None,
        "ended": False,
        "emergency": False,
        "handoff": False,
        "orders": [],
        "error": problem,
    }


def talk_over(conversations: Conversations) -> None:
    """Standard input to standard output, as UTF-8 whatever the locale says; bytes that are no UTF-8 are replaced."""
    lines = open(sys.stdin.fileno(), encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    out = open(sys.stdout.fileno(), "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    JsonLines(conversations).run(lines, out)
