"""Telegram over real HTTP: the unmodified library against a local Bot API with its documented errors."""

from __future__ import annotations

import threading
import time
from typing import Any

import httpx
import pytest

from bot.sandbox.telegram import BotApiError, Fault, TelegramPlatform
from bot.sandbox.wechat import NO_TLS
from tests.integration.channels.conftest import TELEGRAM_SECRET, TELEGRAM_TOKEN, Line, Open, wait_until
from tests.integration.channels.drivers import AtTelegram

JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 100
GROUP = -2002


def texts(line: Line, chat: int) -> list[str]:
    return [message["text"] for message in line.telegram.sent if message["chat"]["id"] == chat]


def fault(method: str, status: int, description: str, **parameters: int) -> Fault:
    return Fault(method, BotApiError(status, description, **parameters))


def test_telegram_is_told_where_to_send_updates_and_what_to_offer(line: Line) -> None:
    assert line.telegram.webhook == f"{line.url}/channels/telegram"
    assert line.telegram.secret == TELEGRAM_SECRET
    assert [command["command"] for command in line.telegram.commands] == ["start", "help", "human"]


def test_what_was_written_before_the_webhook_was_set_is_answered_then(line: Line) -> None:
    address, line.telegram.webhook = line.telegram.webhook, ""
    line.telegram.deliver(line.telegram.says(30, "我要订饭"))
    assert texts(line, 30) == []
    line.telegram.call("setWebhook", {"url": address, "secret_token": TELEGRAM_SECRET})
    wait_until(lambda: texts(line, 30))
    assert len(texts(line, 30)) == 1


@pytest.mark.parametrize("secret", ["", "wrong", TELEGRAM_SECRET[:-1]])
def test_an_update_without_the_secret_is_refused(secret: str, shared_line: Line) -> None:
    update = shared_line.telegram.says(31, "我要订饭")
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
    answer = httpx.post(shared_line.telegram.webhook, json=update, headers=headers, verify=NO_TLS)
    assert answer.status_code == 403
    assert texts(shared_line, 31) == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"update_id": "x"}', b'{"update_id": 1, "message": 7}', b"\xff"]
)
def test_what_is_no_update_is_taken_and_dropped(body: bytes, shared_line: Line) -> None:
    headers = {"X-Telegram-Bot-Api-Secret-Token": TELEGRAM_SECRET}
    answer = httpx.post(shared_line.telegram.webhook, content=body, headers=headers, verify=NO_TLS)
    assert (answer.status_code, answer.text) == (200, "")


def test_start_greets_and_help_says_what_can_be_done(shared_line: Line) -> None:
    person = AtTelegram(shared_line)
    assert "您好" in person.says("/start").text
    assert "送饭" in person.says("/help").text


def test_a_duplicate_update_is_answered_once(shared_line: Line) -> None:
    update = shared_line.telegram.says(41, "我要订饭")
    assert [shared_line.telegram.deliver(update) for _ in range(3)] == [200, 200, 200]
    assert len(texts(shared_line, 41)) == 1


