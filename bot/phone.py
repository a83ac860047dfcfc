"""The telephone as a channel of the conversation: one session a call, the caller's number as the sender."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import structlog

from bot.conversations import Answer as Answered
from bot.conversations import Conversations
from bot.dialogue.turn import Asks, Channel, Turn
from bot.order_json import order_json
from bot.whole_turn import completeness
from voice.conversation import Answer, Answering, Completeness, Said
from voice.turns.actions import Reason

log = structlog.get_logger()

FEWEST_DIGITS = 5


def is_number(caller: str) -> bool:
    """Whether somebody can be known by this; withheld numbers and extensions can not."""
    return sum(character.isdigit() for character in caller) >= FEWEST_DIGITS


class PhoneAnswers:
    """`voice.conversation.Answers` on the conversations of this installation.

    `call_back` is told the number and the id of a call that was cut off while something was asked; it may block.
    """

    def __init__(
        self, conversations: Conversations, *, call_back: Callable[[str, str], None] | None = None
    ) -> None:
        self._conversations, self._call_back = conversations, call_back

    def begin(self, *, caller: str, call_id: str) -> Answering:
        return PhoneCall(self._conversations, caller, call_id, call_back=self._call_back)


class PhoneCall:
    """One caller's conversation. A call that was cut off goes on in the next one: the conversation finds it by the sender."""

    def __init__(
        self,
        conversations: Conversations,
        caller: str,
        call_id: str,
        *,
        call_back: Callable[[str, str], None] | None = None,
    ) -> None:
        self._conversations, self._call_id, self._call_back = conversations, call_id, call_back
        self._open = False  # something was asked, and not answered yet
        self._asks: Asks | None = None  # what the latest reply asked for …
        self._now: datetime | None = None  # … and when it was given
        self._session = f"call-{call_id}"
        # Withheld numbers share a name; their conversations must not be taken for those of one person.
        self._sender = caller if is_number(caller) else self._session
        self._shown: Mapping[str, dict[str, Any]] = {}  # the orders as the record of the call knows them

    async def answer(self, said: Said) -> Answer:
        """One turn, in a thread: understanding and storing it block."""
        turn = Turn(
            session=self._session,
            sender=self._sender,
            now=said.at,
            text=said.text,
            channel=Channel.SPOKEN,
            alternatives=said.alternatives,
            pace=said.pace,
            loudness=said.loudness,
        )
        answered = await asyncio.to_thread(self._conversations.handle, turn)
        self._asks, self._now = answered.reply.asks, said.at
        orders = {order.number: order_json(order) for order in answered.orders}
        news = [order for number, order in orders.items() if self._shown.get(number) != order]
        self._shown = orders
        self._open = (
            answered.reply.asks is not None or answered.reply.emergency
        ) and not answered.reply.ended
        return _as_spoken(answered, news)

    async def completeness(self, text: str) -> Completeness:
        """Whether a reply to what has been said so far would make sense."""
        if self._now is None:
            return Completeness.OPEN
        understood = self._conversations.understood
        heard = await asyncio.to_thread(understood, text, asks=self._asks, now=self._now)
        return completeness(heard, self._asks)

    async def hung_up(self, reason: str) -> None:
        log.info("conversation_left", reason=reason, orders=len(self._shown))
        cut_off = self._open and reason == Reason.LOST.value
        if cut_off and self._call_back is not None and is_number(self._sender):
            await asyncio.to_thread(self._call_back, self._sender, self._call_id)


def _as_spoken(answered: Answered, news: list[dict[str, Any]]) -> Answer:
    reply = answered.reply
    events: list[dict[str, Any]] = [{"event": "order", **order} for order in news]
    events += [{"event": kind} for kind in ("emergency", "handoff") if getattr(reply, kind)]
    return Answer(
        sentences=reply.sentences,
        asks=reply.asks.value if reply.asks else None,
        choices=tuple((choice.label, choice.text) for choice in reply.choices),
        urgent=reply.urgent,
        emergency=reply.emergency,
        handoff=reply.handoff,
        ended=reply.ended,
        pace=reply.pace,
        loudness=reply.loudness,
        events=tuple(events),
    )
