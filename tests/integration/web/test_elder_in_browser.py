from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.integration.web.conftest import PHONE, Open, Opened, Running

SignIn = Callable[..., Opened]
# What a stranger is asked on the way to an order, and what this one says.
ANSWERS = (
    ("什么时候", "明天下午"), ("住在哪里", "金凤区长城花园3号楼2单元501"), ("贵姓", "我叫马秀兰"), ("电话", "13909510012"),
)  # fmt: skip


def say(page: Page, text: str) -> None:
    with page.expect_response(re.compile("/say$")):
        page.get_by_label("您想说的话").fill(text)
        page.get_by_role("button", name="发出去").click()
    expect(page.locator(".thinking")).to_have_count(0)


def last_words(page: Page) -> str:
    return page.locator("#chat > .bubble.line").last.inner_text()


def order_cleaning(page: Page) -> None:
    """Press «打扫卫生», answer what is asked, and confirm."""
    with page.expect_response(re.compile("/say$")):
        page.get_by_role("button", name="打扫卫生").click()
    expect(page.locator(".thinking")).to_have_count(0)
    for _ in range(6):
        words = last_words(page)
        if "对不对" in words:
            break
        say(page, next((answer for question, answer in ANSWERS if question in words), "不想说"))
    with page.expect_response(re.compile("/say$")):
        page.get_by_role("button", name="对", exact=True).click()
    expect(page.locator("#chat .card")).to_contain_text("助洁保洁")


def test_an_order_made_with_buttons_reaches_the_staff_with_its_conversation(
    house: Running, open_page: Open, sign_in: SignIn
) -> None:
    staff = sign_in().page
    page = open_page("/", viewport=PHONE).page
    order_cleaning(page)
    expect(page.locator("#chat .card")).to_contain_text("已经报给办事部门")
    (order,) = house.orders()
    assert (order.item, order.place) == ("cleaning", "金凤区长城花园3号楼2单元501")
    staff.locator(f"#order-{order.number} a").first.click()
    expect(staff.locator(".transcript")).to_contain_text("我想请人上门打扫卫生")


def test_the_red_button_raises_an_emergency_at_once(house: Running, open_page: Open, sign_in: SignIn) -> None:
    staff = sign_in().page
    page = open_page("/", viewport=PHONE).page
    page.get_by_role("button", name="紧急求助").click()
    expect(page.locator(".bubble.urgent")).to_contain_text("120")
    expect(page.get_by_role("link", name="打 120")).to_have_attribute("href", "tel:120")
    expect(staff.locator(".emergencies")).to_contain_text("救命")
    with house.store.reading() as uow:
        assert len(uow.tasks.open()) == 1


def test_pressed_by_mistake_can_be_said_with_one_button(open_page: Open) -> None:
    page = open_page().page
    page.get_by_role("button", name="紧急求助").click()
    page.get_by_role("button", name="按错了，我没事").click()
    expect(page.locator("#chat > .bubble.line").last).to_contain_text("没事就好")


def test_a_person_can_always_be_asked_for(house: Running, open_page: Open, sign_in: SignIn) -> None:
    staff = sign_in().page
    page = open_page().page
    page.get_by_role("button", name="找人工").click()
    expect(staff.locator(".waiting")).to_contain_text("要找人工")


def test_a_double_click_orders_once(house: Running, open_page: Open) -> None:
    page = open_page().page
    sent: list[str] = []
    page.on(
        "request",
        lambda request: sent.append(request.post_data or "") if request.url.endswith("/say") else None,
    )
    page.get_by_role("button", name="打扫卫生").dblclick()
    expect(page.locator("#chat > .bubble.line")).to_have_count(2)
    assert len(set(sent)) == 1
    with house.store.reading() as uow:
        session = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "nx_talk")
        said = [line for line in uow.contacts.lines(f"web-{session}") if line.who == "caller"]
    assert len(said) == 1


def test_without_scripts_an_order_can_be_placed(house: Running, open_page: Open) -> None:
    page = open_page("/", scripts=False).page
    page.get_by_role("button", name="打扫卫生").click()
    for _ in range(6):
        words = last_words(page)
        if "对不对" in words:
            break
        page.get_by_label("您想说的话").fill(
            next((answer for question, answer in ANSWERS if question in words), "不想说")
        )
        page.get_by_role("button", name="发出去").click()
    page.get_by_role("button", name="对", exact=True).click()
    expect(page.locator("#chat .card")).to_contain_text("助洁保洁")
    assert len(house.orders()) == 1


def test_a_broken_network_is_told_kindly_and_the_words_are_not_lost_nor_doubled(
    house: Running, open_page: Open
) -> None:
    opened = open_page()
    page = opened.page

    # The message arrives, its answer does not: the worst case.
    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/say", lose_the_answer, times=1)
    page.get_by_role("button", name="打扫卫生").click()
    expect(page.get_by_role("alert")).to_contain_text("没发出去")
    expect(page.get_by_role("alert")).to_contain_text("120")
    page.get_by_role("button", name="再发一次").click()
    expect(page.locator("#chat > .bubble.line").last).to_contain_text("什么时候")
    expect(page.locator(".bubble.mine")).to_have_count(1)
    with house.store.reading() as uow:
        session = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "nx_talk")
        said = [line for line in uow.contacts.lines(f"web-{session}") if line.who == "caller"]
    assert len(said) == 1
    opened.forgive("ERR_FAILED")


def test_without_network_the_page_says_so_until_it_is_back(open_page: Open) -> None:
    opened = open_page()
    opened.context.set_offline(True)
    expect(opened.page.get_by_text("网络断了，先别着急")).to_be_visible()
    opened.context.set_offline(False)
    expect(opened.page.get_by_text("网络断了，先别着急")).to_be_hidden()


def test_the_size_of_the_letters_changes_at_once_and_stays(open_page: Open) -> None:
    page = open_page().page
    before = page.locator(".bubble.line").evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
    page.get_by_role("button", name="第 3 档字号").click()
    after = page.locator(".bubble.line").evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
    assert after >= before * 1.4
    page.reload()
    assert (
        page.locator(".bubble.line").evaluate("node => parseFloat(getComputedStyle(node).fontSize)") == after
    )


def test_a_reply_can_be_read_aloud(open_page: Open) -> None:
    page = open_page().page
    page.evaluate(
        """() => { window.spoken = [];
        speechSynthesis.speak = said => window.spoken.push([said.text, said.lang, said.rate]); }"""
    )
    page.get_by_role("button", name="回话读出来").click()
    page.get_by_role("button", name="打扫卫生").click()
    expect(page.locator("#chat > .bubble.line")).to_have_count(2)
    spoken = page.evaluate("window.spoken")
    assert "什么时候" in spoken[-1][0]
    assert spoken[-1][1] == "zh-CN"
    assert spoken[-1][2] <= 0.9


def test_what_was_said_is_still_there_after_coming_back(open_page: Open) -> None:
    page = open_page().page
    page.get_by_role("button", name="打扫卫生").click()
    expect(page.locator("#chat > .bubble.line")).to_have_count(2)
    page.reload()
    expect(page.locator(".bubble.mine")).to_contain_text("打扫卫生")
    expect(page.locator("#chat > .bubble.line").last).to_contain_text("接着说")
