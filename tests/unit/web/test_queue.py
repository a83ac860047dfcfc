from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from backend.domain.order import Order
from backend.domain.providers import Provider, Worker
from backend.domain.queue import Task, TaskKind
from backend.domain.staff import Role, StaffUser
from backend.services.accept_order import accept_order
from backend.services.commands import AcceptOrder
from backend.store.open import Store
from backend.web import queue
from tests.unit.web.conftest import NOW, Clock, Staff, hashed, text_of

Place = Callable[..., Order]
RaiseTask = Callable[..., Task]


def test_emergencies_stand_above_everything_else(
    operator: Staff, place: Place, raise_task: RaiseTask
) -> None:
    place()
    raise_task(TaskKind.HANDOFF, "给我叫个人", NOW - timedelta(minutes=9))
    raise_task(TaskKind.EMERGENCY, "我摔倒了起不来", NOW - timedelta(minutes=1))
    page = text_of(operator.get("/staff"))
    assert page.index("我摔倒了起不来") < page.index("给我叫个人") < page.index("助洁保洁")


def test_an_emergency_says_in_words_what_who_where_and_whom_to_call(
    operator: Staff, raise_task: RaiseTask
) -> None:
    raise_task(
        TaskKind.EMERGENCY, "屋里一股煤气味", why="gas: 煤气味", place="裕民小区7号楼", told=("马丽 女儿 13909510013",)
    )  # fmt: skip
    page = operator.get("/staff")
    assert "紧急求助 1 件" in text_of(page)
    assert "燃气泄漏（煤气味）" in text_of(page)
    for said in ("马秀兰", "裕民小区7号楼", "马丽 女儿"):
        assert said in text_of(page)
    assert 'href="tel:13909510012"' in page.text
    assert 'href="tel:13909510013"' in page.text


def test_an_emergency_without_number_and_place_says_so(operator: Staff, raise_task: RaiseTask) -> None:
    raise_task(TaskKind.EMERGENCY, "救命", sender="web:abcdefgh", phone=None, who=None)
    page = text_of(operator.get("/staff"))
    assert "还没问到地址" in page
    assert "没有号码（网页访客）" in page


def test_lists_show_masked_numbers_only(operator: Staff, place: Place, raise_task: RaiseTask) -> None:
    place(phone="13812345678", caller="13812345678")
    raise_task(TaskKind.HANDOFF, "叫个人", phone="13987654321", sender="13987654321", who=None)
    page = operator.get("/staff").text
    assert "138****5678" in page
    assert "139****4321" in page
    assert "13812345678" not in page
    assert "13987654321" not in page


def test_a_department_sees_its_own_orders_and_no_emergencies(
    console: Callable[[], Staff], place: Place, raise_task: RaiseTask
) -> None:
    place("cleaning", "马秀兰")
    place("medical_insurance", "杨生福")
    raise_task(TaskKind.EMERGENCY, "我摔倒了")
    staff = console()
    staff.sign_in("home")
    for path in ("/staff", "/staff/part/orders", "/staff/part/orders?department=medical_insurance"):
        page = text_of(staff.get(path))
        assert "马***" in page
        assert "杨***" not in page
        assert "我摔倒了" not in page
    assert "我摔倒了" not in staff.get("/staff/part/tasks").text


def test_a_county_sees_its_own_orders_and_those_of_which_nobody_knows_where(
    console: Callable[[], Staff], place: Place
) -> None:
    place(name="马秀兰", region="640106")
    place(name="杨生福", region="640402")
    place(name="王桂兰", place="长城花园")
    for login, others in (("jinfeng", "杨***"), ("yuanzhou", "马***"), ("operator", None)):
        staff = console()
        staff.sign_in(login)
        for path in ("/staff", "/staff/part/orders", "/staff?state=all"):
            page = text_of(staff.get(path))
            assert [name for name in ("马***", "杨***", "王***") if name not in page] == (
                [others] if others else []
            )
        assert ("杨***" in staff.get("/staff/part/orders?q=杨生").text) is (login != "jinfeng")


def test_a_worker_sees_what_they_are_asked_to_do_and_nothing_else(
    console: Callable[[], Staff], store: Store, place: Place
) -> None:
    number = place(name="马秀兰").number
    place(name="杨生福")
    with store.unit_of_work() as uow:
        uow.staff.save(StaffUser("hand", "马师傅", Role.WORKER, hashed(), worker="w1"))
        uow.staff.save(StaffUser("stray", "丁师傅", Role.WORKER, hashed()))  # bound to nobody yet
        accept_order(AcceptOrder(number, NOW, "operator", "w1"), uow)
        uow.commit()
    seen = {}
    for login in ("hand", "stray"):
        staff = console()
        staff.sign_in(login)
        page = text_of(staff.get("/staff"))
        seen[login] = [name for name in ("马***", "杨***") if name in page]
    assert seen == {"hand": ["马***"], "stray": []}


