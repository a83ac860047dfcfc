from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.order import Move, State
from backend.domain.payload import NEEDS
from backend.domain.queue import TaskKind
from backend.domain.staff import Role
from backend.services.late_orders import steps_that_report
from backend.web.pages import told_parts
from backend.web.present import ago, is_phone, mask_phone, moment, wanted_time
from backend.web.queue import STATES_OF
from backend.web.words import WordError, Words, load_words
from config.lexicon import load
from config.sla import load_sla
from tests.unit.web.conftest import NOW

WORDS = load_words()
NOT_IN_FORMS = {"why", "overridden", "told", "items_done"}  # made by the system, or by other programs only


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13812345678", "138****5678"), ("+8613812345678", "86138****5678"), ("09514123456", "095****3456"),
        ("4123456", "****456"), ("120", ""), ("", ""), (None, ""), ("web:abc", ""),
    ],
)  # fmt: skip
def test_a_masked_number_shows_its_ends_only(phone: str | None, shown: str) -> None:
    assert mask_phone(phone) == shown


@pytest.mark.parametrize(
    ("sender", "phone"),
    [("13812345678", True), ("+8613812345678", True), ("web:abc", False), ("", False), (None, False)],
)
def test_only_a_number_can_be_called_back(sender: str | None, phone: bool) -> None:
    assert is_phone(sender) is phone


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=-30), "刚刚"), (timedelta(seconds=59), "刚刚"), (timedelta(minutes=1), "1 分钟前"),
        (timedelta(minutes=59, seconds=59), "59 分钟前"), (timedelta(hours=3), "3 小时前"),
        (timedelta(hours=13), "昨天 21:00"), (timedelta(days=3), "11月21日 10:00"), (timedelta(days=400), "2025年10月20日 10:00"),
    ],
)  # fmt: skip
def test_how_long_ago_is_said_the_way_people_say_it(passed: timedelta, said: str) -> None:
    assert ago(NOW - passed, NOW, WORDS) == said


def test_a_moment_of_today_has_its_clock_time() -> None:
    assert moment(datetime(2026, 11, 24, 9, 5), NOW, WORDS) == "今天 09:05"


@pytest.mark.parametrize(
    ("iso", "asap", "rule", "said"),
    [
        (None, True, None, "尽快"),
        (None, False, None, "时间不限"),
        ("2026-11-24", False, None, "今天 11月24日"),
        ("2026-11-27", False, None, "11月27日 周五"),
        ("2026-11-25T09:30", False, None, "明天 11月25日 09:30"),
        ("2026-11-25T14:00/2026-11-25T18:00", False, None, "明天 11月25日 14:00–18:00"),
        ("2026-11-25/2026-11-27", False, None, "明天 11月25日 到 11月27日 周五"),
        ("2026-11-25T12:00", False, "FREQ=DAILY", "每天，明天 11月25日 12:00 起"),
        ("2026-11-25", False, "FREQ=DAILY;INTERVAL=2", "每 2 天，明天 11月25日 起"),
        ("2026-11-25", False, "FREQ=WEEKLY;BYDAY=MO,WE", "每周一三，明天 11月25日 起"),
        ("2026-11-25", False, "FREQ=WEEKLY;INTERVAL=2", "每 2 周，明天 11月25日 起"),
        ("2026-11-25", False, "FREQ=MONTHLY", "每月，明天 11月25日 起"),
        ("2026-11-25", False, "FREQ=HOURLY", "定期，明天 11月25日 起"),
    ],
)
def test_wanted_times_read_at_a_glance(iso: str | None, asap: bool, rule: str | None, said: str) -> None:
    assert wanted_time(iso, asap, rule, NOW, WORDS) == said


@pytest.mark.parametrize("iso", ["2026-W48T12:00", "20261125T1200", "垃圾", "2026-99-99", "/", "0" * 300])
def test_a_time_that_can_not_be_read_stands_as_it_is(iso: str) -> None:
    assert wanted_time(iso, False, "FREQ=DAILY", NOW, WORDS) == f"时间写法有误（{iso[:40]}）"


@given(
    st.none() | st.text(max_size=40) | st.from_regex(r"\d{4}-\d\d-\d\d(T\d\d:\d\d)?(/\d{4}-\d\d-\d\d)?", fullmatch=True),
    st.none() | st.text(max_size=40) | st.sampled_from(["FREQ=WEEKLY;INTERVAL=²", "FREQ=WEEKLY;BYDAY=XX,", "=;=", "FREQ=DAILY;UNTIL=1"]),
)  # fmt: skip
def test_no_row_takes_a_page(iso: str | None, rule: str | None) -> None:
    assert wanted_time(iso, False, rule, NOW, WORDS)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("马丽 女儿 13909510013", ("马丽 女儿", "13909510013")),
        ("周大姐 邻居 +86 139 0951 0014", ("周大姐 邻居", "+8613909510014")),
        ("没有号码的人", ("没有号码的人", "")),
    ],
)
def test_the_number_in_a_contact_can_be_called(text: str, parts: tuple[str, str]) -> None:
    assert told_parts(text) == parts


def test_every_state_move_role_and_kind_has_words() -> None:
    for group, members in (
        ("states", State),
        ("moves", Move),
        ("moved", Move),
        ("roles", Role),
        ("task_kinds", TaskKind),
        ("done", Move),
    ):
        for member in members:
            assert WORDS(f"{group}.{member}", department="x")
    assert set(WORDS.group("state_filters")) <= set(STATES_OF)


def test_every_level_step_and_field_of_a_move_has_words() -> None:
    assert set(load_sla().levels) <= set(WORDS.group("levels"))
    for step in steps_that_report():
        assert WORDS(f"whys.late_{step}")
    for needs in NEEDS.values():
        for field in (*needs.required, *needs.optional, *needs.any_of):
            assert field in WORDS.group("problems.fields") or field in NOT_IN_FORMS


def test_every_kind_of_danger_has_words() -> None:
    kinds = set(load("danger")["kinds"])
    assert kinds
    assert kinds <= set(WORDS.group("whys"))


def test_a_missing_word_or_value_is_an_error_that_names_it() -> None:
    words = Words({"a": {"b": "{name}好"}})
    assert words("a.b", name="您") == "您好"
    for key, values in (("a.c", {}), ("x", {}), ("a.b", {})):
        with pytest.raises(WordError):
            words(key, **values)
