"""Who is told what and when; letters of news in words."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest

from backend.domain.family import ALL_RIGHTS, Binding, Rights
from backend.domain.news import due_at, month_before, recipients, summary
from backend.domain.order import Order, State, Wanted
from bot.dialogue.flows.family import code_said, concerns, relation_in
from bot.dialogue.memory import Memory, Pending
from bot.news_words import words_of
from config.news import load_news

NIGHT, MORNING = time(21), time(8)
NOW = datetime(2026, 11, 23, 10, 0)


def order(caller: str = "13909510001", **changes: Any) -> Order:
    given: dict[str, Any] = {
        "number": "11230001", "item": "meal", "beneficiary": "self", "beneficiary_name": "王桂兰", "elder_id": 1,
        "caller": caller, "wanted": Wanted("2026-11-24T12:00"), "place": None, "phone": None, "details": (),
        "session": "s", "placed_at": NOW,
    }  # fmt: skip
    return Order(**given | changes)


def binding(sender: str, rights: Rights = ALL_RIGHTS) -> Binding:
    return Binding(1, 1, "王桂兰", sender, "女儿", rights, NOW, "spoken")


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 11, 23, 20, 59), datetime(2026, 11, 23, 20, 59)),
        (datetime(2026, 11, 23, 21, 0), datetime(2026, 11, 24, 8, 0)),
        (datetime(2026, 11, 23, 0, 30), datetime(2026, 11, 23, 8, 0)),
        (datetime(2026, 11, 23, 8, 0), datetime(2026, 11, 23, 8, 0)),
    ],
)
def test_quiet_hours_end_in_the_morning(now: datetime, due: datetime) -> None:
    assert due_at(now, NIGHT, MORNING) == due


def test_quiet_hours_may_lie_within_one_day() -> None:
    assert due_at(datetime(2026, 11, 23, 13, 0), time(12), time(14)) == datetime(2026, 11, 23, 14, 0)
    assert due_at(datetime(2026, 11, 23, 23, 0), time(12), time(14)) == datetime(2026, 11, 23, 23, 0)


def test_told_are_relatives_who_may_see_and_whoever_ordered_by_a_message() -> None:
    blind = binding("telegram:2", Rights(see=False))
    told = recipients(order("wechat:wx1:neighbour"), [binding("wechat:wx1:daughter"), blind])
    assert [(one.person, one.bound) for one in told] == [
        ("wechat:wx1:daughter", True),
        ("wechat:wx1:neighbour", False),
    ]
    assert recipients(order("13909510001"), []) == ()


def test_a_month_counts_the_orders_placed_in_it() -> None:
    first, end = month_before(date(2027, 1, 1))
    assert (first, end) == (date(2026, 12, 1), date(2027, 1, 1))
    of = [
        order(placed_at=datetime(2026, 12, day), state=state)
        for day, state in ((1, State.CLOSED), (31, State.CANCELLED), (15, State.ACCEPTED))
    ]
    numbers = summary([*of, order(placed_at=datetime(2026, 11, 30), state=State.DONE)], first, end)
    assert (numbers.done, numbers.open, numbers.cancelled) == (1, 1, 1)


FACTS: dict[str, Any] = {
    "item": "meal", "who": "王桂兰", "rating": None, "photos": 0,
    "worker": {"name": "李师傅", "phone": "13709510007"},
    "wanted": {"iso": "2026-11-24T12:00", "asap": False, "recurrence": None},
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(set(load_news().events.values())))
def test_every_kind_of_news_has_words_and_hides_the_workers_number(kind: str) -> None:
    said = words_of({"kind": kind, **FACTS, "rating": 5, "photos": 2}, NOW).text
    assert "王桂兰" in said
    assert "{" not in said
    assert "13709510007" not in said


def test_the_relay_number_is_told_instead_of_the_workers_own() -> None:
    facts = {"kind": "on_the_way", **FACTS}
    assert "09511234567" in words_of(facts, NOW, relay="09511234567").text
    assert "137****0007" in words_of(facts, NOW).text


def test_an_alert_says_what_is_the_matter_and_offers_the_answer() -> None:
    message = words_of({"kind": "alert", "who": "王桂兰", "why": "fall: 起不来", "place": "长城花园"}, NOW)
    assert "摔倒了" in message.text
    assert "长城花园" in message.text
    assert [choice.label for choice in message.choices] == ["我知道了，马上去"]
    assert message.urgent


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("绑定 123456", "123456"),
        ("绑定码是一二三四五六", "123456"),
        ("123 456", "123456"),
        ("我的门牌号是123456", None),
        ("1234567", None),
        ("给我妈订饭", None),
        (f"绑定 {'a' * 32}", "a" * 32),
    ],
)
def test_a_code_is_heard_where_one_was_meant(text: str, code: str | None) -> None:
    assert code_said(Memory(), text) == code


def test_six_digits_in_answer_to_another_question_are_no_code() -> None:
    assert code_said(Memory(asking="phone"), "123456") is None
    assert code_said(Memory(asking="phone", pending=Pending("bind_code")), "123456") == "123456"


@pytest.mark.parametrize(
    ("text", "relation"),
    [("我是她女儿", "女儿"), ("小闺女", "闺女"), ("侄子", "侄子"), ("干闺女的朋友", "朋友"), ("123", None)],
)
def test_what_somebody_is_to_the_elder_is_kept_in_the_word_of_records(
    text: str, relation: str | None
) -> None:
    assert relation_in(text) == relation


@pytest.mark.parametrize(
    "text",
    [
        "那个社保卡密码我忘了想叫人来给重新弄个密码", "别给我老伴订饭了", "儿子不让我看电视",
        "别让我妈看病了", "给我妈伤口绑上纱布", "不要给我订了", "我的手机号码是139",
    ],
)  # fmt: skip
def test_other_talk_is_not_taken_for_binding(text: str) -> None:
    assert not concerns(Memory(), text)


@pytest.mark.parametrize(
    "text", ["别让我侄子看了", "不要让我闺女知道了", "给我一个绑定码", "我要绑定我妈", "解绑"]
)
def test_talk_of_binding_is_recognised(text: str) -> None:
    assert concerns(Memory(), text)
