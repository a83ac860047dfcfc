from __future__ import annotations

from collections.abc import Callable

import pytest

from backend.domain.order import Order, State
from backend.domain.people import Contact, Elder
from backend.services.accept_order import accept_order
from backend.services.commands import AcceptOrder
from backend.store.open import Store
from tests.unit.web.conftest import NOW, Staff, text_of, token

Place = Callable[..., Order]


def state_of(store: Store, number: str) -> Order:
    with store.reading() as uow:
        return uow.orders.get(number)


def accepted_meanwhile(store: Store, number: str, actor: str = "duty") -> None:
    with store.unit_of_work() as uow:
        accept_order(AcceptOrder(number, NOW, actor), uow)
        uow.commit()


def test_the_page_shows_the_order_with_full_numbers_history_and_conversation(
    operator: Staff, place: Place, talk: Callable[..., None]
) -> None:
    order = place(details=("擦玻璃",), missing=("phone",))
    talk(order.session, ("caller", "明儿后晌来打扫"), ("line", "好，给您订好了。"))
    page = operator.get(f"/staff/orders/{order.number}")
    for said in ("助洁保洁", "马秀兰", "明天 11月25日", "长城花园3号楼2单元501", "擦玻璃", "居家养老服务中心", "点单", "派单", "系统",
                 "明儿后晌来打扫", "好，给您订好了。", "要补问"):  # fmt: skip
        assert said in text_of(page)
    assert 'href="tel:13909510012"' in page.text


def test_the_page_shows_the_person_served(operator: Staff, store: Store, place: Place) -> None:
    with store.unit_of_work() as uow:
        elder = uow.people.save(
            Elder(None, "key", "马秀兰", ("13909510012",), categories=("living_alone",), pace=1, language="宁夏话",
                  contacts=(Contact("马丽", "13909510013", "女儿"),))
        )  # fmt: skip
        uow.commit()
    page = text_of(operator.get(f"/staff/orders/{place(elder_id=elder.id).number}"))
    for said in ("独居", "宁夏话，请说慢一点", "女儿 马丽", "13909510013"):
        assert said in page


def test_accepting_makes_it_mine_and_says_so(operator: Staff, store: Store, place: Place) -> None:
    order = place()
    answer = operator.send(f"/staff/orders/{order.number}/accept", version=str(order.version))
    assert answer.status_code == 303
    assert "已接单" in text_of(operator.get(answer.headers["location"]))
    assert state_of(store, order.number).assignee == "operator"


def test_accepting_for_somebody_keeps_the_name(operator: Staff, store: Store, place: Place) -> None:
    order = place()
    operator.send(f"/staff/orders/{order.number}/accept", version=str(order.version), assignee="陈护士")
    assert state_of(store, order.number).assignee == "陈护士"


def test_accepting_in_the_list_gives_the_new_row(operator: Staff, place: Place) -> None:
    order = place()
    form = {"version": str(order.version), "from": "list"}
    answer = operator.send(f"/staff/orders/{order.number}/accept", live=True, **form)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith("<li")
    assert "办理中" in text_of(answer)
    assert "李静" in text_of(answer)


def test_an_order_goes_to_another_department_with_the_reason(
    operator: Staff, store: Store, place: Place
) -> None:
    order = place()
    answer = operator.send(
        f"/staff/orders/{order.number}/route", version=str(order.version), department="town", reason="那边近"
    )
    assert answer.status_code == 303
    moved = state_of(store, order.number)
    assert (moved.department, moved.history[-1].reason, moved.history[-1].actor) == (
        "town",
        "那边近",
        "operator",
    )


def test_a_department_that_gives_an_order_away_is_told_and_no_longer_sees_it(
    console: Callable[[], Staff], place: Place
) -> None:
    order, staff = place(), console()
    staff.sign_in("home")
    answer = staff.send(
        f"/staff/orders/{order.number}/route", live=True, version=str(order.version), department="town"
    )
    assert "已转派给街道" in text_of(answer)
    assert staff.get(f"/staff/orders/{order.number}").status_code == 404


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"department": ""}, "请选要转到哪个部门"),
        ({"department": "nowhere"}, "请选要转到哪个部门"),
        ({"department": "home_service"}, "已经在居家养老服务中心了"),
    ],
)
def test_a_reassignment_to_nowhere_is_explained(
    operator: Staff, store: Store, place: Place, fields: dict[str, str], words: str
) -> None:
    order = place()
    answer = operator.send(f"/staff/orders/{order.number}/route", version=str(order.version), **fields)
    assert answer.status_code == 409
    assert words in text_of(answer)
    assert state_of(store, order.number) == order


def test_cancelling_needs_a_reason(operator: Staff, store: Store, place: Place) -> None:
    order = place()
    answer = operator.send(f"/staff/orders/{order.number}/cancel", version=str(order.version), reason="  ")
    assert "请写一句原因" in text_of(answer)
    assert state_of(store, order.number).state is State.ROUTED


