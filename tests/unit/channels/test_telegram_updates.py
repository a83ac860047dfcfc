"""Every kind of Telegram update, one file a kind, is read as what it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from telegram import Update, User

from bot.channels.contract import Hello, Phone, Picture, Place, Text, Unreadable, Voice
from bot.channels.reception import load_channel_words
from bot.channels.telegram.channel import keyboard
from bot.channels.telegram.updates import Received, read_update
from bot.dialogue.turn import Choice

SAMPLES = Path(__file__).parents[2] / "integration/channels/samples/telegram"
ME = User(7000000001, "Nuanxian", True, username="nuanxian_line_bot")
NOT_MEANT = None
KINDS: dict[str, Any] = {
    "text": Text("我想订个午饭"),
    "start": Hello(),
    "start_with_code": Hello(),
    "help": Text("你们都能办什么"),
    "human": Text("转人工"),
    "command_of_another": Text("/dance"),
    "photo": Picture,
    "voice": Voice,
    "location": Place(38.487193, 106.230909),
    "venue": Place(38.487193, 106.230909, "银川市金凤区长城中路 长城花园"),
    "contact_own": Phone("+8613909510001", own=True),
    "contact_of_other": Phone("13909510002", own=False),
    "contact_without_account": Phone("13909510002", own=False),
    "sticker": Unreadable(),
    "document": Unreadable(),
    "edited": Text("我想订个晚饭"),
    "edited_late": NOT_MEANT,
    "press": Text("对"),
    "press_in_group": Text("对"),
    "press_in_group_by_other": NOT_MEANT,
    "press_on_old_message": Text("对"),
    "group_named": Text("打扫卫生"),
    "group_reply": Text("明天上午"),
    "group_not_meant": NOT_MEANT,
    "group_joined": NOT_MEANT,
    "from_a_bot": NOT_MEANT,
    "channel_post": NOT_MEANT,
    "inline_query": NOT_MEANT,
}


def fetch(file_id: str) -> Callable[[], bytes]:
    return lambda: file_id.encode()


def read(name: str) -> Received | None:
    raw = json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))
    update = Update.de_json(raw, None)
    return read_update(update, ME, fetch, load_channel_words()["says"])


def received(name: str) -> Received:
    found = read(name)
    assert found is not None
    return found


def test_every_sample_stands_in_the_table() -> None:
    assert {path.stem for path in SAMPLES.iterdir()} == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_an_update_is_read_as_what_it_is(name: str) -> None:
    found, wanted = read(name), KINDS[name]
    if wanted is NOT_MEANT:
        assert found is None
        return
    assert found is not None
    if isinstance(wanted, type):
        assert isinstance(found.incoming.content, wanted)
    else:
        assert found.incoming.content == wanted


def test_the_sender_is_the_person_and_the_session_is_the_chat() -> None:
    alone, group = received("text"), received("group_named")
    assert (alone.incoming.sender, alone.incoming.session, alone.chat) == (
        "telegram:1001",
        "telegram:1001",
        1001,
    )
    assert alone.incoming.at.isoformat() == "2026-11-23T09:00:00"
    assert (group.incoming.sender, group.incoming.session) == ("telegram:1001", "telegram:-2002:1001")
    assert (alone.answers, group.answers) == (None, 11)


def test_an_edited_message_is_a_new_one() -> None:
    assert received("edited").incoming.message_id != received("text").incoming.message_id


def test_the_largest_size_of_a_photo_is_taken_with_its_words() -> None:
    content = received("photo").incoming.content
    assert isinstance(content, Picture)
    assert (content.fetch(), content.caption) == (b"large", "水龙头坏了")


def test_a_button_pressed_in_a_group_goes_on_with_the_conversation_of_who_was_answered() -> None:
    assert received("press_in_group").incoming.session == received("group_named").incoming.session


def test_a_button_carries_what_it_says_or_when_that_is_too_long_its_label() -> None:
    markup = keyboard(
        (Choice("对", "对"), Choice("陪看病", "我想请人陪我" + "看病" * 20), Choice("长" * 40, "长" * 40))
    )
    assert markup is not None
    data = [str(row[0].callback_data) for row in markup.inline_keyboard]
    assert data[:2] == ["对", "陪看病"]
    assert all(len(said.encode()) <= 64 for said in data)
    assert keyboard(()) is None
