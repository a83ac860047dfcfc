from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from backend.domain.order import Order, State, Wanted
from backend.services.ports import Line
from backend.web.headers import SecureHeaders
from bot.channels.web import elder_router, load_page_words, menu
from bot.dialogue.turn import Channel, Choice, Reply, Turn
from config.catalogue import load_catalogue
from tests.unit.web.conftest import NOW, Clock, text_of


@dataclass
class Answer:
    reply: Reply
    orders: tuple[Order, ...] = ()


@dataclass
class Script:
    """A conversation that says what the test wants, and remembers what it was told."""

    answer: Answer = field(default_factory=lambda: Answer(Reply(("好。", "您住在哪里？"))))
    turns: list[Turn] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    fault: Exception | None = None

    def handle(self, turn: Turn) -> Answer:
        if self.fault:
            raise self.fault
        self.turns.append(turn)
        self.lines += [
            Line(turn.now, "caller", turn.text or ""),
            Line(turn.now, "line", self.answer.reply.text),
        ]
        return self.answer

    def transcript(self, session: str) -> Sequence[Line]:
        return self.lines

    def orders_of(self, session: str) -> tuple[Order, ...]:
        return self.answer.orders


def order(number: str = "11240017", placed_at: datetime = NOW, **more: object) -> Order:
    values: dict[str, object] = {
        "number": number, "item": "meal", "beneficiary": "我妈", "beneficiary_name": None, "elder_id": None,
        "caller": "web:x", "wanted": Wanted(iso="2026-11-25T12:00"), "place": "裕民小区7号楼", "phone": "13909510012",
        "details": ("软和点",), "session": "s", "placed_at": placed_at, "state": State.ROUTED,
    }  # fmt: skip
    return Order(**(values | more))  # type: ignore[arg-type]


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def browser(script: Script, clock: Clock) -> TestClient:
    app = FastAPI()
    app.include_router(elder_router(script, load_catalogue(), clock))
    app.add_middleware(SecureHeaders)
    return TestClient(app)


def page_id(answer: Response) -> str:
    found = re.search(r'name="page" value="([\w-]+)"|data-page-id="([\w-]+)"', answer.text)
    assert found
    return found[1] or found[2]


def part(browser: TestClient, text: str, page: str = "p" * 20) -> Response:
    return browser.post("/say", data={"text": text, "page": page}, headers={"X-Part": "turn"})


def test_all_items_are_buttons_by_category_with_help_always_in_sight(browser: TestClient) -> None:
    page = browser.get("/")
    assert page.status_code == 200
    for item in load_catalogue().values():
        assert f"<span>{item.button}</span>" in page.text
    assert page.text.index("紧急求助") < page.text.index("找人工") < page.text.index("您要办什么")


def test_every_item_has_its_own_words_and_picture() -> None:
    words, groups = load_page_words(), menu(load_catalogue(), load_page_words())
    says = [button.says for _, buttons in groups for button in buttons]
    assert len(set(says)) == len(says) == len(load_catalogue())
    assert set(words["press"]) - {"default"} == set(load_catalogue())
    icons = TestClient(_only_files()).get("/elder/icons.svg").text
    for code in load_catalogue():
        assert f'id="{code}"' in icons


def _only_files() -> FastAPI:
    app = FastAPI()
    app.include_router(elder_router(Script(), load_catalogue()))
    return app


def test_pressing_a_button_says_it_for_the_person(browser: TestClient, script: Script) -> None:
    part(browser, "我要订饭")
    turn = script.turns[0]
    assert (turn.text, turn.channel, turn.now) == ("我要订饭", Channel.BUTTONS, NOW)
    assert turn.sender.startswith("web:")
    assert turn.session.startswith("web-")


