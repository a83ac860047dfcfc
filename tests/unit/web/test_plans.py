"""Plans of a day in the console: what the picture tells, who sees which, and what its buttons do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from backend.domain.geography import Position
from backend.domain.order import Move, Order, Wanted
from backend.domain.people import Elder
from backend.domain.providers import Provider, Worker
from backend.domain.staff import Role, StaffUser
from backend.services.commands import MoveOrder
from backend.services.dispatch_ports import StoredPlan
from backend.services.move_order import move_order
from backend.services.plan_day import PlanDay, make_plan, set_absent
from backend.store.open import Store
from tests.unit.web.conftest import NOW, Staff, hashed, text_of

Console = Callable[[], Staff]
Place = Callable[..., Order]

HOME, DEPARTMENT = "640106", "home_service"
DAY = date(2026, 11, 25)
PAGE = f"/staff/plans?department={DEPARTMENT}&day={DAY}"


@pytest.fixture
def orders(store: Store, place: Place) -> dict[str, Order]:
    """Two workers; a lunch that one of them promised, a cleaning, and a bath that nobody can do."""
    with store.unit_of_work() as uow:
        uow.staff.save(StaffUser("books", "钱审计", Role.AUDITOR, hashed()))
        uow.staff.save(StaffUser("hand", "丁师傅", Role.WORKER, hashed(), worker="w1"))
        uow.staff.save(StaffUser("town", "陈涛", Role.DEPARTMENT, hashed(), department="town"))
        uow.providers.save(
            [Provider("p1", "暖心家政", DEPARTMENT, HOME, ("meal", "cleaning"))],
            [
                Worker(code, name, "p1", HOME, ("meal", "cleaning"), position=Position(38.47, 106.22))
                for code, name in (("w1", "丁师傅"), ("w2", "白师傅"))
            ],
        )
        elder = uow.people.save(
            Elder(None, "key", "马秀兰", ("13909510012",), region=HOME, position=Position(38.49, 106.24))
        )
        uow.commit()
    common = {"region": HOME, "elder_id": elder.id}
    made = {
        "lunch": place(item="meal", wanted=Wanted(iso=f"{DAY}T12:00"), **common),
        "clean": place(item="cleaning", wanted=Wanted(iso=str(DAY)), **common),
        "bath": place(item="bath", wanted=Wanted(iso=str(DAY)), **common),
    }
    with store.unit_of_work() as uow:
        move_order(MoveOrder(made["lunch"].number, Move.ACCEPT, NOW, "desk", payload={"assignee": "w1"}), uow)
        uow.commit()
    return made


@pytest.fixture
def plan(store: Store, orders: dict[str, Order]) -> StoredPlan:
    return planned(store)


def planned(store: Store, **changes: object) -> StoredPlan:
    with store.unit_of_work() as uow:
        made = make_plan(replace(PlanDay(DEPARTMENT, HOME, NOW, DAY), **changes), uow)  # type: ignore[arg-type]
        uow.commit()
    return made


def signed_in(console: Console, login: str) -> Staff:
    staff = console()
    assert staff.sign_in(login).status_code == 303
    return staff


def test_the_picture_shows_who_goes_where_when_and_why(
    operator: Staff, plan: StoredPlan, orders: dict[str, Order]
) -> None:
    page = operator.get(PAGE)
    shown = text_of(page)
    assert "明天 11月25日 · 金凤区" in shown
    assert "12:00–12:15 助餐送餐 马***" in shown
    assert "答应过的" in shown
    assert "还有 1 单排不进去" in shown
    assert "那天没有能去的师傅" in shown
    assert page.text.count('<svg class="visit') == len(plan.plan.stops) == 2
    assert "马秀兰" not in page.text, "names are masked in lists"
    assert orders["bath"].number in page.text


def test_each_bar_stands_at_its_time_and_is_as_long_as_the_visit(operator: Staff, plan: StoredPlan) -> None:
    lunch = next(stop for stop in plan.plan.stops if stop.begins.hour == 12)
    page = operator.get(PAGE).text
    hours = [
        (int(hour), float(left)) for left, hour in re.findall(r'x="([\d.]+)%" y="12" dx="3">(\d+)<', page)
    ]
    left, width = re.findall(r'<svg class="visit promised" x="([\d.]+)%" y="18" width="([\d.]+)%"', page)[0]
    begins, an_hour = dict(hours)[12], dict(hours)[13] - dict(hours)[12]
    assert float(left) == pytest.approx(begins, abs=0.1)
    minutes = (lunch.ends - lunch.begins) / timedelta(minutes=1)
    assert float(width) == pytest.approx(an_hour * minutes / 60, abs=0.1)


def test_what_changed_since_is_told_with_the_reason(operator: Staff, store: Store, plan: StoredPlan) -> None:
    with store.unit_of_work() as uow:
        set_absent("w1", DAY, uow, absent=True)
        make_plan(PlanDay(DEPARTMENT, HOME, NOW, DAY), uow, cause="WorkerAbsent w1")
        uow.commit()
    shown = text_of(operator.get(PAGE))
    assert "第 2 版，今天 10:00：丁师傅这天不来" in shown
    assert "和上一版比，变了" in shown
    assert re.search(r"12:00 丁师傅 → 改成 12:\d\d 白师傅", shown)
    assert "替班" in shown


def test_a_plan_that_is_taken_over_offers_its_visits_and_says_what_became_of_each(
    operator: Staff, store: Store, plan: StoredPlan, orders: dict[str, Order]
) -> None:
    answer = operator.send(f"/staff/plans/{plan.id}/adopt")
    assert answer.headers["location"] == f"{PAGE}&done=adopted"
    shown = text_of(operator.get(answer.headers["location"]))
    assert "已照这个排班派工" in shown
    assert "李静 今天 10:00 照这个排班派了工" in shown
    assert "本来就是这位" in shown
    assert "已派工" in shown
    assert "照这样派工" not in shown, "once is enough"
    with store.reading() as uow:
        row = uow.orders.get(orders["clean"].number).history[-1]
    assert (row.move, row.actor, row.origin[:4]) == (Move.OFFER, "operator", "web ")
    assert f"按 {DAY} 的排班派给" in text_of(operator.get(f"/staff/orders/{orders['clean'].number}"))


def test_a_plan_that_was_made_anew_meanwhile_is_not_taken_over_unseen(
    operator: Staff, store: Store, plan: StoredPlan, orders: dict[str, Order]
) -> None:
    planned(store)
    answer = operator.send(f"/staff/plans/{plan.id}/adopt")
    assert answer.status_code == 409
    assert "重新排过了" in text_of(answer)
    with store.reading() as uow:
        assert uow.orders.get(orders["clean"].number).offered_to is None


def test_a_day_is_planned_at_a_press(operator: Staff, orders: dict[str, Order]) -> None:
    assert "还没有排班" in text_of(operator.get(PAGE))
    answer = operator.send("/staff/plans", department=DEPARTMENT, day=str(DAY))
    assert answer.headers["location"] == f"{PAGE}&done=made"
    shown = text_of(operator.get(answer.headers["location"]))
    assert "再点“照这样派工”" in shown
    assert "工作人员排的" in shown


def test_a_day_that_is_over_is_neither_planned_nor_taken_over(
    operator: Staff, orders: dict[str, Order]
) -> None:
    yesterday = str(NOW.date() - timedelta(days=1))
    answer = operator.send("/staff/plans", department=DEPARTMENT, day=yesterday)
    assert (answer.status_code, "这一天已经过去了" in text_of(answer)) == (409, True)
    shown = text_of(operator.get(f"/staff/plans?department={DEPARTMENT}&day={yesterday}"))
    assert "这一天没有留下排班" in shown
    assert "排一排" not in shown


def test_somebody_does_not_come_and_then_does(
    operator: Staff, store: Store, orders: dict[str, Order]
) -> None:
    operator.send("/staff/plans/absences/w1", day=str(DAY), absent="1")
    with store.reading() as uow:
        assert uow.day_plans.absent(DAY) == {"w1"}
    assert "丁师傅 这天不来" in text_of(operator.get(PAGE))
    operator.send("/staff/plans/absences/w1", day=str(DAY))
    with store.reading() as uow:
        assert not uow.day_plans.absent(DAY)


@pytest.mark.parametrize(
    ("login", "status", "sees"),
    [("duty", 200, True), ("jinfeng", 200, True), ("yuanzhou", 200, False), ("home", 200, True), ("town", 200, False),
     ("watch", 403, False), ("books", 403, False), ("hand", 403, False)],
)  # fmt: skip
def test_plans_are_for_whoever_sends_orders_to_workers_each_for_their_own(
    console: Console, plan: StoredPlan, login: str, status: int, sees: bool
) -> None:
    staff = signed_in(console, login)
    page = staff.get(PAGE)
    assert page.status_code == status
    assert ("12:00–12:15" in text_of(page)) is sees
    assert ("/staff/plans" in staff.get("/staff").text) is (status == 200)
    part = staff.get(f"/staff/part/plans?department={DEPARTMENT}&day={DAY}")
    assert ("12:00–12:15" in text_of(part)) is sees
    adopted = staff.send(f"/staff/plans/{plan.id}/adopt")
    assert adopted.status_code == (303 if sees else 404 if status == 200 else 403)
    absent = staff.send("/staff/plans/absences/w2", day=str(DAY), absent="1")
    assert absent.status_code == (303 if sees else 403)


@pytest.mark.parametrize(
    "name", ["x", "home_service.640106.2026-11-25.9", "a.b.c.d", "home_service.640106.2026-13-01.1"]
)
def test_a_plan_that_does_not_exist_is_not_found(operator: Staff, plan: StoredPlan, name: str) -> None:
    assert operator.send(f"/staff/plans/{name}/adopt").status_code == 404


def test_what_makes_no_sense_in_the_address_shows_today(operator: Staff, orders: dict[str, Order]) -> None:
    for day in ("", "gestern", "9999-99-99", "1200-01-01"):
        page = operator.get(f"/staff/plans?day={day}&department=nobody")
        assert page.status_code == 200
        assert f'value="{NOW.date()}"' in page.text


def test_without_its_token_no_button_does_anything(operator: Staff, plan: StoredPlan) -> None:
    for path in ("/staff/plans", f"/staff/plans/{plan.id}/adopt", "/staff/plans/absences/w1"):
        assert operator.send(path, csrf="made up", day=str(DAY)).status_code == 403
