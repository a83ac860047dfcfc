"""A line of JSON becomes a turn, or is refused with the reason."""

from __future__ import annotations

import io
import json
from datetime import datetime
from typing import Any

import pytest

from bot.channels.jsonl import JsonLines, LineError, read_turn
from bot.dialogue.turn import Channel

LINE = {"session": "s", "sender": "13909510001", "text": "你好", "now": "2026-11-23T09:00"}


def test_a_line_becomes_a_turn() -> None:
    turn = read_turn(LINE | {"channel": "phone", "message_id": 7, "alternatives": ["您好"]})
    assert (turn.session, turn.sender, turn.text) == ("s", "13909510001", "你好")
    assert turn.now == datetime(2026, 11, 23, 9)
    assert (turn.channel, turn.message_id, turn.alternatives) == (Channel.SPOKEN, "7", ("您好",))


def test_without_sender_the_session_speaks_and_without_text_there_is_silence() -> None:
    turn = read_turn({"session": "s"})
    assert (turn.sender, turn.text) == ("s", None)


def test_a_time_with_an_offset_is_taken_as_local_time() -> None:
    assert read_turn(LINE | {"now": "2026-11-23T01:00:00+00:00"}).now == datetime(2026, 11, 23, 9)


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ([], "JSON object"),
        ({}, "session"),
        ({"session": ""}, "session"),
        ({"session": 5}, "session"),
        ({"session": "x" * 201}, "session"),
        ({"session": "s", "sender": ["a"]}, "sender"),
        ({"session": "s", "now": "yesterday"}, "now"),
    ],
)
def test_what_is_no_turn_is_refused_with_the_reason(message: Any, problem: str) -> None:
    with pytest.raises(LineError, match=problem):
        read_turn(message)


def test_every_bad_line_is_answered_in_its_own_line() -> None:
    out = io.StringIO()
    JsonLines(conversations=None).run(["garbage\n", "\n", "[1]\n", '{"session": ""}\n'], out)  # type: ignore[arg-type]
    answers = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(answers) == 3
    assert all(answer["error"] and answer["reply"] and answer["orders"] == [] for answer in answers)
