"""Every kind of WeChat message, one file a kind, is read as what it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.channels.contract import (
    BrokenError,
    Hello,
    More,
    Outgoing,
    Picture,
    Place,
    Text,
    Unreadable,
    Voice,
    utf8_bytes,
)  # fmt: skip
from bot.channels.reception import load_channel_words
from bot.channels.wechat.envelope import fields, safe_xml
from bot.channels.wechat.menu import MenuError, menu_data
from bot.channels.wechat.messages import LIMITS, menu_entry, passive_reply, read_message, shown
from bot.dialogue.turn import Choice
from config.catalogue import load_catalogue

SAMPLES = Path(__file__).parents[2] / "integration/channels/samples"
ADDRESS = "宁夏银川市金凤区长城中路长城花园"
SILENT = None
# name of the sample → what it is
KINDS: dict[str, Any] = {
    "text": Text("我想订个午饭"),
    "text_from_quick_answer": Text("对"),
    "image": Picture,
    "voice": Voice,
    "voice_recognised": Voice,
    "video": Unreadable(),
    "shortvideo": Unreadable(),
    "location": Place(38.487193, 106.230909, ADDRESS),
    "location_without_label": Place(38.487193, 106.230909),
    "link": Unreadable("link"),
    "file": Unreadable(),
    "subscribe": Hello(),
    "subscribe_by_code": Hello(),
    "unsubscribe": SILENT,
    "scan": Hello(),
    "event_location": SILENT,
    "click": Text("我要订饭"),
    "click_more": More("papers"),
    "click_human": Text("转人工"),
    "click_old_menu": Unreadable(),
    "view": SILENT,
    "scancode_push": SILENT,
    "scancode_waitmsg": Unreadable("link"),
    "pic_sysphoto": SILENT,
    "pic_photo_or_album": SILENT,
    "pic_weixin": SILENT,
    "location_select": SILENT,
    "view_miniprogram": SILENT,
    "template_sent": SILENT,
    "event_of_tomorrow": SILENT,
}


def fetch(media_id: str) -> Callable[[], bytes]:
    return lambda: media_id.encode()


def test_every_sample_stands_in_the_table() -> None:
    assert {path.stem for path in (SAMPLES / "wechat").iterdir()} == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_a_message_is_read_as_what_it_is(name: str) -> None:
    xml = safe_xml((SAMPLES / "wechat" / f"{name}.xml").read_bytes())
    message, wanted = read_message(xml, "wx1", fetch), KINDS[name]
    if wanted is SILENT:
        assert message is None
        return
    assert message is not None
    assert (message.session, message.at.isoformat()) == (
        "wechat:wx1:oTestOpenId-0000000000000001",
        "2026-11-23T09:00:00",
    )
    if isinstance(wanted, type):
        assert isinstance(message.content, wanted)
    else:
        assert message.content == wanted


def test_a_voice_message_brings_what_wechat_understood_or_its_sound() -> None:
    heard = read_message((SAMPLES / "wechat/voice_recognised.xml").read_text("utf-8"), "wx1", fetch)
    plain = read_message((SAMPLES / "wechat/voice.xml").read_text("utf-8"), "wx1", fetch)
    assert heard is not None
    assert plain is not None
    assert isinstance(heard.content, Voice)
    assert isinstance(plain.content, Voice)
    assert (heard.content.recognised, heard.content.media_type) == ("我要订饭", "audio/speex")
    assert (plain.content.recognised, plain.content.fetch()) == (None, b"media_id")


def test_events_without_a_number_are_told_apart_by_what_happened() -> None:
    names = ("click", "click_more", "scan", "subscribe")
    messages = [
        read_message((SAMPLES / "wechat" / f"{name}.xml").read_text("utf-8"), "wx1", fetch) for name in names
    ]
    numbers = {message.message_id for message in messages if message}
    assert len(numbers) == len(names)
    again = read_message((SAMPLES / "wechat/click.xml").read_text("utf-8"), "wx1", fetch)
    assert again is not None
    assert again.message_id in numbers


@pytest.mark.parametrize("path", sorted((SAMPLES / "wechat_bad").iterdir()), ids=lambda path: path.stem)
def test_what_is_no_message_is_refused_without_a_trace_of_its_words(path: Path) -> None:
    with pytest.raises(BrokenError) as refused:
        read_message(safe_xml(path.read_bytes()), "wx1", fetch)
    assert "passwd" not in str(refused.value)
    assert "lol" not in str(refused.value)


def test_a_message_that_is_too_large_is_not_even_read() -> None:
    with pytest.raises(BrokenError, match="large"):
        safe_xml(b"<xml>" + b"x" * 300_000 + b"</xml>")


def test_quick_answers_are_links_and_nothing_else_is() -> None:
    text = shown(Outgoing("<a href='x'>点</a> & 您好", (Choice("对", "对"), Choice('"><b>', "a&b"))))
    assert text.count("<a href=") == 2
    assert "＜a href='x'＞" in text
    assert '<a href="weixin://bizmsgmenu?msgmenucontent=对&msgmenuid=1">对</a>' in text
    assert 'msgmenucontent=a＆b&msgmenuid=2">＂＞＜b＞</a>' in text


def test_the_passive_reply_goes_back_to_its_sender_and_its_text_can_not_leave_its_place() -> None:
    xml = (SAMPLES / "wechat/text.xml").read_text("utf-8")
    text = shown(Outgoing("]]></Content><Content>假的"))
    reply = fields(passive_reply(xml, text, 1795395601))
    assert reply == {
        "ToUserName": "oTestOpenId-0000000000000001",
        "FromUserName": "gh_0123456789ab",
        "CreateTime": "1795395601",
        "MsgType": "text",
        "Content": text,
    }


def test_the_longest_message_with_its_answers_fits_into_what_wechat_carries() -> None:
    choices = tuple(Choice("陪看病取药取药", "我想请人陪我看病取药取药") for _ in range(LIMITS.most_choices))
    assert utf8_bytes(shown(Outgoing("好" * (LIMITS.longest // 3), choices))) <= 2048


def test_the_menu_reaches_all_twenty_items_in_three_by_five() -> None:
    menu, words, catalogue = menu_data(), load_channel_words(), load_catalogue()
    assert [len(column["sub_button"]) for column in menu["button"]] == [5, 5, 5]
    keys = [leaf["key"] for column in menu["button"] for leaf in column["sub_button"]]
    reached = set(keys) | {code for key in keys if key.startswith("more:") for code in words["more"][key[5:]]}
    assert {item.code for item in catalogue.official()} <= reached
    assert menu["button"][0]["name"] == "常用"
    assert all(not isinstance(menu_entry(key), Unreadable) for key in keys)


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ([{"name": "一"} | {"entries": ["meal"]}] * 4, "three|3 columns"),
        ([{"name": "一", "entries": ["meal"] * 6}], "of 5"),
        ([{"name": "名字太长了放不下", "entries": ["meal"]}], "longer"),
        ([{"name": "一", "entries": ["mael"]}], "mael"),
    ],
    ids=["four columns", "six entries", "long name", "typing error"],
)
def test_a_menu_that_wechat_would_refuse_is_told_before(
    broken: list[Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {**load_channel_words(), "menu": broken}
    monkeypatch.setattr("bot.channels.wechat.menu.load_channel_words", lambda: words)
    with pytest.raises(MenuError, match=why):
        menu_data()
