"""The parser on the committed model: never raises, never slow, uses what was asked."""

import time
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.parse import load_parser
from nlu.speech import MAX_LENGTH
from nlu.understanding import Expecting, Understanding

NOW = datetime(2026, 11, 24, 9, 30)


def parse(text: str, expecting: Expecting | None = None, alternatives: tuple[str, ...] = ()) -> Understanding:
    return load_parser().parse(text, expecting=expecting, alternatives=alternatives, now=NOW)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), st.sampled_from([None, *Expecting]))
def test_any_text_is_understood_as_something(text: str, expecting: Expecting | None) -> None:
    found = parse(text, expecting)
    assert found.labels
    assert all(0 <= one.confidence <= 1 for one in (*found.labels, *found.ranking))
    assert all(0 <= slot.start <= slot.end <= len(found.text) for slot in found.slots)
    assert all(found.text[slot.start : slot.end] == slot.text for slot in found.slots)


@pytest.mark.parametrize(
    "text", ["", " ", "。！？", "🤣🤣🤣", "\x00\x01", "\u202e", "…", "👴🏻🍚", "\ud800"], ids=ascii
)
def test_what_says_nothing_is_out_of_scope(text: str) -> None:
    assert parse(text).names() == ("out_of_scope",)


@pytest.mark.parametrize(
    "text",
    [
        "饭" * 100_000,
        "我要订饭，" * 20_000,
        "a" * 100_000,
        "a1" * 50_000,
        "\x00" * 100_000,
        "1" * 100_000,
        "明天" * 50_000,
    ],
)
def test_the_longest_input_takes_no_longer_than_50_ms(text: str) -> None:
    parse("送饭")
    took = []
    for _ in range(3):
        started = time.process_time()
        found = parse(text)
        took.append(time.process_time() - started)
    assert min(took) < 0.05
    assert len(found.text) <= MAX_LENGTH


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("给我妈订三份饭", {"meal"}),
        ("我要訂一份飯", {"meal"}),
        ("抵保咋办理，帮我申请一下", {"social_assistance"}),
        ("中午送份饭，再来个人给我爸洗个澡", {"meal", "bath"}),
        ("我摔倒了起不来", {"emergency"}),
        ("转人工", {"human"}),
    ],
)
def test_plain_requests_are_understood(text: str, labels: set[str]) -> None:
    assert set(parse(text).names()) == labels


@pytest.mark.parametrize(
    ("text", "expecting", "label"),
    [
        ("成", Expecting.CONFIRM, "affirm"),
        ("对着呢", Expecting.CONFIRM, "affirm"),
        ("明天上午九点", Expecting.TIME, "inform"),
        ("软和点的", Expecting.DETAIL, "inform"),
        ("水费", Expecting.DETAIL, "inform"),
        ("马建国", Expecting.NAME, "inform"),
        ("新华街三号楼", Expecting.PLACE, "inform"),
        ("我要订一份饭送到家里来", Expecting.DETAIL, "meal"),
        ("帮我交一下电费", Expecting.TIME, "utility_payment"),
    ],
)
def test_what_was_asked_decides_between_answer_and_request(
    text: str, expecting: Expecting, label: str
) -> None:
    assert parse(text, expecting).names() == (label,)


def test_other_readings_of_the_recogniser_help() -> None:
    heard = parse("抵宝", alternatives=("低保申请", "低保"))
    assert "social_assistance" in [one.label for one in heard.ranking]


def test_slots_belong_to_their_request() -> None:
    found = parse("明天中午给我送一份饭，后天下午再来人给我妈洗个澡")
    assert set(found.names()) == {"meal", "bath"}
    times = {slot.text: slot.label for slot in found.filled("time")}
    assert set(times.values()) == {"meal", "bath"}


def test_danger_comes_first_and_is_explained() -> None:
    found = parse("我胸口疼得厉害，喘不上气")
    assert found.names()[0] == "emergency"
    assert found.danger is not None
    assert found.danger.why
