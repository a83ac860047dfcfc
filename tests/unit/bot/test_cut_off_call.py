"""A call that is cut off while something is asked is wanted back; every other end is not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from bot.conversations import Answer
from bot.dialogue.turn import Asks, Reply
from bot.phone import PhoneAnswers
from voice.conversation import Said
from voice.turns.actions import Reason

NOW = datetime(2026, 11, 23, 9)
ASKS = Reply(("您住在哪里？",), asks=Asks.PLACE)


class Replies:
    """Conversations that always answer the same."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def handle(self, turn: Any) -> Answer:
        return Answer(self._reply, ())


@pytest.mark.parametrize(
    ("reply", "reason", "caller", "wanted"),
    [
        (ASKS, Reason.LOST, "13909510001", [("13909510001", "c1")]),
        (Reply(("请别动。",), emergency=True), Reason.LOST, "13909510001", [("13909510001", "c1")]),
        (ASKS, Reason.CALLER, "13909510001", []),
        (ASKS, Reason.LOST, "anonymous", []),
        (Reply(("您说。",)), Reason.LOST, "13909510001", []),
        (Reply(("您保重。",), asks=Asks.PLACE, ended=True), Reason.LOST, "13909510001", []),
    ],
    ids=["asked", "danger", "hung up", "no number", "nothing open", "over"],
)
async def test_who_is_called_back(
    reply: Reply, reason: Reason, caller: str, wanted: list[tuple[str, str]]
) -> None:
    called: list[tuple[str, str]] = []
    answers = PhoneAnswers(Replies(reply), call_back=lambda *who: called.append(who))  # type: ignore[arg-type]
    call = answers.begin(caller=caller, call_id="c1")
    await call.answer(Said(None, NOW))
    await call.hung_up(reason.value)
    assert called == wanted
