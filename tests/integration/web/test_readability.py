"""The published numbers for pages for old people, measured in a real browser (see docs of the elder's page)."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.integration.web.conftest import PHONE, WIDE, Open, Opened, Running

MAIN_TEXT_PX = 24
MAIN_BUTTON_PX = 60
OTHER_BUTTON_PX = 44
CONTRAST, CONTRAST_LARGE = 4.5, 3.0
LINE_HEIGHT = 1.3
# 1280 px at 200 % leave 640.
ZOOMED: ViewportSize = {"width": 640, "height": 450}
MEASURE = Path(__file__).with_name("measure_contrast.js").read_text("utf-8")


def weak_contrasts(page: Page) -> list[str]:
    """Every piece of text whose contrast is below 4.5:1 (3:1 when large), as «ratio text»."""
    found: list[str] = page.evaluate(MEASURE, [CONTRAST, CONTRAST_LARGE])
    return found


def small_targets(page: Page, selector: str, least_px: int) -> list[str]:
    """Visible buttons and links that are lower than `least_px`."""
    found: list[str] = page.eval_on_selector_all(
        selector,
        """(nodes, least) => nodes.filter(node => node.offsetParent && node.getBoundingClientRect().height < least - 0.5)
        .map(node => node.getBoundingClientRect().height + ' ' + node.textContent.trim())""",
        least_px,
    )
    return found


@pytest.fixture
def elder(open_page: Open, request: pytest.FixtureRequest) -> Page:
    """The elder's page after one turn, with an emergency in it: every kind of element is there."""
    viewport, size = request.param
    page = open_page("/", viewport=viewport).page
    page.get_by_role("button", name=f"第 {size} 档字号").click()
    page.get_by_role("button", name="打扫卫生").click()
    expect(page.locator(".bubble.line")).to_have_count(2)
    page.get_by_role("button", name="紧急求助").click()
    expect(page.locator(".rescue")).to_be_visible()
    return page


every_size = pytest.mark.parametrize(
    "elder",
    [(WIDE, 1), (WIDE, 3), (PHONE, 1), (PHONE, 3), (ZOOMED, 1)],
    indirect=True,
    ids=["wide", "wide-large", "phone", "phone-large", "zoom200"],
)


@every_size
def test_letters_are_large_and_lines_are_apart(elder: Page) -> None:
    for selector in ("body", ".bubble", ".item", ".answers button", "#text", ".always button"):
        size, line = elder.locator(selector).first.evaluate(
            "node => [parseFloat(getComputedStyle(node).fontSize), parseFloat(getComputedStyle(node).lineHeight)]"
        )
        assert size >= MAIN_TEXT_PX, selector
    size, line = elder.locator(".bubble p").first.evaluate(
        "node => [parseFloat(getComputedStyle(node).fontSize), parseFloat(getComputedStyle(node).lineHeight)]"
    )
    assert line / size >= LINE_HEIGHT


@every_size
def test_buttons_are_easy_to_hit(elder: Page) -> None:
    main = ".always button, .item, .answers button, .send, .mic, .rescue a, .sizes button, .listen, #text"
    assert small_targets(elder, main, MAIN_BUTTON_PX) == []
    assert small_targets(elder, "button, a:not(.skip):not(.offline a), summary", OTHER_BUTTON_PX) == []


@every_size
def test_words_stand_out_from_their_ground(elder: Page) -> None:
    assert weak_contrasts(elder) == []


@every_size
def test_nothing_must_be_scrolled_sideways(elder: Page) -> None:
    assert elder.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@every_size
def test_help_stays_in_sight_wherever_the_page_is_scrolled(elder: Page) -> None:
    elder.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(elder.get_by_role("button", name="紧急求助")).to_be_in_viewport(ratio=1)
    expect(elder.get_by_role("button", name="找人工")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("viewport", [WIDE, PHONE, ZOOMED], ids=["wide", "phone", "zoom200"])
def test_the_staff_pages_are_readable_too(
    house: Running, sign_in: Callable[..., Opened], viewport: ViewportSize
) -> None:
    house.raise_task("我摔倒了起不来")
    house.place()
    page = sign_in(viewport=viewport).page
    for path in ("", "/orders/", "/tasks/"):
        if path:
            page.goto(page.locator(f'a[href^="/staff{path}"]').first.evaluate("node => node.href"))
            expect(page.locator(".order-head")).to_be_visible()
        assert weak_contrasts(page) == []
        assert (
            small_targets(
                page,
                # A tick or a choice is hit by its label.
                "button, .states a, .more, nav a, summary, select, .tick, .candidates label,"
                " input:not([type=hidden], [type=checkbox], [type=radio])",
                OTHER_BUTTON_PX,
            )
            == []
        )
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        if path:
            page.go_back()
            expect(page).to_have_url(re.compile("/staff$"))


def test_no_state_is_told_by_colour_alone(house: Running, sign_in: Callable[..., Opened]) -> None:
    house.place()
    page = sign_in().page
    for badge in page.locator(".badge").all():
        assert badge.inner_text().strip()
        assert badge.locator("svg").count() == 1