def test_duplicates_at_the_same_instant_are_answered_once(shared_line: Line) -> None:
    update = shared_line.telegram.says(42, "我要订饭")
    threads = [threading.Thread(target=shared_line.telegram.deliver, args=(update,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(texts(shared_line, 42)) == 1


def test_when_the_answer_can_not_be_sent_the_update_comes_again_and_is_answered_then(line: Line) -> None:
    line.telegram.faults += [
        fault("sendMessage", 502, "Bad Gateway"), fault("sendMessage", 500, "Internal Server Error"),
    ]  # fmt: skip
    assert line.telegram.deliver(line.telegram.says(43, "我要订饭")) == 200
    assert len(texts(line, 43)) == 1
    assert line.telegram.calls.count("sendMessage") == 3


def test_slow_down_is_obeyed_for_as_long_as_telegram_says(line: Line) -> None:
    line.telegram.faults.append(fault("sendMessage", 429, "Too Many Requests: retry after 1", retry_after=1))
    began = time.monotonic()
    assert line.telegram.deliver(line.telegram.says(44, "我要订饭")) == 200
    assert time.monotonic() - began >= 1
    assert len(texts(line, 44)) == 1


@pytest.mark.parametrize(
    ("status", "description"),
    [(403, "Forbidden: bot was blocked by the user"), (400, "Bad Request: chat not found")],
)
def test_who_can_not_be_reached_does_not_hold_up_the_others(
    status: int, description: str, line: Line
) -> None:
    line.telegram.faults.append(fault("sendMessage", status, description))
    assert line.telegram.deliver(line.telegram.says(45, "我要订饭")) == 200
    assert AtTelegram(line).says("我要订饭").text


def test_a_photo_is_kept_with_the_conversation_and_its_words_are_heard(shared_line: Line) -> None:
    telegram = shared_line.telegram
    assert telegram.deliver(telegram.sends(51, photo=telegram.photo(JPEG))) == 200
    assert "照片收到了" in texts(shared_line, 51)[-1]
    assert list(shared_line.keeper.pictures("telegram:51")) == [JPEG]
    telegram.deliver(
        telegram.sends(51, photo=telegram.photo(JPEG + b"2"), caption="家里水龙头坏了，找人来修")
    )
    assert len(list(shared_line.keeper.pictures("telegram:51"))) == 2
    assert "照片收到了" not in texts(shared_line, 51)[-1]


def test_a_photo_that_can_not_be_fetched_is_asked_for_again(shared_line: Line) -> None:
    photo = [{"file_id": "gone", "file_unique_id": "g", "width": 1, "height": 1}]
    shared_line.telegram.deliver(shared_line.telegram.sends(52, photo=photo))
    assert "再发一次" in texts(shared_line, 52)[-1]


def test_a_photo_that_is_too_large_is_not_even_fetched(shared_line: Line) -> None:
    telegram = shared_line.telegram
    photo = telegram.photo(JPEG + bytes(10 * 1024 * 1024))
    assert telegram.deliver(telegram.sends(55, photo=photo)) == 200
    assert "再发一次" in texts(shared_line, 55)[-1]
    assert list(shared_line.keeper.pictures("telegram:55")) == []


def test_an_update_that_is_far_too_large_is_refused(shared_line: Line) -> None:
    headers = {"X-Telegram-Bot-Api-Secret-Token": TELEGRAM_SECRET}
    body = b"x" * (1024 * 1024 + 1)
    answer = httpx.post(shared_line.telegram.webhook, content=body, headers=headers, verify=NO_TLS)
    assert answer.status_code == 413


def test_a_voice_note_is_recognised(open_line: Open) -> None:
    heard: list[tuple[bytes, str]] = []

    def hears(sound: bytes, media_type: str) -> str | None:
        heard.append((sound, media_type))
        return "我要订饭" if sound == b"OggS lunch" else None

    line = open_line(hears=hears)
    telegram = line.telegram
    telegram.deliver(telegram.sends(53, voice=telegram.voice(b"OggS lunch")))
    telegram.deliver(telegram.sends(53, voice=telegram.voice(b"OggS noise")))
    assert "时候" in texts(line, 53)[0]
    assert "没听清" in texts(line, 53)[1]
    assert heard == [(b"OggS lunch", "audio/ogg"), (b"OggS noise", "audio/ogg")]


def test_without_ears_a_voice_note_is_asked_to_be_typed(shared_line: Line) -> None:
    telegram = shared_line.telegram
    telegram.deliver(telegram.sends(54, voice=telegram.voice(b"OggS")))
    assert "打字" in texts(shared_line, 54)[-1]


def contact(person: int, number: str, of: int) -> dict[str, Any]:
    return {"phone_number": number, "first_name": "x", "user_id": of}


def test_a_number_that_is_shared_is_known_from_then_on(shared_line: Line) -> None:
    person = AtTelegram(shared_line)
    chat = person.number
    shared_line.telegram.deliver(
        shared_line.telegram.sends(chat, contact=contact(chat, "+8613909510077", chat))
    )
    assert "记住了" in texts(shared_line, chat)[-1]
    person.says("我想订个午饭，明天中午，送到金凤区长城花园三号楼二单元501")
    assert "对不对" in person.says("马建国").text  # the number is not asked for
    person.says("对")
    assert [order.phone for order in person.orders()] == ["13909510077"]


def test_a_number_shared_as_an_answer_is_the_answer(shared_line: Line) -> None:
    person = AtTelegram(shared_line)
    person.says("我想订个午饭，明天中午，送到金凤区长城花园三号楼二单元501")
    assert "电话" in person.says("马建国").text
    own = contact(person.number, "13909510078", person.number)
    shared_line.telegram.deliver(shared_line.telegram.sends(person.number, contact=own))
    assert "0078" in texts(shared_line, person.number)[-1]


def test_somebody_elses_number_makes_nobody_known(shared_line: Line) -> None:
    telegram = shared_line.telegram
    telegram.deliver(telegram.sends(61, contact=contact(61, "13909510079", 62)))
    assert shared_line.keeper.phone_of("telegram:61") is None
    assert "记住了" not in texts(shared_line, 61)[-1]


def test_an_edited_message_is_answered_as_said_anew(shared_line: Line) -> None:
    telegram = shared_line.telegram
    telegram.deliver(first := telegram.says(63, "我要订饭"))
    telegram.deliver(telegram.edits(first, "我要找人打扫卫生"))
    assert len(texts(shared_line, 63)) == 2
    assert texts(shared_line, 63)[0] != texts(shared_line, 63)[1]


def test_in_a_group_the_line_speaks_only_when_spoken_to_and_to_the_one_who_did(shared_line: Line) -> None:
    telegram = shared_line.telegram
    telegram.deliver(telegram.says(71, "妈，吃了吗", group=GROUP))
    assert texts(shared_line, GROUP) == []
    telegram.deliver(telegram.says(71, f"@{telegram.name} 明天中午给我订个饭", group=GROUP))
    answer = telegram.sent[-1]
    assert answer["chat"]["id"] == GROUP
    assert answer["reply_to_message"]["from"]["id"] == 71
    telegram.deliver(telegram.says(72, f"@{telegram.name} 你好", group=GROUP))
    assert "住在哪里" not in texts(shared_line, GROUP)[-1]  # a conversation of their own
    telegram.deliver(telegram.says(71, "金凤区长城花园三号楼二单元501", group=GROUP, reply_to_message=answer))
    assert "贵姓" in texts(shared_line, GROUP)[-1]


def test_a_button_in_a_group_is_for_the_one_who_was_answered(shared_line: Line) -> None:
    telegram, group = shared_line.telegram, GROUP - 1
    telegram.deliver(telegram.says(73, f"@{telegram.name} 我要订饭", group=group))
    question = telegram.sent[-1]
    telegram.deliver(telegram.presses(74, question, "明天上午"))
    assert len(texts(shared_line, group)) == 1
    telegram.deliver(telegram.presses(73, question, "明天上午"))
    assert "住在哪里" in texts(shared_line, group)[-1]


def test_a_button_pressed_twice_says_it_once(shared_line: Line) -> None:
    telegram = shared_line.telegram
    telegram.deliver(telegram.says(75, "我要订饭"))
    question = telegram.sent[-1]
    telegram.deliver(telegram.presses(75, question, "明天上午"))
    telegram.deliver(telegram.presses(75, question, "明天上午"))
    assert len(texts(shared_line, 75)) == 2


def test_where_no_address_can_be_reached_updates_are_fetched(open_line: Open) -> None:
    line = open_line(polling=True)
    assert line.telegram.webhook == ""
    for update in (line.telegram.says(81, "我要订饭"), line.telegram.says(81, "明天中午")):
        line.telegram.deliver(update)
    wait_until(lambda: len(texts(line, 81)) == 2)
    assert "住在哪里" in texts(line, 81)[1]


def test_a_wrong_token_stops_telegram_and_nothing_else(
    open_line: Open, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    called = TelegramPlatform.call

    def refused(self: TelegramPlatform, method: str, given: dict[str, Any]) -> Any:
        # The test's line waits for the last call of a start that works.
        self.calls.append("setMyCommands")
        called(self, method, given)
        raise BotApiError(401, "Unauthorized")

    monkeypatch.setattr(TelegramPlatform, "call", refused)
    line = open_line()
    wait_until(lambda: "telegram_token_refused" in "".join(capfd.readouterr()) or None)
    assert httpx.get(f"{line.url}/", verify=NO_TLS).status_code == 200


def test_the_platform_refuses_what_telegram_refuses(shared_line: Line) -> None:
    api = shared_line.house.settings.telegram_api

    def call(method: str, token: str = TELEGRAM_TOKEN, **given: object) -> tuple[int, str]:
        answer = httpx.post(f"{api}/bot{token}/{method}", json=given, verify=NO_TLS)
        return answer.status_code, answer.json().get("description", "")

    assert call("getMe", token="1:wrong") == (401, "Unauthorized")
    assert call("danceForMe")[0] == 404
    assert call("sendMessage", chat_id=1, text=" ") == (400, "Bad Request: message text is empty")
    assert call("sendMessage", chat_id=1, text="好" * 4097) == (400, "Bad Request: message is too long")
    assert call("getFile", file_id="gone") == (400, "Bad Request: invalid file_id")
    assert call("getUpdates")[0] == 409
    button = {"inline_keyboard": [[{"text": "x", "callback_data": "好" * 22}]]}
    assert call("sendMessage", chat_id=1, text="x", reply_markup=button)[1].endswith("BUTTON_DATA_INVALID")