def test_the_visitor_stays_the_same_over_turns_and_visits(browser: TestClient, script: Script) -> None:
    browser.get("/")
    part(browser, "一")
    part(browser, "二")
    assert script.turns[0].sender == script.turns[1].sender
    assert script.turns[0].session == script.turns[1].session
    stranger = TestClient(browser.app)
    part(stranger, "三")
    assert script.turns[2].sender != script.turns[0].sender


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(browser: TestClient) -> None:
    for cookie in browser.get("/").headers.get_list("set-cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie


def test_a_cookie_that_was_tampered_with_is_replaced(browser: TestClient, script: Script) -> None:
    browser.cookies.set("nx_visitor", "13909510012")  # somebody's number: too short for a visitor
    browser.cookies.set("nx_talk", "<script>")
    part(browser, "你好")
    assert "13909510012" not in script.turns[0].sender
    assert "<" not in script.turns[0].session


def test_a_double_click_is_one_message(browser: TestClient, script: Script) -> None:
    for text in ("对", "对", "不对"):
        part(browser, text)
    first, again, other = (turn.message_id for turn in script.turns)
    assert first == again
    assert first != other


def test_the_next_page_makes_new_messages(browser: TestClient, script: Script) -> None:
    answer = part(browser, "对")
    part(browser, "对", page_id(answer))
    assert script.turns[0].message_id != script.turns[1].message_id


def test_the_reply_is_shown_sentence_by_sentence_with_answers_to_press(
    browser: TestClient, script: Script
) -> None:
    script.answer = Answer(
        Reply(("给您送餐。", "对不对？"), choices=(Choice("对", "对的"), Choice("不对", "不对")))
    )
    answer = part(browser, "我要订饭")
    assert "<p>给您送餐。</p><p>对不对？</p>" in answer.text
    assert '<button name="text" value="对的">对</button>' in answer.text


def test_a_placed_order_is_shown_as_a_card(browser: TestClient, script: Script) -> None:
    script.answer = Answer(Reply(("好。",)), (order(),))
    read = text_of(part(browser, "对"))
    for said in (
        "助餐送餐",
        "我妈",
        "明天中午十二点",
        "裕民小区7号楼",
        "软和点",
        "13909510012",
        "1124 0017",
        "已经报给办事部门",
    ):
        assert said in read
    assert read.count("1124 0017") == 2  # in the talk, and in the list that stays


def test_an_older_order_stays_in_the_list_and_is_not_told_again(browser: TestClient, script: Script) -> None:
    script.answer = Answer(Reply(("好。",)), (order(placed_at=NOW - timedelta(minutes=5)),))
    assert text_of(part(browser, "还有")).count("1124 0017") == 1


def test_in_an_emergency_the_numbers_to_call_are_there(browser: TestClient, script: Script) -> None:
    script.answer = Answer(Reply(("马上打120。",), urgent=True, emergency=True))
    answer = part(browser, "救命")
    assert "urgent" in answer.text
    for number in ("120", "119", "110"):
        assert f'href="tel:{number}"' in answer.text
    assert "按错了，我没事" in answer.text


def test_without_scripts_the_whole_page_comes_back(browser: TestClient, script: Script) -> None:
    script.answer = Answer(Reply(("您住在哪里？",), choices=(Choice("不说", "不想说"),)), (order(),))
    answer = browser.post("/say", data={"text": "我要订饭", "page": page_id(browser.get("/"))})
    assert answer.text.startswith("<!doctype html>")
    assert "我要订饭" in answer.text
    assert answer.text.count("您住在哪里？") == 1
    assert '<button name="text" value="不想说">不说</button>' in answer.text
    assert "1124 0017" in text_of(answer)


def test_who_comes_back_sees_what_was_said(browser: TestClient, script: Script) -> None:
    script.lines = [Line(NOW, "caller", f"第{count}句") for count in range(50)]
    page = browser.get("/").text
    assert "第49句" in page
    assert "第9句" not in page  # only the newest forty
    assert (
        page.index("看看前面说过的话")
        < page.index("第43句")
        < page.index("</details>")
        < page.index("第44句")
    )


def test_what_was_said_can_not_become_markup(browser: TestClient, script: Script) -> None:
    evil = "<script>alert(1)</script>"
    script.lines = [Line(NOW, "caller", evil)]
    script.answer = Answer(
        Reply((evil,), choices=(Choice(evil, evil),)), (order(place=evil, beneficiary=evil),)
    )
    for answer in (browser.get("/"), part(browser, evil), browser.post("/say", data={"text": evil})):
        assert "<script>alert" not in answer.text


def test_a_fault_is_told_kindly_and_the_same_press_can_be_repeated(
    browser: TestClient, script: Script
) -> None:
    script.fault = RuntimeError("secret detail")
    answer = part(browser, "我要订饭")
    assert answer.status_code == 503
    assert "再点一次" in text_of(answer)
    assert "120" in text_of(answer)
    assert "secret" not in answer.text
    script.fault = None
    assert part(browser, "我要订饭").status_code == 200


def test_the_log_of_a_fault_has_no_personal_data(
    browser: TestClient, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    script.fault = RuntimeError("broken")
    part(browser, "我叫马秀兰，电话13909510012")
    assert "a turn of the web page failed" in caplog.text
    assert "马秀兰" not in caplog.text
    assert "13909510012" not in caplog.text


def test_silence_is_a_turn_too(browser: TestClient, script: Script) -> None:
    part(browser, "   ")
    assert script.turns[0].text is None


def test_a_hundred_thousand_characters_reach_the_conversation_and_more_is_refused_kindly(
    browser: TestClient, script: Script
) -> None:
    assert part(browser, "长" * 100_000).status_code == 200
    assert len(script.turns[0].text or "") == 100_000
    answer = part(browser, "长" * 400_000)
    assert answer.status_code == 413
    assert "最要紧" in text_of(answer)


@pytest.mark.parametrize(
    "body", [b"\xff\xfe\x00text=\x80", b"text=%00%ff%fe", b"=&=&&", b"text=%F0%9F%98%80%ED%A0%80"]
)
def test_bytes_that_are_no_text_do_no_harm(browser: TestClient, script: Script, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Part": "turn"}
    assert browser.post("/say", content=body, headers=headers).status_code == 200
    (script.turns[0].text or "").encode("utf-8")
    assert "\x00" not in (script.turns[0].text or "")


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://example.org"}])
def test_another_site_can_not_speak_for_a_visitor(
    browser: TestClient, script: Script, headers: dict[str, str]
) -> None:
    answer = browser.post("/say", data={"text": "我要订饭"}, headers=headers)
    assert answer.status_code == 403
    assert "再说一遍" in text_of(answer)
    assert not script.turns


def test_the_size_of_the_letters_is_kept(browser: TestClient) -> None:
    assert 'class="size-1"' in browser.get("/").text
    browser.post("/text-size", data={"size": "3"})
    assert 'class="size-3"' in browser.get("/").text
    browser.post("/text-size", data={"size": "99"})
    assert 'class="size-3"' in browser.get("/").text


def test_the_page_is_kept_in_no_cache_and_has_no_inline_script(browser: TestClient) -> None:
    answer = browser.get("/")
    assert answer.headers["cache-control"] == "no-store"
    assert "unsafe" not in answer.headers["content-security-policy"]
