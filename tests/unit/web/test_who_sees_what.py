"""Personal data in the console, over HTTP: role × page × what is visible, and what of it stands in the access log."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backend.domain.order import Order
from backend.domain.people import Contact, Elder
from backend.domain.providers import Provider, Worker
from backend.domain.queue import Task, TaskKind
from backend.domain.staff import Role, StaffUser
from backend.services.accept_order import accept_order
from backend.services.commands import AcceptOrder
from backend.store.open import Store
from tests.unit.web.conftest import NOW, Staff, hashed, text_of

Console = Callable[[], Staff]
Place = Callable[..., Order]
RaiseTask = Callable[..., Task]

HOME = "640106"
NAME, PHONE, ADDRESS, SAID = "马秀兰", "13909510012", "银川市金凤区长城花园3号楼2单元501", "我家门口没有灯"
DAUGHTER = ("马丽", "13909510013")
FULL = (NAME, PHONE, ADDRESS)
MASKED_NAME, MASKED_PHONE, MASKED_ADDRESS = "马***", "139****0012", "银川市金凤区***"

# Bound to what their work needs. In full: whom `people.reveal` allows it.
LOGINS: dict[Role, dict[str, str]] = {
    Role.OPERATOR: {}, Role.DUTY: {"region": HOME}, Role.DEPARTMENT: {"department": "home_service"},
    Role.PROVIDER: {"provider": "p1"}, Role.WORKER: {"worker": "w1"}, Role.INSPECTOR: {}, Role.AUDITOR: {}, Role.ADMIN: {},
}  # fmt: skip
IN_FULL = set(LOGINS) - {Role.INSPECTOR, Role.AUDITOR}
SEE_TASKS = {Role.OPERATOR, Role.DUTY, Role.INSPECTOR, Role.ADMIN}


@pytest.fixture
def elder(store: Store) -> int:
    with store.unit_of_work() as uow:
        for role, bound in LOGINS.items():
            uow.staff.save(StaffUser(f"the-{role}", f"the-{role}", role, hashed(), **bound))  # type: ignore[arg-type]
        uow.providers.save(
            [Provider("p1", "暖心家政", "home_service", HOME, ("cleaning",), "09518000000")],
            [Worker("w1", "丁师傅", "p1", HOME, ("cleaning",), "13709510000")],
        )
        saved = uow.people.save(
            Elder(None, "key", NAME, (PHONE,), address=ADDRESS, region=HOME, contacts=(Contact(*DAUGHTER, "女儿"),))
        )  # fmt: skip
        uow.commit()
    return saved.id or 0


@pytest.fixture
def order(place: Place, elder: int, store: Store, talk: Callable[..., None]) -> Order:
    made = place(
        name=NAME, place=ADDRESS, phone=PHONE, caller=PHONE, elder_id=elder, details=("擦灯",), region=HOME
    )
    talk(made.session, ("caller", SAID))
    with store.unit_of_work() as uow:
        accepted = accept_order(AcceptOrder(made.number, NOW, "operator", "w1"), uow)
        uow.commit()
    return accepted


def signed_in(console: Console, role: Role) -> Staff:
    staff = console()
    assert staff.sign_in(f"the-{role}").status_code == 303
    return staff


def looks(store: Store, kind: str) -> list[tuple[str, str]]:
    with store.reading() as uow:
        return [(look.actor, look.key) for look in uow.access_log.page(kind=kind)]


@pytest.mark.parametrize("role", list(LOGINS))
@pytest.mark.parametrize("path", ["/staff/orders/{}", "/staff/part/orders/{}"])
def test_an_order_page_shows_the_person_to_whom_it_may(
    console: Console, store: Store, order: Order, role: Role, path: str
) -> None:
    page = signed_in(console, role).get(path.format(order.number))
    assert page.status_code == 200
    shown = text_of(page)
    full = role in IN_FULL
    for said in (*FULL, SAID, "擦灯", *DAUGHTER):
        assert (said in page.text) is full, said
    if not full:
        for said in (MASKED_NAME, MASKED_PHONE, MASKED_ADDRESS, "部分隐去", "丁师傅", "办理中"):
            assert said in shown, said
    assert looks(store, "order") == ([(f"the-{role}", order.number)] if full else [])


@pytest.mark.parametrize("role", list(LOGINS))
@pytest.mark.parametrize("path", ["/staff", "/staff/part/orders", f"/staff?q={NAME}", f"/staff?q={PHONE}"])
def test_the_list_of_orders_is_masked_for_everybody(
    console: Console, store: Store, order: Order, role: Role, path: str
) -> None:
    page = signed_in(console, role).get(path)
    rows = page.text.partition('<ol class="orders">')[2]
    assert order.number in rows
    for said in (MASKED_NAME, MASKED_PHONE, MASKED_ADDRESS):
        assert said in rows
    for said in (*FULL, SAID):
        assert said not in rows
    assert looks(store, "order") == []


@pytest.mark.parametrize("role", list(LOGINS))
def test_an_emergency_is_there_in_full_at_once_for_whoever_must_act(
    console: Console, store: Store, elder: int, raise_task: RaiseTask, role: Role
) -> None:
    task = raise_task(
        TaskKind.EMERGENCY, "我摔倒了起不来", who=NAME, place=ADDRESS, phone=PHONE, elder_id=elder,
        told=(f"{DAUGHTER[0]} 女儿 {DAUGHTER[1]}",),
    )  # fmt: skip
    staff = signed_in(console, role)
    sees, full = role in SEE_TASKS, role in SEE_TASKS & IN_FULL
    for path in ("/staff", "/staff/part/tasks", f"/staff/tasks/{task.id}"):
        page = staff.get(path)
        for said in (*FULL, "我摔倒了起不来", *DAUGHTER):
            assert (said in page.text) is full, (path, said)
        assert (MASKED_NAME in page.text) is (sees and not full), path
    assert ("紧急求助 1 件" in text_of(staff.get("/staff"))) is sees
    # The list is noted once, however often it is fetched; the page each time it is opened.
    assert looks(store, "task") == [(f"the-{role}", str(task.id))] * (2 if full else 0)


def test_a_county_sees_an_emergency_of_which_only_the_city_is_known_in_full(
    console: Console, elder: int, raise_task: RaiseTask
) -> None:
    raise_task(TaskKind.EMERGENCY, "救命", who=NAME, place="银川市", region="640100")
    assert NAME in signed_in(console, Role.DUTY).get("/staff").text


@pytest.mark.parametrize("role", sorted(SEE_TASKS))
def test_those_who_wait_and_those_who_were_helped_are_masked_in_lists(
    console: Console, elder: int, raise_task: RaiseTask, role: Role
) -> None:
    wish = raise_task(TaskKind.HANDOFF, "给我叫个人", who=NAME, place=ADDRESS, phone=PHONE)
    staff = signed_in(console, role)
    for _ in range(2):
        for path in ("/staff", "/staff/tasks"):
            page = staff.get(path).text
            assert all(said not in page for said in FULL), path
            if wish.text in page:
                assert role in IN_FULL
        operator = signed_in(console, Role.OPERATOR)
        operator.send(f"/staff/tasks/{wish.id}/acknowledge", note="已回电")
    closed = text_of(staff.get("/staff/tasks"))
    assert MASKED_NAME in closed
    assert ("已回电" in closed) is (role in IN_FULL)


@pytest.mark.parametrize("role", list(LOGINS))
def test_the_page_of_relatives_names_the_elder_to_whom_it_may(
    console: Console, elder: int, role: Role
) -> None:
    answer = signed_in(console, role).get(f"/staff/elders/{elder}/family")
    if role in (Role.PROVIDER, Role.WORKER):
        assert answer.status_code == 403
        return
    assert answer.status_code == 200
    assert (NAME in answer.text) is (role in IN_FULL)


def test_whoever_lives_elsewhere_is_as_if_they_were_not_there(
    console: Console, store: Store, elder: int
) -> None:
    staff = console()
    staff.sign_in("yuanzhou")
    assert staff.get(f"/staff/elders/{elder}/family").status_code == 404
    assert staff.send(f"/staff/elders/{elder}/family/code", order="on").status_code == 404


def test_what_a_form_answers_with_is_noted_too(console: Console, store: Store, order: Order) -> None:
    staff = signed_in(console, Role.OPERATOR)
    answer = staff.send(f"/staff/orders/{order.number}/cancel", live=True, version=str(order.version))
    assert answer.status_code == 409
    assert NAME in answer.text
    assert looks(store, "order") == [("the-operator", order.number)]
