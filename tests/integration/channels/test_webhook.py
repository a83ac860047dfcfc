"""The plain HTTP channel takes what is signed, once, and says in JSON what was wrong with the rest."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError

import bot.channels.webhook as channel
from bot.channels.keeper import Keeper
from bot.channels.webhook import sign
from bot.sandbox.wechat import NO_TLS
from tests.integration.channels.conftest import WEBHOOK_SECRET, Line

MESSAGE = {"session": "s", "sender": "13909510001", "message_id": "1", "text": "我要订饭"}


def post(
    line: Line, body: bytes, *, at_s: float | None = None, secret: str = WEBHOOK_SECRET, **headers: str
) -> httpx.Response:
    timestamp = str(int(time.time() if at_s is None else at_s))
    signed = {"X-Timestamp": timestamp, "X-Signature": sign(secret, timestamp, body)}
    return httpx.post(f"{line.url}/channels/webhook", content=body, headers=signed | headers, verify=NO_TLS)


def message(**more: Any) -> bytes:
    return json.dumps(MESSAGE | more).encode()


def test_a_signed_message_is_answered(shared_line: Line) -> None:
    answer = post(shared_line, message(session="answered"))
    assert answer.status_code == 200
    said = answer.json()
    assert (said["session"], said["asks"], said["orders"]) == ("answered", "time", [])
    assert said["choices"][0].keys() == {"label", "text"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"secret": "another secret of thirty-two chars"}, "signature"), ({"at_s": 1e9}, "five minutes"),
        ({"X-Signature": ""}, "signature"), ({"X-Timestamp": ""}, "timestamp"), ({"X-Timestamp": "now"}, "timestamp"),
        ({"X-Timestamp": "1" * 40}, "timestamp"),
    ],
    ids=["other secret", "old", "no signature", "no time", "no number", "huge"],
)  # fmt: skip
def test_what_is_not_signed_right_is_refused(change: dict[str, Any], why: str, shared_line: Line) -> None:
    answer = post(shared_line, message(session="forged"), **change)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert why in answer.json()["detail"]
    assert shared_line.said("webhook:forged") == []


def test_five_minutes_of_difference_between_clocks_are_allowed(shared_line: Line) -> None:
    for seconds, number in ((-295, "past"), (295, "future")):
        assert post(shared_line, message(message_id=number), at_s=time.time() + seconds).status_code == 200
    for seconds in (-310, 310):
        assert post(shared_line, message(), at_s=time.time() + seconds).status_code == 401


def test_a_replayed_request_is_refused(shared_line: Line) -> None:
    now_s = time.time()
    assert post(shared_line, message(message_id="replay"), at_s=now_s).status_code == 200
    again = post(shared_line, message(message_id="replay"), at_s=now_s)
    assert (again.status_code, again.json()["title"]) == (409, "sent before")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", message(text=None), message(text=7), message(session=""),
        message(message_id="x" * 201), json.dumps({"session": "s"}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_message_is_told_without_repeating_it(body: bytes, shared_line: Line) -> None:
    answer = post(shared_line, body)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert "13909510001" not in answer.text


def test_a_message_without_end_is_refused(shared_line: Line) -> None:
    answer = post(shared_line, b"x" * (1024 * 1024 + 1))
    assert answer.status_code == 413


def test_the_description_says_how_it_is(shared_line: Line) -> None:
    described = httpx.get(f"{shared_line.url}/channels/webhook/openapi.json", verify=NO_TLS).json()
    say = described["paths"]["/channels/webhook"]["post"]
    assert [parameter["name"] for parameter in say["parameters"]] == ["X-Timestamp", "X-Signature"]
    assert set(say["responses"]) == {"200", "400", "401", "409", "413", "503"}
    assert list(say["responses"]["401"]["content"]) == ["application/problem+json"]
    wanted = say["requestBody"]["content"]["application/json"]["schema"]
    assert set(wanted["required"]) == set(MESSAGE)


def test_without_a_database_it_says_so_and_the_same_request_is_taken_later(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_s, claim = time.time(), Keeper.claim

    def gone(*_: object) -> bool:
        raise OperationalError("SELECT", {}, Exception("the database is away"))

    monkeypatch.setattr(Keeper, "claim", gone)
    refused = post(line, message(), at_s=at_s)
    assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
    assert "SELECT" not in refused.text
    monkeypatch.setattr(Keeper, "claim", claim)
    assert post(line, message(), at_s=at_s).status_code == 200


def test_the_example_in_the_docs_works(shared_line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    docs = (Path(__file__).parents[3] / "docs/channels.md").read_text("utf-8")
    example = docs.split("```python\n")[1].split("```")[0]
    exec(example, {"SECRET": WEBHOOK_SECRET, "URL": shared_line.url})  # noqa: S102 (our own docs)
    assert "时候" in capsys.readouterr().out


def test_the_channel_that_shows_how_small_one_is_stays_under_150_lines_of_code() -> None:
    lines = Path(str(channel.__file__)).read_text("utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) < 150
