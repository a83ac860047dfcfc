"""`nuanxian people forget` leaves nothing of a person: no word, no picture, no sound, no news about them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from backend.domain.local_time import local_now
from backend.domain.order import Move, Wanted
from backend.domain.people import Elder
from backend.services.commands import MoveOrder, PlaceOrder
from backend.services.move_order import move_order
from backend.services.place_order import place_order
from backend.services.ports import ContactRecord, Line
from backend.store.open import Store
from backend.store.pictures import Pictures, of_work
from bot.call_records import recordings_folder, session_of
from bot.channels.keeper import Keeper
from bot.commands.people import app
from voice.recording import start_recording

PHONE, SESSION, CALL = "13909510001", "wechat:wx1:oGuilan", "call1"
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NUANXIAN_HOME", str(tmp_path))
    monkeypatch.setenv("NUANXIAN_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("NUANXIAN_MEDIA", str(tmp_path / "media"))
    return tmp_path


def filled(store: Store, home: Path) -> tuple[int, str]:
    """A person who ordered on WeChat, sent a picture and called; the worker sent one, too; a relative will hear of it."""
    now = local_now()
    with store.unit_of_work() as uow:
        elder = uow.people.save(Elder(None, "guilan", "王桂兰", (PHONE,), "金凤区长城花园3号楼")).id or 0
        placed = PlaceOrder(
            "1", "meal", "self", PHONE, SESSION, now, Wanted("2026-11-24T12:00"), "王桂兰", elder
        )
        number = place_order(placed, uow).number
        move_order(MoveOrder(number, Move.CANCEL, now, "op", "不要了"), uow)
        record = ContactRecord(SESSION, PHONE, "buttons", {"who": "王桂兰"}, now, 1)
        uow.contacts.save(record, [Line(now, "caller", "我是王桂兰")])
        letter = {"kind": "cancelled", "to": "13809510005", "order": number, "who": "王桂兰"}
        uow.mail.post("news", "13809510005", letter, key="1", at=now, due=now + timedelta(hours=9))
        uow.calls.want(
            "13809510005",
            "王桂兰的饭取消了",
            key="1",
            reason="news",
            urgent=False,
            at=now,
            order_number=number,
        )
        call = uow.call_records.begin(session_of(CALL), PHONE, now)
        uow.call_records.end(call, ended=now, length_s=1, reason="caller", flags=(), orders=(number,))
        uow.commit()
    pictures = Pictures(home / "media", store.cipher)
    pictures.keep(SESSION, "1", JPEG)
    pictures.keep(of_work(number), "2", JPEG)
    pictures.keep("wechat:wx1:somebody", "3", JPEG)
    recorder = start_recording(recordings_folder(), CALL, 8000, now, bytes)
    recorder.add(np.zeros(160, np.int16), np.zeros(160, np.int16))
    recorder.close()
    return elder, number


def readable(store: Store) -> str:
    """All that can still be read in the database, opened with the key."""
    with store.engine.connect() as connection:
        return repr([connection.execute(select(one)).all() for one in store.tables.metadata.sorted_tables])


def test_nothing_of_a_forgotten_person_can_be_read_seen_or_heard(store: Store, home: Path) -> None:
    elder, number = filled(store, home)
    pictures = Pictures(home / "media", store.cipher)
    keeper = Keeper(store, home / "media")
    keeper.verify_phone("telegram:7", PHONE)
    assert "王桂兰" in readable(store)
    assert len(list(recordings_folder().rglob(f"{CALL}.*"))) == 2
    done = CliRunner().invoke(app, ["forget", str(elder), "--yes", "--db", f"sqlite:///{home}/line.sqlite"])
    assert (done.exit_code, "1 orders, 2 pictures and 1 recorded calls" in done.output) == (0, True), (
        done.output
    )
    left = readable(store)
    assert [word for word in ("王桂兰", PHONE, "长城花园") if word in left] == []
    assert keeper.phone_of("telegram:7") is None
    assert list(recordings_folder().rglob(f"{CALL}.*")) == []
    assert [pictures.names(one) for one in (SESSION, of_work(number))] == [[], []]
    assert len(pictures.names("wechat:wx1:somebody")) == 1
    assert len(list((home / "media").rglob("*/*"))) == 1


def test_a_person_who_waits_for_somebody_keeps_everything(store: Store, home: Path) -> None:
    elder, number = filled(store, home)
    with store.unit_of_work() as uow:
        again = PlaceOrder("2", "meal", "self", PHONE, SESSION, local_now(), Wanted(None), "王桂兰", elder)
        place_order(again, uow)
        uow.commit()
    done = CliRunner().invoke(app, ["forget", str(elder), "--yes", "--db", f"sqlite:///{home}/line.sqlite"])
    assert (done.exit_code, "finish or cancel" in done.output) == (1, True)
    assert len(Pictures(home / "media", store.cipher).names(of_work(number))) == 1
    assert len(list(recordings_folder().rglob(f"{CALL}.*"))) == 2
