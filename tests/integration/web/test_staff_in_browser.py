from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from backend.domain.order import Move
from backend.domain.providers import Provider, Worker
from backend.domain.queue import TaskKind
from backend.services.accept_order import accept_order
from backend.services.commands import AcceptOrder, MoveOrder
from backend.services.move_order import move_order
from backend.services.staff import close_login
from tests.integration.web.conftest import PHONE, Open, Opened, Running, local_now
from tests.integration.web.test_readability import OTHER_BUTTON_PX, small_targets, weak_contrasts

SignIn = Callable[..., Opened]


def rings(page: Page) -> int:
    return int(page.locator("body").get_attribute("data-rang") or "0")


def test_a_new_order_appears_without_reload(house: Running, sign_in: SignIn) -> None:
    page = sign_in().page
    expect(page.get_by_text("这里现在没有订单")).to_be_visible()
    order = house.place()
    expect(page.locator(f"#order-{order.number}")).to_contain_text("助洁保洁")


def test_an_emergency_comes_to_the_top_with_title_words_and_sound(house: Running, sign_in: SignIn) -> None:
    house.place()
    page = sign_in().page
    expect(page).to_have_title(re.compile("^待办"))
    page.get_by_role("button", name="开启提示音").click()
    expect(page.get_by_role("button", name="提示音已开")).to_have_attribute("aria-pressed", "true")
    before = rings(page)
    house.raise_task("我摔倒了起不来")
    expect(page.get_by_role("heading", name="紧急求助 1 件，请马上处理")).to_be_visible()
    expect(page).to_have_title(re.compile("^【紧急 1】"))
    box, orders = page.locator(".emergencies").bounding_box(), page.locator("#orders").bounding_box()
    assert box and orders
    assert box["y"] + box["height"] < orders["y"]
    assert rings(page) > before


def test_taking_an_emergency_clears_it_on_every_screen(house: Running, sign_in: SignIn) -> None:
    house.raise_task("我摔倒了起不来")
    mine, other = sign_in().page, sign_in("duty").page
    mine.get_by_label("怎么处理的").fill("已通知 120")
    mine.get_by_role("button", name="我来处理").click()
    for page in (mine, other):
        expect(page.get_by_text("没有紧急求助，也没有人在等")).to_be_visible()
        expect(page).to_have_title(re.compile("^待办"))


def test_a_note_being_written_survives_what_happens_meanwhile(house: Running, sign_in: SignIn) -> None:
    house.raise_task("我摔倒了起不来")
    page = sign_in().page
    note = page.get_by_label("怎么处理的")
    note.fill("正在联系女")
    house.raise_task("给我叫个人", TaskKind.HANDOFF)
    expect(page.get_by_role("heading", name="等人接手")).to_be_visible()
    expect(note).to_have_value("正在联系女")
    expect(note).to_be_focused()


def test_of_two_who_accept_the_same_order_the_second_is_told_kindly(house: Running, sign_in: SignIn) -> None:
    order = house.place()
    opened = sign_in("duty")
    first, second = sign_in().page, opened.page
    # The second screen has not heard yet of what the first does: its line is cut.
    second.evaluate("htmx.find('main')['htmx-internal-data'].sseEventSource.close()")
    first.locator(f"#accept-{order.number}").click()
    expect(first.locator(f"#order-{order.number}")).to_contain_text("办理中")
    with second.expect_response(re.compile("/accept$")) as answer:
        second.locator(f"#accept-{order.number}").click()
    assert answer.value.status == 409
    expect(second.locator("#toast")).to_contain_text("李静")
    expect(second.locator("#toast")).to_contain_text("已经接了这一单")
    with house.store.reading() as uow:
        assert uow.orders.get(order.number).assignee == "operator"
    opened.forgive("409")


def test_what_happened_while_the_line_was_broken_is_shown_when_it_is_back(
    house: Running, sign_in: SignIn
) -> None:
    opened = sign_in()
    page = opened.page
    house.server.stop()
    expect(page.get_by_text("连接断了，正在重连")).to_be_visible()
    order = house.place()
    house.raise_task("我摔倒了起不来")
    house.server.start()
    expect(page.get_by_text("实时更新中")).to_be_attached()
    expect(page.locator(f"#order-{order.number}")).to_be_visible()
    expect(page.locator(".emergencies")).to_contain_text("我摔倒了起不来")
    opened.forgive("ERR_")
    opened.forgive("[object Event]")  # how htmx logs a broken line


def test_an_order_page_changes_when_somebody_else_moves_the_order(house: Running, sign_in: SignIn) -> None:
    order = house.place()
    page = sign_in().page
    page.get_by_role("link", name="助洁保洁").click()
    page.get_by_text("取消这一单").click()
    page.get_by_label("取消的原因").fill("老人说不")
    with page.expect_response(re.compile("/staff/part/orders/")), house.store.unit_of_work() as uow:
        accept_order(AcceptOrder(order.number, local_now(), "duty"), uow)
        uow.commit()
    expect(page.locator(".order-head")).to_contain_text("办理中")
    expect(page.locator(".history")).to_contain_text("王建军")
    expect(page.get_by_label("取消的原因")).to_have_value("老人说不")


