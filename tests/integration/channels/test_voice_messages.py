"""Voice messages with real sound, from the file that the platform brings to the order, heard by the default recogniser."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest

from bot.channels.contract import Hears
from tests.integration.channels.conftest import Line, Open, wait_until
from tests.integration.channels.drivers import AtTelegram, AtWeChat, Person
from tests.unit.voice.hearing.speech import spoken
from tests.voice_files import amr, opus
from voice.hearing.pool import open_hearing
from voice.hearing.settings import HearingSettings
from voice.hearing.voice_message import voice_message_hearing

LUNCH = next(row for row in spoken() if row.text == "我想订个午饭，明天中午送到家")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ears() -> Iterator[Hears]:
    """The default recogniser in its own process, as a server opens it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    opening = open_hearing(HearingSettings(engine="whisper", timeout_s=60))
    hearing = asyncio.run_coroutine_threadsafe(opening, loop).result(120)
    yield voice_message_hearing(hearing, loop)
    asyncio.run_coroutine_threadsafe(hearing.close(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)
    loop.close()


def orders_lunch(person: Person) -> None:
    """What is still missing is typed."""
    assert "住在哪里" in person.says("金凤区长城花园三号楼二单元501").text or "贵姓" in person.seen.text
    person.says("马建国")
    assert "对不对" in person.says("13909510001").text
    assert "安排好了" in person.presses("对").text


def test_an_amr_file_of_wechat_becomes_an_order(open_line: Open, ears: Hears) -> None:
    line = open_line(hears=ears)
    person = AtWeChat(line)
    shown = line.wechat.texts(person.openid)
    media_id = line.wechat.upload(amr(LUNCH.samples), "audio/amr")
    said = line.wechat.message(person.openid, "voice", MediaId=media_id, Format="amr")
    line.wechat.deliver(said)
    wait_until(lambda: shown, within_s=60)  # on a busy machine the answer is a message of its own
    assert "住在哪里" in shown[0]
    orders_lunch(person)
    assert ordered(line) == ["meal"]


def test_a_voice_note_of_telegram_becomes_an_order(open_line: Open, ears: Hears) -> None:
    line = open_line(hears=ears)
    person = AtTelegram(line)
    note = line.telegram.voice(opus(LUNCH.samples))
    assert line.telegram.deliver(line.telegram.sends(person.number, voice=note)) == 200
    assert "住在哪里" in person._mine()[-1]["text"]
    orders_lunch(person)
    assert ordered(line) == ["meal"]


def test_noise_and_damaged_files_are_asked_for_again(open_line: Open, ears: Hears) -> None:
    line = open_line(hears=ears)
    person = AtWeChat(line)
    shown = line.wechat.texts(person.openid)
    hiss = np.random.default_rng(1).normal(0, 300, 16_000).astype(np.int16)
    whole = amr(LUNCH.samples)
    for count, sound in enumerate((amr(hiss), b"#!AMR\n" + bytes(40), whole[:7]), start=1):
        media_id = line.wechat.upload(sound, "audio/amr")
        line.wechat.deliver(line.wechat.message(person.openid, "voice", MediaId=media_id, Format="amr"))
        wait_until(partial(_came, shown, count), within_s=60)
        assert "没听清" in shown[-1]
    assert line.orders() == []


def _came(shown: list[str], count: int) -> bool:
    return len(shown) == count


def ordered(line: Line) -> list[str]:
    return [order.item for order in line.orders()]