def test_a_cancelled_order_keeps_its_reason(operator: Staff, place: Place) -> None:
    order = place()
    operator.send(f"/staff/orders/{order.number}/cancel", version=str(order.version), reason="老人说不需要了")
    page = text_of(operator.get(f"/staff/orders/{order.number}"))
    assert "已取消" in page
    assert "老人说不需要了" in page


def test_finishing_closes_the_order(operator: Staff, store: Store, place: Place) -> None:
    order = place()
    operator.send(f"/staff/orders/{order.number}/accept", version=str(order.version))
    operator.send(f"/staff/orders/{order.number}/finish", version=str(order.version + 1), reason="玻璃擦好了")
    done = state_of(store, order.number)
    assert (done.state, done.history[-1].reason) == (State.DONE, "玻璃擦好了")


def test_whoever_comes_second_is_told_who_did_what(operator: Staff, store: Store, place: Place) -> None:
    order = place()
    accepted_meanwhile(store, order.number)
    answer = operator.send(f"/staff/orders/{order.number}/accept", version=str(order.version))
    assert answer.status_code == 409
    assert "王建军 今天 10:00 已经接了这一单" in text_of(answer)
    assert state_of(store, order.number).assignee == "duty"


def test_a_cancellation_decided_on_an_old_page_is_not_carried_out(
    operator: Staff, store: Store, place: Place
) -> None:
    order = place()
    accepted_meanwhile(store, order.number)
    operator.send(f"/staff/orders/{order.number}/cancel", version=str(order.version), reason="不要了")
    assert state_of(store, order.number).state is State.ACCEPTED


def test_a_move_that_the_state_does_not_allow_is_explained(
    operator: Staff, store: Store, place: Place
) -> None:
    order = place()
    answer = operator.send(f"/staff/orders/{order.number}/finish", version=str(order.version))
    assert answer.status_code == 409
    assert "现在是“待接单”，不能再办结" in text_of(answer)
    assert state_of(store, order.number) == order


def test_a_reason_that_is_too_long_is_refused_and_nothing_changes(
    operator: Staff, store: Store, place: Place
) -> None:
    order = place()
    answer = operator.send(
        f"/staff/orders/{order.number}/cancel", version=str(order.version), reason="长" * 501
    )
    assert "500 个字以内" in text_of(answer)
    assert state_of(store, order.number) == order


@pytest.mark.parametrize("move", ["accept", "route", "cancel", "finish"])
def test_a_form_without_the_token_changes_nothing(
    operator: Staff, store: Store, place: Place, move: str
) -> None:
    order = place()
    fields = {"version": str(order.version), "reason": "x", "department": "town"}
    answer = operator.send(f"/staff/orders/{order.number}/{move}", csrf="wrong", **fields)
    assert answer.status_code == 403
    assert "没有提交成功" in text_of(answer)
    assert state_of(store, order.number) == order


def test_orders_of_other_departments_are_as_if_they_were_not_there(
    console: Callable[[], Staff], store: Store, place: Place
) -> None:
    order, staff = place("medical_insurance"), console()
    staff.sign_in("home")
    assert staff.get(f"/staff/orders/{order.number}").status_code == 404
    answer = staff.send(
        f"/staff/orders/{order.number}/accept", csrf=token(staff.get("/staff")), version=str(order.version)
    )
    assert answer.status_code == 404
    assert state_of(store, order.number) == order


def test_an_inspector_sees_and_moves_nothing(
    console: Callable[[], Staff], store: Store, place: Place
) -> None:
    order, staff = place(), console()
    staff.sign_in("watch")
    assert "接单</button>" not in staff.get(f"/staff/orders/{order.number}").text
    assert staff.send(f"/staff/orders/{order.number}/accept", version=str(order.version)).status_code == 403
    assert state_of(store, order.number) == order


@pytest.mark.parametrize("path", ["/staff/orders/99999999", "/staff/orders/x", "/staff/nothing", "/nothing"])
def test_what_is_not_there_is_told_in_plain_words(operator: Staff, path: str) -> None:
    answer = operator.get(path)
    assert answer.status_code == 404
    assert "没有找到" in text_of(answer)


def test_an_unknown_move_changes_nothing(operator: Staff, store: Store, place: Place) -> None:
    order = place()
    for move, status in (("explode", 404), ("reschedule", 409)):
        answer = operator.send(f"/staff/orders/{order.number}/{move}", version=str(order.version))
        assert answer.status_code == status
    assert state_of(store, order.number) == order


def test_who_opens_an_order_stands_in_the_access_log(operator: Staff, store: Store, place: Place) -> None:
    order = place()
    assert operator.get(f"/staff/orders/{order.number}").status_code == 200
    with store.reading() as uow:
        looks = uow.access_log.page(kind="order")
    assert [(look.actor, look.action, look.key) for look in looks] == [
        ("operator", "order.view", order.number)
    ]