def test_an_emergency_is_heard_and_seen_on_every_page(house: Running, sign_in: SignIn) -> None:
    house.place()
    page = sign_in().page
    page.get_by_role("button", name="开启提示音").click()
    page.get_by_role("link", name="助洁保洁").click()
    page.get_by_role("heading", name="助洁保洁").click()  # any click lets the sound through again
    expect(page.get_by_role("button", name="提示音已开")).to_be_visible()
    before = rings(page)
    house.raise_task("我摔倒了起不来")
    expect(page.get_by_role("alert")).to_contain_text("紧急求助 1 件")
    expect(page).to_have_title(re.compile("^【紧急 1】"))
    assert rings(page) > before
    page.get_by_role("link", name="马上去看").click()
    expect(page.locator(".emergencies")).to_contain_text("我摔倒了起不来")


def test_an_order_lives_its_life_by_keyboard_alone(house: Running, sign_in: SignIn) -> None:
    house.place()
    page = sign_in().page
    page.get_by_role("link", name="助洁保洁").focus()
    page.keyboard.press("Enter")
    page.get_by_label("谁去办").focus()
    page.keyboard.type("陈师傅")
    page.keyboard.press("Enter")
    expect(page.locator(".order-head")).to_contain_text("陈师傅 办理")
    page.get_by_label("办得怎么样").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".order-head")).to_contain_text("已办结")


def test_everything_on_the_queue_can_be_reached_with_the_tab_key(house: Running, sign_in: SignIn) -> None:
    house.raise_task("我摔倒了起不来")
    order = house.place()
    page = sign_in().page
    page.locator("body").evaluate("body => body.focus()")
    reached: set[str] = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("(document.activeElement.textContent || document.activeElement.name || '').trim()")
        )
        if page.evaluate("document.activeElement.id") == f"accept-{order.number}":
            break
    else:
        raise AssertionError(f"the order's button was not reached, only {reached}")
    assert {"开启提示音", "我来处理", "13909510012", "13909510013", "退出"} <= reached


def test_the_console_works_without_scripts(house: Running, open_page: Open) -> None:
    order = house.place()
    page = open_page("/staff", scripts=False).page
    page.get_by_label("账号").fill("operator")
    page.get_by_label("密码").fill("a-good-password")
    page.get_by_role("button", name="登录").click()
    page.locator(f"#accept-{order.number}").click()
    expect(page.get_by_text("已接单。")).to_be_visible()


def test_the_console_fits_a_phone(house: Running, sign_in: SignIn) -> None:
    house.raise_task("我摔倒了起不来")
    house.place()
    page = sign_in(viewport=PHONE).page
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("link", name="助洁保洁").click()
    expect(page.locator(".order-head")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_worker_is_chosen_with_the_keys_alone(house: Running, sign_in: SignIn) -> None:
    with house.store.unit_of_work() as uow:
        uow.providers.save(
            [Provider("p1", "暖心家政", "home_service", "640106", ("cleaning",), "09518000000")],
            [Worker("w1", "丁师傅", "p1", "640106", ("cleaning",), "13709510001")],
        )
        uow.commit()
    order, page = house.place(), sign_in().page
    page.goto(f"{house.server.url}/staff/orders/{order.number}")
    page.locator("#unfold-offer > summary").focus()
    page.keyboard.press("Enter")
    page.get_by_label("丁师傅").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".notice")).to_contain_text("正在等师傅应答")
    expect(page.locator(".order-head")).to_contain_text("正在问 丁师傅")
    again = f"/staff/part/orders/{order.number}"  # as when the live line tells of it, too
    page.evaluate("path => htmx.ajax('GET', path, {source: '.order-page', target: '#order'})", again)
    expect(page.locator(".notice")).to_contain_text("正在等师傅应答")
    expect(page.locator("#toast")).to_be_hidden()


def test_a_visit_is_finished_with_a_photograph_and_nothing_filled_in_is_lost_on_the_way(
    house: Running, sign_in: SignIn
) -> None:
    order, opened = house.place(), sign_in()
    page = opened.page
    with house.store.unit_of_work() as uow:
        for move, payload in ((Move.ACCEPT, {}), (Move.START, {"place": "门口"})):
            move_order(MoveOrder(order.number, move, local_now(), "duty", payload=payload), uow)
        uow.commit()
    page.goto(f"{house.server.url}/staff/orders/{order.number}")
    page.get_by_label("量到的数").fill("血压")
    page.get_by_label("老人亲口说办好了").check()
    picture = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff\xe0 a clean window"}
    page.get_by_label("现场照片").set_input_files(picture)  # type: ignore[arg-type]
    page.get_by_role("button", name="办结").click()
    expect(page.locator(".notice")).to_contain_text("一行写一个")
    assert page.get_by_label("现场照片").evaluate("field => field.files.length") == 1
    page.get_by_label("量到的数").fill("血压 130/85")
    page.get_by_role("button", name="办结").click()
    expect(page.locator(".history")).to_contain_text("照片 1 张")
    expect(page.locator(".history")).to_contain_text("血压 130/85")
    expect(page.locator(".pictures img")).to_have_count(1)
    opened.forgive("409")


