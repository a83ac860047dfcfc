"""Services named one after another in a sentence."""

from __future__ import annotations

from datetime import datetime

import pytest

from nlu.clauses import listed, services_named
from nlu.parse import load_parser

NOW = datetime.fromisoformat("2026-11-24T09:30")


@pytest.mark.parametrize(
    ("text", "items"),
    [
        (
            "我有三个事，取药，擦窗子，还有养老金要刷脸",
            {"medical_escort", "cleaning", "pension_certification"},
        ),
        ("我要理发跟洗澡", {"nursing", "bath"}),
        ("两件事，洗澡和修灯", {"bath", "emergency_repair"}),
        ("先修灯，再打扫", {"emergency_repair", "cleaning"}),
        ("电费要交，残疾证也要办", {"utility_payment", "disability_certificate"}),
        ("给我妈订饭、保洁、助浴", {"meal", "cleaning", "bath"}),
        ("残疾证我有，没进项，想吃低保", {"social_assistance"}),
    ],
)
def test_each_service_of_a_list_is_heard_and_nothing_that_is_only_told(text: str, items: set[str]) -> None:
    assert set(load_parser().parse(text, now=NOW).names()) == items


def test_the_day_said_first_holds_for_the_rest() -> None:
    slots = load_parser().parse("明天上午打扫卫生，下午理发", now=NOW).slots
    days = [(one.label, str(one.value)[:10]) for one in slots if one.slot == "time"]
    assert days == [("cleaning", "2026-11-25"), ("nursing", "2026-11-25")]


def test_a_link_separates_only_between_two_services() -> None:
    assert listed("我妈和我爸要洗澡") == ()
    assert [services_named(part.text) for part in listed("打扫和理发")] == [{"cleaning"}, {"nursing"}]
