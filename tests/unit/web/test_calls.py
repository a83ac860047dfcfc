"""Recorded calls in the staff console: who sees and hears them, what is noted, and what is missing or broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend.domain.order import Order
from backend.domain.people import Elder
from backend.domain.queue import Task, TaskKind
from backend.services.access_ports import Access
from backend.services.call_ports import CallRecord, CallStory, Happened, RecordingUnreadableError, Spoken
from backend.services.care_ports import CareRecord
from backend.services.ports import ContactRecord, Line
from backend.store.open import Store
from backend.web.app import create_app
from backend.web.calls import A_PAGE, calls_router
from backend.web.words import load_words
from config.settings import load_settings
from tests.unit.web.conftest import NOW, Clock, Staff, text_of
from voice.line.waiting import Unserved
from voice.turns.actions import Reason

STORY = CallStory(
    spoken=(
        Spoken(0, False, "您好，这里是暖线。"),
        Spoken(4, True, "我要<b>订</b>饭", 0.92),
        Spoken(9, True, "长城花园", 0.41),
        Spoken(75, True, "对", None, by_key=True),
    ),
    happened=(Happened(5, "barge_in"), Happened(70, "key", "1"), Happened(80, "order", "26112401")),
)  # fmt: skip


@dataclass
class Tapes:
    """Recordings in memory: what is asked for by its session."""

    stories: dict[str, CallStory] = field(default_factory=dict)
    broken: bool = False

    def story(self, call: CallRecord) -> CallStory | None:
        if self.broken:
            raise RecordingUnreadableError("c1.sound is damaged at byte 7")
        return self.stories.get(call.session)

    def wav(self, call: CallRecord) -> bytes | None:
        return b"RIFF" if self.story(call) else None


@pytest.fixture
def tapes() -> Tapes:
    return Tapes()


@pytest.fixture
def sign_in(store: Store, tapes: Tapes, tmp_path: Path, clock: Clock) -> Callable[[str], Staff]:
    app = create_app(store, load_settings(keys=tmp_path / "keys"), store.live, clock)
    app.include_router(calls_router(app.state.desk, tapes))

    def make(login: str) -> Staff:
        staff = Staff(TestClient(app, raise_server_exceptions=False))
        staff.sign_in(login)
        return staff

    return make


@pytest.fixture
def duty(sign_in: Callable[[str], Staff]) -> Staff:
    return sign_in("duty")


def note(
    store: Store, session: str = "call-c1", at: datetime = NOW, caller: str = "13909510012", **ended: object
) -> int:
    values: dict[str, object] = {"length_s": 95, "reason": "done", "flags": (), "orders": ()} | ended
    with store.unit_of_work() as uow:
        record_id = uow.call_records.begin(session, caller, at)
        if values["reason"]:
            uow.call_records.end(record_id, ended=at, **values)  # type: ignore[arg-type]
        uow.commit()
    return record_id


def listenings(store: Store) -> list[Access]:
    with store.reading() as uow:
        return list(uow.access_log.page(kind="call"))


def test_the_list_shows_when_who_how_long_why_and_what_came_of_it(duty: Staff, store: Store) -> None:
    note(store, flags=("emergency", "handoff"), orders=("26112401",))
    page = duty.get("/staff/calls")
    shown = text_of(page)
    assert "139****0012" in shown and "13909510012" not in page.text
    assert "今天 10:00" in shown and "1 分 35 秒 · 办完后道别" in shown
    assert "紧急求助" in shown and "找人工" in shown and "/staff/orders/26112401" in page.text
    assert 'href="/staff/calls"' in duty.get("/staff").text


def test_a_call_without_an_end_goes_on_or_was_cut_off(duty: Staff, store: Store) -> None:
    note(store, reason=None, caller="anonymous")
    assert "号码没显示" in (shown := text_of(duty.get("/staff/calls"))) and "正在通话" in shown
    old = note(store, reason=None, at=NOW - timedelta(hours=4))
    assert "中断了" in text_of(duty.get(f"/staff/calls/{old}"))


def test_what_is_said_in_a_call_is_shown_while_it_goes_on(duty: Staff, store: Store) -> None:
    running = note(store, reason=None)
    contact = ContactRecord("call-c1", "13909510012", "spoken", {}, NOW, 1)
    with store.unit_of_work() as uow:
        uow.contacts.save(contact, [Line(NOW, "caller", "我要<b>订</b>饭"), Line(NOW, "line", "哪天合适？")])
        uow.call_records.mark(running, ("handoff",))
        uow.commit()
    assert f'hx-get="/staff/calls/{running}/live"' in duty.get(f"/staff/calls/{running}").text
    live = duty.get(f"/staff/calls/{running}/live")
    assert "我要&lt;b&gt;订" in live.text and "哪天合适？" in live.text and "hx-refresh" not in live.headers
    assert "找人工" in text_of(duty.get("/staff/calls"))
    with store.unit_of_work() as uow:
        uow.call_records.end(running, ended=NOW, length_s=9, reason="transferred", flags=(), orders=())
        uow.commit()
    assert duty.get(f"/staff/calls/{running}/live").headers["hx-refresh"] == "true"
    assert "/live" not in duty.get(f"/staff/calls/{running}").text


def test_calls_that_we_made_say_why_and_what_was_answered(duty: Staff, store: Store) -> None:
    with store.unit_of_work() as uow:
        elder = uow.people.save(Elder(None, "k", "马秀英", phones=("13909510012",)))
        uow.call_records.begin("call-c1", "13909510012", NOW, purpose="care_call")
        assert elder.id is not None
        answers: dict[str, dict[str, Any]] = {
            "illness": {"text": "腿有点<b>疼</b>"},
            "meals": {"text": "对", "yes": True},
        }
        uow.care.add(CareRecord(elder.id, NOW, "phone", answers), "call-c1")
        uow.commit()
    assert "打出 · 关怀电话" in text_of(duty.get("/staff/calls"))
    page = duty.get("/staff/calls/1")
    assert "这几天身体怎么样？" in page.text and "腿有点&lt;b&gt;疼" in page.text


def test_long_lists_have_pages(duty: Staff, store: Store) -> None:
    for number in range(A_PAGE + 1):
        note(store, f"call-{number}")
    first = duty.get("/staff/calls")
    assert first.text.count("call-row") == A_PAGE and "更早的电话" in first.text
    second = duty.get("/staff/calls?before=2")
    assert second.text.count("call-row") == 1 and "更早的电话" not in second.text
    assert duty.get("/staff/calls?before=<x>").status_code == 200


def test_one_call_shows_its_words_with_times_and_doubts(duty: Staff, store: Store, tapes: Tapes) -> None:
    tapes.stories["call-c1"] = STORY
    page = duty.get(f"/staff/calls/{note(store)}")
    shown = text_of(page)
    assert "来电人 0:04 把握 92%" in shown and "来电人 1:15 按键" in shown
    assert "长城花园 （可能听错）" in shown and shown.count("可能听错") == 1
    assert "&lt;b&gt;订" in page.text and "<b>订" not in page.text
    assert "来电人插话" in shown and "按键 1" in shown and "下单或改单 26112401" in shown
    assert "13909510012" not in page.text
    assert listenings(store) == [], "looking is no listening"


def test_each_listening_is_noted(duty: Staff, store: Store, tapes: Tapes) -> None:
    tapes.stories["call-c1"] = STORY
    record_id = note(store)
    answer = duty.get(f"/staff/calls/{record_id}/sound.wav")
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "audio/wav", b"RIFF")
    assert answer.headers["cache-control"] == "no-store"
    assert "media-src 'self'" in answer.headers["content-security-policy"]
    (access,) = listenings(store)
    assert (access.actor, access.action, access.key) == ("duty", "calls.listen", str(record_id))


def test_a_call_without_a_recording_says_so(duty: Staff, store: Store) -> None:
    record_id = note(store)
    assert "没有录音" in text_of(duty.get(f"/staff/calls/{record_id}"))
    assert duty.get(f"/staff/calls/{record_id}/sound.wav").status_code == 404
    assert listenings(store) == []


def test_a_damaged_recording_is_told_and_logged(
    duty: Staff, store: Store, tapes: Tapes, caplog: pytest.LogCaptureFixture
) -> None:
    record_id, tapes.broken = note(store), True
    page = duty.get(f"/staff/calls/{record_id}")
    assert page.status_code == 200 and "录音文件坏了" in page.text and "damaged" in caplog.text
    assert duty.get(f"/staff/calls/{record_id}/sound.wav").status_code == 404


@pytest.mark.parametrize(
    "path", ["/staff/calls/99", "/staff/calls/99/live", "/staff/calls/99/sound.wav", "/staff/calls/x"]
)
def test_what_is_not_there_is_not_found(duty: Staff, path: str) -> None:
    assert duty.get(path).status_code == 404


@pytest.mark.parametrize(("login", "may"), [("operator", False), ("home", False), ("watch", True)])
def test_who_may_listen(
    sign_in: Callable[[str], Staff], store: Store, tapes: Tapes, login: str, may: bool
) -> None:
    tapes.stories["call-c1"] = STORY
    record_id, staff = note(store), sign_in(login)
    of_one = [f"/staff/calls/{record_id}{part}" for part in ("", "/live", "/sound.wav")]
    for path in ("/staff/calls", *of_one):
        assert staff.get(path).status_code == (200 if may else 403)
    assert ('href="/staff/calls"' in staff.get("/staff").text) is may


def test_nobody_hears_anything(sign_in: Callable[[str], Staff], store: Store) -> None:
    assert sign_in("no one").get(f"/staff/calls/{note(store)}/sound.wav").status_code == 303


def test_an_order_and_a_task_lead_to_their_call(
    sign_in: Callable[[str], Staff], store: Store, place: Callable[..., Order], raise_task: Callable[..., Task]
) -> None:  # fmt: skip
    order = place(session="call-c1")
    task = raise_task(TaskKind.HANDOFF, "转人工", session="call-c2")
    links = [f"/staff/calls/{note(store, session)}" for session in ("call-c1", "call-c2")]
    pages = [f"/staff/orders/{order.number}", f"/staff/tasks/{task.id}"]
    duty, operator = sign_in("duty"), sign_in("operator")
    for page, link in zip(pages, links, strict=True):
        assert link in duty.get(page).text
        assert link not in operator.get(page).text
    assert "/staff/calls/" not in duty.get(f"/staff/orders/{place().number}").text


def test_every_reason_of_an_end_has_words() -> None:
    assert set(load_words().group("calls.reasons")) == {reason.value for reason in (*Reason, *Unserved)}