def test_states_can_be_filtered(operator: Staff, store: Store, place: Place) -> None:
    order = place(name="马秀兰")
    place(name="杨生福")
    with store.unit_of_work() as uow:
        accept_order(AcceptOrder(order.number, NOW, "operator"), uow)
        uow.commit()
    page = text_of(operator.get("/staff?state=accepted"))
    assert "马***" in page
    assert "杨***" not in page
    assert "马***" not in text_of(operator.get("/staff?state=routed"))
    assert "马***" in text_of(operator.get("/staff?state=all"))


def test_the_operator_can_look_at_one_department(operator: Staff, place: Place) -> None:
    place("cleaning", "马秀兰")
    place("medical_insurance", "杨生福")
    page = text_of(operator.get("/staff?department=medical_insurance"))
    assert "杨***" in page
    assert "马***" not in page


@pytest.mark.parametrize("text", ["杨生", "13987654321", "139 8765 4321"])
def test_an_order_is_found_by_name_or_phone(operator: Staff, place: Place, text: str) -> None:
    place(name="马秀兰")
    place(name="杨生福", phone="13987654321")
    page = text_of(operator.client.get("/staff", params={"q": text}))
    assert "杨***" in page
    assert "马***" not in page


def test_an_order_is_found_by_its_number(operator: Staff, place: Place) -> None:
    order = place(name="杨生福")
    assert "杨***" in text_of(operator.get(f"/staff?q={order.number}"))


def test_a_search_that_finds_nothing_says_what_to_try(operator: Staff) -> None:
    assert "没有找到“无此人”" in text_of(operator.client.get("/staff", params={"q": "无此人"}))


def test_a_filter_that_makes_no_sense_is_left_out(operator: Staff, place: Place) -> None:
    place()
    page = operator.get("/staff?state=nonsense&department=nowhere&before=%22%3E%3Cb")
    assert page.status_code == 200
    assert "马***" in text_of(page)


def test_pages_follow_each_other_without_gap_or_repetition(
    operator: Staff, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAGE_SIZE", 3)
    numbers = [place(at=NOW + timedelta(seconds=count)).number for count in range(8)]
    seen: list[str] = []
    path = "/staff"
    while path:
        page = operator.get(path).text
        seen += [number for number in numbers if f'id="order-{number}"' in page]
        _, _, rest = page.partition('<a href="/staff?before=')
        path = f"/staff?before={rest[:8]}" if 'rel="next"' in page else ""
    assert sorted(seen) == sorted(numbers)


def test_what_people_said_can_not_become_markup(operator: Staff, place: Place, raise_task: RaiseTask) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    place(name=evil, place=evil)
    raise_task(TaskKind.EMERGENCY, evil, who=evil, place=evil, why=f"fall: {evil}", told=(evil,))
    raise_task(TaskKind.HANDOFF, evil + "2", who=evil)
    page = operator.client.get("/staff", params={"q": evil}).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_an_empty_queue_is_calm(operator: Staff) -> None:
    page = text_of(operator.get("/staff"))
    assert "没有紧急求助，也没有人在等" in page
    assert "这里现在没有订单" in page


def test_the_page_asks_for_events_after_the_last_one_it_knows(
    operator: Staff, store: Store, place: Place
) -> None:
    place()
    assert f'sse-connect="/staff/events?after={store.live.last_id}&amp;list=1' in operator.get("/staff").text


def test_an_order_past_its_limit_stands_out_and_is_counted_above_the_list(
    operator: Staff, place: Callable[..., Order], clock: Clock
) -> None:
    late = place()
    clock.now += timedelta(days=3)
    fresh = place(at=clock.now)
    page = operator.get("/staff").text
    rows = re.findall(r'<li class="order ([^"]+)" id="order-(\d+)"', page)
    assert [(number, "overdue" in classes.split()) for classes, number in rows] == [
        (fresh.number, False), (late.number, True)
    ]  # fmt: skip
    told = text_of(operator.get("/staff/part/late"))
    assert "1 单超时或者上报了，请先办" in told
    assert 'href="/staff?state=late"' in operator.get("/staff/part/late").text


def test_of_late_orders_each_counts_their_own(
    console: Callable[[], Staff], place: Callable[..., Order], clock: Clock
) -> None:
    place(region="640106")
    clock.now += timedelta(days=3)
    for login, told in (("jinfeng", "1 单超时"), ("yuanzhou", ""), ("home", "1 单超时")):
        staff = console()
        staff.sign_in(login)
        found = text_of(staff.get("/staff/part/late"))
        assert told in found if told else not found.strip()


def test_a_list_names_the_worker_and_not_their_code(
    operator: Staff, store: Store, place: Callable[..., Order]
) -> None:
    with store.unit_of_work() as uow:
        uow.providers.save(
            [Provider("p1", "暖心家政", "home_service", "640106", ("cleaning",))],
            [Worker("w-17", "丁师傅", "p1", "640106", ("cleaning",))],
        )
        uow.commit()
    order = place()
    with store.unit_of_work() as uow:
        accept_order(AcceptOrder(order.number, NOW, "operator", "w-17"), uow)
        uow.commit()
    page = operator.get("/staff").text
    assert "丁师傅" in page
    assert "w-17" not in page
