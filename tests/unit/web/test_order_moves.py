"""Every move of an order from the console: a form for it, what it needs, and kind words when it can not be."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from backend.domain.order import MOVES, Move, Order, State, Wanted
from backend.domain.providers import Provider, Worker
from backend.domain.staff import Role, StaffUser
from backend.services.commands import MoveOrder
from backend.services.move_order import move_order
from backend.store.open import Store
from backend.store.pictures import Pictures, of_work
from backend.web import forms, moves
from backend.web.app import create_app
from config.settings import load_settings
from tests.unit.web.conftest import NOW, Clock, Staff, hashed, text_of, token

Place = Callable[..., Order]
JPEG = b"\xff\xd8\xff\xe0 a clean window"

# How an order comes to stand in each state.
TO: dict[State, list[tuple[Move, dict[str, object]]]] = {State.PLACED: [(Move.RETURN, {})], State.ROUTED: []}
TO[State.OFFERED] = [(Move.OFFER, {"worker": "w1"})]
TO[State.ACCEPTED] = [*TO[State.OFFERED], (Move.ACCEPT, {})]
TO[State.ON_THE_WAY] = [*TO[State.ACCEPTED], (Move.SET_OUT, {})]
TO[State.STARTED] = [*TO[State.ACCEPTED], (Move.START, {"place": "门口"})]
TO[State.PAUSED] = [*TO[State.ACCEPTED], (Move.PAUSE, {"waiting_for": ["户口本"]})]
TO[State.DONE] = [*TO[State.ACCEPTED], (Move.FINISH, {})]
TO[State.CONFIRMED] = [*TO[State.DONE], (Move.CONFIRM, {})]
TO[State.FOLLOWED_UP] = [*TO[State.DONE], (Move.FOLLOW_UP, {})]
TO[State.CLOSED] = [*TO[State.DONE], (Move.CLOSE, {})]
TO[State.CANCELLED] = [(Move.CANCEL, {})]

# What each form is filled in with, and what then stands in the history row.
FILLED: dict[Move, dict[str, str]] = {
    Move.ROUTE: {"department": "town"}, Move.OFFER: {"worker": "w2"}, Move.REFUSE: {"reason": "那天排满了"}, Move.LAPSE: {},
    Move.ACCEPT: {"assignee": "陈护士"}, Move.SET_OUT: {"minutes": "20"}, Move.START: {"place": "长城花园3号楼"},
    Move.PAUSE: {"waiting_for": "户口本、银行卡复印件"}, Move.RESUME: {}, Move.CONFIRM: {"satisfaction": "5", "spoken_yes": "1"},
    Move.FINISH: {"spoken_yes": "1", "readings": "血压 130/85\n血糖: 6.1", "signature": "马秀兰", "reason": "都好"},
    Move.FOLLOW_UP: {"satisfaction": "4", "reason": "很满意"}, Move.CLOSE: {}, Move.RETURN: {"reason": "不归我们办"},
    Move.REOPEN: {"reason": "只擦了一半"}, Move.RESCHEDULE: {"day": "2026-11-27", "begins": "09:00", "ends": "11:00"},
    Move.ESCALATE: {"reason": "派不出人"}, Move.CANCEL: {"reason": "不要了"},
}  # fmt: skip
COMES_WITH: dict[Move, dict[str, object]] = {
    Move.ROUTE: {"department": "town"}, Move.ACCEPT: {"assignee": "陈护士"}, Move.SET_OUT: {"minutes": 20},
    Move.START: {"place": "长城花园3号楼"}, Move.PAUSE: {"waiting_for": ["户口本", "银行卡复印件"]},
    Move.CONFIRM: {"satisfaction": 5, "spoken_yes": True}, Move.FOLLOW_UP: {"satisfaction": 4},
    Move.FINISH: {"spoken_yes": True, "readings": {"血压": "130/85", "血糖": "6.1"}, "signature": "马秀兰"},
    Move.RESCHEDULE: {"iso": "2026-11-27T09:00/2026-11-27T11:00"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def people(store: Store) -> None:
    with store.unit_of_work() as uow:
        uow.staff.save(StaffUser("hand", "丁师傅", Role.WORKER, hashed(), worker="w1"))
        uow.staff.save(StaffUser("firm", "暖心家政", Role.PROVIDER, hashed(), provider="p1"))
        uow.providers.save(
            [Provider("p1", "暖心家政", "home_service", "640106", ("cleaning",), "09518000000")],
            [
                Worker("w1", "丁师傅", "p1", "640106", ("cleaning",), "13709510001"),
                Worker("w2", "白师傅", "p1", "640106", ("cleaning",), "13709510002", rating=5.0),
                Worker("w3", "哈师傅", "p1", "640106", ("meal",), "13709510003"),
            ],
        )
        uow.commit()


def brought_to(state: State, store: Store, order: Order) -> Order:
    with store.unit_of_work() as uow:
        for move, payload in TO[state]:
            order = move_order(MoveOrder(order.number, move, NOW, "duty", "因为", payload=payload), uow)
        uow.commit()
    assert order.state is state
    return order


def forms_on(page: str) -> set[str]:
    return set(re.findall(r'action="/staff/orders/\d+/(\w+)"', page))


def now(store: Store, number: str) -> Order:
    with store.reading() as uow:
        return uow.orders.get(number)


def send(staff: Staff, order: Order, move: Move, **fields: str) -> str:
    answer = staff.send(
        f"/staff/orders/{order.number}/{move}", live=True, version=str(order.version), **fields
    )
    return text_of(answer)


@pytest.mark.parametrize("state", list(State))
def test_the_page_has_a_form_for_each_move_that_is_allowed_and_for_no_other(
    operator: Staff, store: Store, place: Place, state: State
) -> None:
    order = brought_to(state, store, place())
    assert forms_on(operator.get(f"/staff/orders/{order.number}").text) == {
        move.value for move in MOVES[state]
    }


@pytest.mark.parametrize(
    ("login", "state", "may"),
    [
        ("hand", State.OFFERED, {"accept", "refuse", "escalate"}),
        ("hand", State.ACCEPTED, {"refuse", "set_out", "start", "finish", "escalate"}),
        ("firm", State.OFFERED, {"accept", "refuse", "escalate"}),
        ("watch", State.DONE, {"confirm", "follow_up", "close", "reopen", "escalate"}),
        ("home", State.DONE, {"escalate"}),
    ],
)
def test_a_role_finds_the_forms_of_its_own_moves(
    console: Callable[[], Staff], store: Store, place: Place, login: str, state: State, may: set[str]
) -> None:
    order, staff = brought_to(state, store, place()), console()
    staff.sign_in(login)
    assert forms_on(staff.get(f"/staff/orders/{order.number}").text) == may


@pytest.mark.parametrize(
    ("state", "move"), [(state, move) for state, moves in MOVES.items() for move in moves]
)
def test_each_form_makes_its_move(
    operator: Staff, store: Store, place: Place, state: State, move: Move
) -> None:
    order = brought_to(state, store, place())
    fields = dict(FILLED[move])
    answer = operator.send(f"/staff/orders/{order.number}/{move}", version=str(order.version), **fields)
    assert answer.status_code == 303, text_of(answer)
    moved = now(store, order.number)
    row = moved.history[-1]
    assert (moved.state, row.move, row.actor, row.reason) == (
        MOVES[state][move], move, "operator", fields.get("reason", ""),
    )  # fmt: skip
    assert COMES_WITH.get(move, {}).items() <= row.payload.items()
    assert "好了" in text_of(operator.get(answer.headers["location"]))


@pytest.mark.parametrize(
    ("state", "move", "fields", "words"),
    [
        (State.ACCEPTED, Move.RETURN, {"reason": " "}, "请写一句原因"),
        (State.DONE, Move.REOPEN, {}, "请写一句原因"),
        (State.ACCEPTED, Move.PAUSE, {"waiting_for": " 、 "}, "请写缺什么材料"),
        (State.ACCEPTED, Move.RESCHEDULE, {}, "请选哪一天"),
        (State.ACCEPTED, Move.RESCHEDULE, {"day": "2026-11-27", "ends": "11:00"}, "请填几点起"),
        (State.ACCEPTED, Move.RESCHEDULE, {"day": "2026-11-27", "begins": "11:00", "ends": "09:00"}, "时间不对"),
        (State.ACCEPTED, Move.RESCHEDULE, {"day": "明天"}, "时间不对"),
        (State.ACCEPTED, Move.RESCHEDULE, {"day": "9999-12-31"}, "时间不对"),
        (State.ACCEPTED, Move.START, {"place": ""}, "请写到了哪里"),
        (State.ACCEPTED, Move.SET_OUT, {"minutes": "100000"}, "请写分钟数"),
        (State.DONE, Move.FOLLOW_UP, {"satisfaction": "9"}, "一到五分"),
        (State.STARTED, Move.FINISH, {"reason": "办好了"}, "要留个凭证"),
        (State.STARTED, Move.FINISH, {"spoken_yes": "1", "readings": "血压"}, "比如“血压 130/85”"),
        (State.ROUTED, Move.OFFER, {"worker": "w3"}, "这位师傅去不了：不做这一项"),
        (State.ROUTED, Move.OFFER, {"worker": "nobody"}, "没有找到这位师傅"),
        (State.DONE, Move.PAUSE, {"waiting_for": "户口本"}, "现在是“已办结”，不能再暂停等材料"),
    ],
)  # fmt: skip
def test_what_is_missing_or_wrong_is_said_kindly_and_nothing_changes(
    operator: Staff, store: Store, place: Place, state: State, move: Move, fields: dict[str, str], words: str
) -> None:
    order = brought_to(state, store, place())
    assert words in send(operator, order, move, **fields)
    assert now(store, order.number) == order


@pytest.mark.parametrize("move", [move for move in Move if move is not Move.CANCEL])
def test_a_form_of_an_old_page_changes_nothing_and_says_what_happened(
    operator: Staff, store: Store, place: Place, move: Move
) -> None:
    order = brought_to(State.ACCEPTED, store, place())
    with store.unit_of_work() as uow:
        moved = move_order(MoveOrder(order.number, Move.CANCEL, NOW, "duty", "不要了"), uow)
        uow.commit()
    assert "王建军 今天 10:00 取消了这一单" in send(operator, order, move, **FILLED[move])
    assert now(store, order.number) == moved


def test_the_best_worker_is_chosen_beforehand_and_each_says_why(operator: Staff, place: Place) -> None:
    page = operator.get(f"/staff/orders/{place(region='640106').number}")
    found = re.findall(r'name="worker" value="(\w+)" id="offer-\w+"( checked)?', page.text)
    assert found == [("w2", " checked"), ("w1", "")]
    assert "白师傅 暖心家政 · 路上约" in text_of(page)
    assert re.findall(r'value="(\w+)" id="override-\w+"', page.text) == ["w3"]
    assert "哈师傅 暖心家政 · 不做这一项" in text_of(page)


def test_whoever_is_asked_and_whoever_does_it_stand_by_name(
    operator: Staff, store: Store, place: Place
) -> None:
    order = brought_to(State.OFFERED, store, place())
    assert "正在问 丁师傅" in text_of(operator.get(f"/staff/orders/{order.number}"))
    order = brought_to(State.ACCEPTED, store, place())
    assert "丁师傅 办理" in text_of(operator.get(f"/staff/orders/{order.number}"))


def test_a_worker_takes_on_for_nobody_else_and_goes_on_seeing_it(
    console: Callable[[], Staff], store: Store, place: Place
) -> None:
    order, staff = brought_to(State.OFFERED, store, place()), console()
    staff.sign_in("hand")
    assert "已接单" in send(staff, order, Move.ACCEPT, assignee="somebody")
    assert now(store, order.number).assignee == "w1"


def test_a_provider_gives_it_to_one_of_its_own(
    console: Callable[[], Staff], store: Store, place: Place
) -> None:
    order, staff = brought_to(State.OFFERED, store, place()), console()
    staff.sign_in("firm")
    assert "请从您机构的师傅里选一位" in send(staff, order, Move.ACCEPT, assignee="w9")
    assert "已接单" in send(staff, order, Move.ACCEPT, assignee="w2")
    assert now(store, order.number).assignee == "w2"


def test_what_comes_again_and_again_goes_on_doing_so_on_the_new_day(
    operator: Staff, store: Store, place: Place
) -> None:
    order = place(wanted=Wanted(iso="2026-11-25", recurrence="FREQ=WEEKLY;BYDAY=WE"))
    send(operator, order, Move.RESCHEDULE, day="2026-11-27")
    assert now(store, order.number).wanted == Wanted(iso="2026-11-27", recurrence="FREQ=WEEKLY;BYDAY=WE")


def test_the_history_tells_the_evidence(operator: Staff, store: Store, place: Place) -> None:
    order = brought_to(State.STARTED, store, place())
    shown = send(operator, order, Move.FINISH, **FILLED[Move.FINISH])
    for said in ("马秀兰签字", "老人亲口说好", "血压 130/85", "血糖 6.1"):
        assert said in shown


# Photographs.


@pytest.fixture
def shelf(store: Store, tmp_path: Path) -> Pictures:
    return Pictures(tmp_path / "media", store.cipher)


@pytest.fixture
def with_camera(store: Store, tmp_path: Path, clock: Clock, shelf: Pictures) -> Staff:
    app = create_app(store, load_settings(keys=tmp_path / "keys"), store.live, clock, pictures=shelf)
    staff = Staff(TestClient(app, raise_server_exceptions=False))
    staff.sign_in("operator")
    return staff


def upload(staff: Staff, order: Order, *pictures: bytes, **fields: str) -> tuple[int, str]:
    form = {"csrf": token(staff.get("/staff")), "version": str(order.version)} | fields
    files = [("photos", (f"{count}.jpg", data, "image/jpeg")) for count, data in enumerate(pictures)]
    path = f"/staff/orders/{order.number}/finish"
    answer = staff.client.post(path, data=form, files=files, headers={"HX-Request": "true"})
    return answer.status_code, text_of(answer)


def test_photographs_are_evidence_and_kept_with_the_work(
    with_camera: Staff, store: Store, place: Place, shelf: Pictures
) -> None:
    order = brought_to(State.STARTED, store, place())
    sent_before = shelf.keep(of_work(order.number), "message", JPEG + b" before")
    status, shown = upload(with_camera, order, JPEG, b"")
    assert status == 200
    assert "照片 2 张" in shown
    done, kept = now(store, order.number), shelf.names(of_work(order.number))
    assert done.state is State.DONE
    assert sorted(done.history[-1].payload["photos"]) == sorted(kept)
    assert {shelf.read(of_work(order.number), name) for name in kept if name != sent_before} == {JPEG}


@pytest.mark.parametrize(("data", "words"), [(b"%PDF-1.7", "不是照片"), (JPEG + b"x" * 200, "太大了")])
def test_what_is_no_photograph_or_too_large_is_refused_kindly(
    with_camera: Staff, store: Store, place: Place, shelf: Pictures, monkeypatch: pytest.MonkeyPatch, data: bytes, words: str
) -> None:  # fmt: skip
    monkeypatch.setattr(moves, "MOST_PICTURE_BYTES", 100)
    order = brought_to(State.STARTED, store, place())
    status, shown = upload(with_camera, order, data)
    assert (status, words in shown) == (409, True)
    assert now(store, order.number) == order
    assert not shelf.names(of_work(order.number))


def test_an_upload_without_end_is_cut_off(
    with_camera: Staff, store: Store, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "MOST_UPLOAD_BYTES", 1000)
    order = brought_to(State.STARTED, store, place())
    assert upload(with_camera, order, JPEG + b"x" * 2000)[0] == 413
    assert now(store, order.number) == order


def test_nothing_is_uploaded_by_nobody(with_camera: Staff, store: Store, place: Place) -> None:
    order = brought_to(State.STARTED, store, place())
    with_camera.client.cookies.clear()
    path = f"/staff/orders/{order.number}/finish"
    answer = with_camera.client.post(path, files={"photos": ("a.jpg", JPEG)}, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/staff/login")


def test_somebody_who_is_ruled_out_is_asked_only_with_a_reason_and_the_trail_says_so(
    operator: Staff, store: Store, place: Place
) -> None:
    order = place(region="640106")
    chosen = {"worker": "w3", "override": "1"}
    assert "一定要派，请写清楚为什么" in send(operator, order, Move.OFFER, **chosen)
    assert "请先从名单里选一位师傅" in send(operator, order, Move.OFFER, override="1", reason="因为")
    assert now(store, order.number) == order
    page = send(operator, order, Move.OFFER, reason="老人只认哈师傅", **chosen)
    row = now(store, order.number).history[-1]
    assert (row.move, row.payload["worker"], row.payload["overridden"]) == (Move.OFFER, "w3", True)
    for told in ("派给哈师傅", "当时不合适：不做这一项", "没有按推荐的派，由人选定", "老人只认哈师傅"):
        assert told in page


def test_nor_is_somebody_who_is_ruled_out_put_down_as_taking_it_on(
    operator: Staff, store: Store, place: Place
) -> None:
    order = place(region="640106")
    assert "这位师傅去不了：不做这一项" in send(operator, order, Move.ACCEPT, assignee="w3")
    assert now(store, order.number) == order
    send(operator, order, Move.ACCEPT, assignee="w2")
    assert now(store, order.number).assignee == "w2"


def test_why_this_worker_stands_in_the_history_as_it_was_when_they_were_asked(
    operator: Staff, store: Store, place: Place
) -> None:
    order = place(region="640106")
    page = send(operator, order, Move.OFFER, worker="w2")
    assert "派给白师傅：路上约" in page
    assert "由人选定" not in page
    with store.unit_of_work() as uow:
        worker = uow.providers.worker("w2")
        assert worker is not None
        uow.providers.save([], [replace(worker, rating=1.0)])
        uow.commit()
    assert "评价好" in text_of(operator.get(f"/staff/orders/{order.number}"))


def test_another_one_than_the_best_is_marked_as_chosen_by_a_person(operator: Staff, place: Place) -> None:
    page = send(operator, place(region="640106"), Move.OFFER, worker="w1")
    assert "派给丁师傅" in page
    assert "没有按推荐的派，由人选定" in page


def test_of_many_workers_the_best_stand_open_and_everybody_can_be_chosen(
    operator: Staff, store: Store, place: Place
) -> None:
    with store.unit_of_work() as uow:
        uow.providers.save(
            [],
            [Worker(f"x{one}", f"第{one}位", "p1", "640106", ("cleaning",), rating=3.0) for one in range(20)],
        )
        gone = Worker("gone", "走了的", "p1", "640106", ("cleaning",), active=False)
        uow.providers.save([], [gone])
        uow.commit()
    page = operator.get(f"/staff/orders/{place(region='640106').number}").text
    assert len(re.findall(r'name="worker" value="\w+" id="offer-', page)) == 22
    assert "还有 17 位能去的师傅" in page
    assert "走了的" not in page, "whoever works no longer can not be asked with any reason"


def test_a_move_made_at_the_desk_says_where_it_came_from(operator: Staff, store: Store, place: Place) -> None:
    order = place()
    send(operator, order, Move.ACCEPT)
    assert now(store, order.number).history[-1].origin.startswith("web ")