def test_the_open_page_of_a_login_that_is_closed_goes_to_the_login_page(
    house: Running, sign_in: SignIn
) -> None:
    order, opened, other = house.place(), sign_in(), sign_in("duty")
    opened.page.goto(f"{house.server.url}/staff/orders/{order.number}")
    expect(opened.page.get_by_text("实时更新中")).to_be_attached()
    with house.store.unit_of_work() as uow:
        close_login(uow, "operator", local_now())
        uow.commit()
    expect(opened.page.get_by_label("密码")).to_be_visible()
    expect(other.page.locator(f"#order-{order.number}")).to_be_visible()
    opened.forgive("401")
    opened.forgive("[object Event]")  # how htmx logs a line that ended


def two_workers(house: Running) -> None:
    with house.store.unit_of_work() as uow:
        uow.providers.save(
            [Provider("p1", "暖心家政", "home_service", "640106", ("cleaning", "meal"), "09518000000")],
            [
                Worker("w1", "丁师傅", "p1", "640106", ("cleaning",), "13709510001"),
                Worker("w2", "白师傅", "p1", "640106", ("meal",), "13709510002"),
            ],
        )
        uow.commit()


def test_somebody_who_is_ruled_out_is_asked_with_a_reason_only(house: Running, sign_in: SignIn) -> None:
    two_workers(house)
    order, page = house.place(), sign_in().page
    page.goto(f"{house.server.url}/staff/orders/{order.number}")
    page.locator("#unfold-offer > summary").click()
    page.locator("#unfold-override > summary").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#do-override")).to_contain_text("不做这一项")
    page.get_by_label("白师傅").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="还是派这位").click()
    expect(
        page.get_by_label("为什么一定要派这位")
    ).to_be_focused()  # the browser asks for it before anything is sent
    page.keyboard.type("老人只认白师傅")
    page.keyboard.press("Enter")
    expect(page.locator(".order-head")).to_contain_text("正在问 白师傅")
    for told in ("当时不合适：不做这一项", "由人选定", "老人只认白师傅"):
        expect(page.locator(".history")).to_contain_text(told)


def test_a_plan_is_made_looked_at_and_taken_over_and_every_screen_follows(
    house: Running, sign_in: SignIn
) -> None:
    two_workers(house)
    orders = [house.place(f"o{one}", region="640106") for one in range(2)]
    day = house.workday()
    mine, other = sign_in(), sign_in("duty", viewport=PHONE)
    for opened in (mine, other):
        opened.page.goto(f"{house.server.url}/staff/plans?department=home_service&day={day}")
        expect(opened.page.get_by_text("实时更新中")).to_be_attached()
    mine.page.get_by_role("button", name="排一排").click()
    expect(mine.page.get_by_text("排好了。")).to_be_visible()
    for opened in (mine, other):
        expect(opened.page.locator(".visit")).to_have_count(2)
        assert weak_contrasts(opened.page) == []
        assert small_targets(opened.page, "button, .more, nav a, summary, select", OTHER_BUTTON_PX) == []
        assert opened.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    mine.page.get_by_role("button", name="照这样派工").focus()
    mine.page.keyboard.press("Enter")
    for opened in (mine, other):
        expect(opened.page.locator(".outcome.offered")).to_have_count(2)
    with house.store.reading() as uow:
        assert [uow.orders.get(order.number).offered_to for order in orders] == ["w1", "w1"]


def test_whoever_has_scrolled_down_still_sees_that_somebody_is_in_danger(
    house: Running, sign_in: SignIn
) -> None:
    for one in range(12):
        house.place(f"o{one}")
    page = sign_in().page
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    strip = page.get_by_role("link", name="紧急求助 1 件，还没有人处理")
    expect(strip).to_be_hidden()
    house.raise_task("我摔倒了起不来")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(strip).to_be_in_viewport()
    strip.click()
    expect(page.locator(".emergencies")).to_be_in_viewport()
    expect(strip).to_be_hidden()


def test_the_strip_of_other_pages_stays_in_sight(house: Running, sign_in: SignIn) -> None:
    order = house.place()
    house.raise_task("我摔倒了起不来")
    page = sign_in(viewport=PHONE).page
    page.goto(f"{house.server.url}/staff/orders/{order.number}")
    expect(page.locator(".alarm")).to_be_visible()
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(page.locator(".alarm")).to_be_in_viewport(ratio=1)
    assert weak_contrasts(page) == []
