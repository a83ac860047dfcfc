"""Every conversation of the YAML files here, spoken to the line through its JSON-lines interface."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from bot.channels.jsonl import JsonLines
from config.catalogue import load_catalogue
from tests.journeys import caller
from tests.journeys.conftest import NewDatabase

TALKS = caller.conversations()
PART_KEYS = {"session", "now", "say", "until", "turns", "answers", "stop", "sender", "channel"}
KEYS = PART_KEYS | {"file", "name", "people", "earlier", "expect", "known"}
TURN_KEYS = {"text", "times", "now", "after_minutes", "session", "sender", "channel"} | {
    "message_id",
    "restart",
    "expect",
}
REPLY_KEYS = {"asks", "asks_not", "emergency", "handoff", "ended", "says", "says_all", "says_not", "orders"}
EXPECT_KEYS = {
    "orders", "emergency", "handoff", "asks_never", "asks_some", "asks_once", "reply_never", "reply_says", "max_turns",
    "cancelled_besides",
}  # fmt: skip
ORDER_KEYS = {"item", "beneficiary", "time", "time_startswith", "place", "place_contains", "phone", "status"}


def conversation(talk: dict[str, Any]) -> Any:
    """A conversation as a test case. `known` says why it is known to fail; one that starts to pass fails the run."""
    marks = [pytest.mark.xfail(strict=True, reason=talk["known"])] if "known" in talk else []
    return pytest.param(talk, id=f"{talk['file']}: {talk['name']}", marks=marks)


@pytest.mark.parametrize("talk", [conversation(talk) for talk in TALKS])
def test_the_conversation_ends_as_a_kind_clerk_would_end_it(
    talk: dict[str, Any], new_database: NewDatabase
) -> None:
    url = new_database(caller.people(talk.get("people", [])))
    speaker = caller.Caller(JsonLines(url), reopen=lambda: JsonLines(url))
    played = speaker.speak(talk)
    found = caller.faults(talk, played)
    assert not found, "\n".join([*found, "", played.transcript()])


def test_the_conversations_have_names_of_their_own_and_only_known_keys() -> None:
    assert [name for name, count in Counter(talk["name"] for talk in TALKS).items() if count > 1] == []
    assert len(TALKS) >= 100
    for talk in TALKS:
        turns = [turn for part in (talk, *talk.get("earlier", ())) for turn in part.get("turns", ())]
        expected = talk["expect"].get("orders", [])
        assert set(talk) <= KEYS, talk["name"]
        assert "say" in talk or "turns" in talk, talk["name"]
        assert all(set(part) <= PART_KEYS for part in talk.get("earlier", ())), talk["name"]
        assert all(set(turn) <= TURN_KEYS for turn in turns if isinstance(turn, dict)), talk["name"]
        assert all(set(turn.get("expect", {})) <= REPLY_KEYS for turn in turns if isinstance(turn, dict)), (
            talk["name"]
        )
        assert set(talk["expect"]) <= EXPECT_KEYS, talk["name"]
        assert expected == "any" or all(set(order) <= ORDER_KEYS for order in expected), talk["name"]


def test_every_item_is_ordered_in_at_least_two_conversations() -> None:
    orders = [
        order
        for talk in TALKS
        if talk["expect"].get("orders", "any") != "any"
        for order in talk["expect"]["orders"]
    ]
    counted = Counter(order["item"] for order in orders)
    assert [item for item in load_catalogue() if counted[item] < 2] == []
    assert set(counted) <= set(load_catalogue())


def test_the_command_answers_line_by_line_through_its_pipes(new_database: NewDatabase) -> None:
    url = new_database(caller.people(["ma_xiuying"]))
    command = [sys.executable, "-m", "bot.cli", "chat", "--jsonl", "--db", url]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def say(line: bytes) -> dict[str, Any]:
            process.stdin.write(line + b"\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            answer: dict[str, Any] = json.loads(process.stdout.readline())  # type: ignore[union-attr]
            return answer

        def message(text: str | None) -> bytes:
            turn = {
                "session": "s1",
                "channel": "phone",
                "sender": "13909510011",
                "text": text,
                "now": "2026-11-23T09:10",
            }
            return json.dumps(turn, ensure_ascii=False).encode()

        assert say(message("明天中午给我送个饭"))["asks"] == "confirm"
        for broken in (b"{", b"[]", b"\xff\xfe", b'{"session": 5}', b'{"session": "s1", "now": "tomorrow"}'):
            assert say(broken)["orders"] == []
        done = say(message("对着呢"))
        assert [(order["item"], order["time"]) for order in done["orders"]] == [("meal", "2026-11-24T12:00")]
        assert set(done) >= {"session", "reply", "asks", "ended", "emergency", "handoff", "orders"}
        assert set(done["orders"][0]) >= {"number", "item", "beneficiary", "time", "place", "phone", "status"}
        process.stdin.close()
        assert process.wait(timeout=20) == 0
